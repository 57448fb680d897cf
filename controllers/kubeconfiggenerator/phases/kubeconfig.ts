import {
  issueKubeconfig,
  kubeconfigReissue,
  kubeconfigRenewalTime,
  type KubeconfigReissue,
  parseKubeconfig,
} from '#bootstrap/kubeconfig.ts';
import { BootstrapError } from '#bootstrap/errors.ts';
import { CERTIFICATE_VALIDITY_MS } from '#pki/authority.ts';
import { PkiError } from '#pki/errors.ts';
import type { KeyAlgorithm } from '#pki/key.ts';
import type { Problem } from '../finding.ts';
import type { Wish } from '../plan.ts';
import { rotationRequested, secretText, storedKubeconfig } from '../secret.ts';

export interface GrantingOptions {
  readonly now: Date;
  /** Renew when less than this is left. */
  readonly renewBeforeMs: number;
  readonly algorithm: KeyAlgorithm;
}

/** A kubeconfig that serves, and what came of looking. */
export interface Grant {
  readonly text: string;
  readonly renewAt: Date;
  readonly reissue: KubeconfigReissue | undefined;
  /** RFC 3339 time of a rotation that had been asked for. */
  readonly rotatedAt?: string;
}

/**
 * Grants a wish from what its Secret holds, or by a new key and certificate where that does not serve: cluster and server
 * as in the tenant's own kubeconfig, signed by its CA, user and context called like the generator, as upstream does.
 */
export async function grant(wish: Wish, { now, renewBeforeMs, algorithm }: GrantingOptions): Promise<Grant | Problem> {
  const { authority, adminKubeconfig, endpointKey, subject } = wish;
  const pair = {
    certificatePem: secretText(authority, 'ca.crt') ?? secretText(authority, 'tls.crt') ?? '',
    privateKeyPem: secretText(authority, 'ca.key') ?? secretText(authority, 'tls.key') ?? '',
  };
  const rotateRequested = rotationRequested(wish.live);
  const stored = storedKubeconfig(wish.live);
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
    const reissue = kubeconfigReissue(stored, request, { now, renewBeforeMs, rotateRequested });
    const text =
      reissue === undefined && stored !== undefined
        ? stored
        : await issueKubeconfig(request, { now, algorithm, renewBeforeMs });
    return {
      text,
      reissue,
      renewAt: kubeconfigRenewalTime(text, renewBeforeMs),
      ...(rotateRequested ? { rotatedAt: now.toISOString() } : {}),
    };
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
