import { rotationRequested } from '#api/rotation.ts';
import type { ObtainedKubeconfig, ObtainingOptions } from '#bootstrap/kubeconfig.ts';
import { obtainKubeconfig, parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { BootstrapError } from '#bootstrap/errors.ts';
import { CERTIFICATE_VALIDITY_MS } from '#pki/authority.ts';
import { PkiError } from '#pki/errors.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import type { Problem } from '../finding.ts';
import type { Wish } from '../plan.ts';
import { storedKubeconfig } from '../secret.ts';

/**
 * Grants a wish from what its Secret holds, or by a new key and certificate where that does not serve: cluster and server
 * as in the tenant's own kubeconfig, signed by its CA, user and context called like the generator, as upstream does.
 */
export async function grant(wish: Wish, options: ObtainingOptions): Promise<ObtainedKubeconfig | Problem> {
  const { authority, adminKubeconfig, endpointKey, subject } = wish;
  const pair = {
    certificatePem: secretText(authority, 'ca.crt') ?? secretText(authority, 'tls.crt') ?? '',
    privateKeyPem: secretText(authority, 'ca.key') ?? secretText(authority, 'tls.key') ?? '',
  };
  try {
    const template = parseKubeconfig(secretText(adminKubeconfig, endpointKey) ?? '');
    const request = {
      server: template.server,
      clusterName: template.clusterName,
      authority: pair,
      certificate: {
        subject: { commonName: subject.user, organizations: subject.groups },
        usages: ['clientAuth'],
        validityMs: CERTIFICATE_VALIDITY_MS,
      },
      name: wish.generator,
    } as const;
    const wanted = { stored: storedKubeconfig(wish.live), request, rotateRequested: rotationRequested(wish.live) };
    return await obtainKubeconfig(wanted, options);
  } catch (error) {
    if (error instanceof PkiError) {
      const message = `Secret ${authority.metadata?.name ?? ''} is no certificate authority to sign with: ${error.message}`;
      return { reason: 'AuthorityUnusable', message };
    }
    if (error instanceof BootstrapError) {
      const message = `key ${endpointKey} of Secret ${adminKubeconfig.metadata?.name ?? ''} is no kubeconfig: ${error.message}`;
      return { reason: 'EndpointNotFound', message };
    }
    throw error;
  }
}
