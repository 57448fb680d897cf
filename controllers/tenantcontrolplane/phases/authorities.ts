import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { CLUSTER_SECRET_TYPE, labels } from '#api/labels.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { createAuthority } from '#pki/authority.ts';
import { AUTHORITIES } from '#pki/control-plane.ts';
import { PkiError } from '#pki/errors.ts';
import type { KeyAlgorithm } from '#pki/key.ts';
import { generateKeyPair } from '#pki/key.ts';
import type { Reissue } from '#pki/policies.ts';
import { authorityReissue, keyPairReissue } from '#pki/policies.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import type { SecretDraft } from '../secrets.ts';
import { rotationRequested, secretText } from '../secrets.ts';

/** What every other certificate of a control plane stands on. */
export interface Authorities {
  readonly ca: CertificatePair;
  readonly frontProxyCa: CertificatePair;
  readonly serviceAccount: { readonly privateKeyPem: string; readonly publicKeyPem: string };
  readonly drafts: readonly SecretDraft[];
  /** What was made anew in this pass, by Secret. */
  readonly reissued: readonly { readonly secretName: string; readonly reissue: Reissue }[];
}

export interface AuthoritiesInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly names: NamesOfControlPlane;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly now: Date;
  readonly renewBeforeMs: number;
  readonly algorithm: KeyAlgorithm;
}

/**
 * The two certificate authorities and the service-account keys: taken from their Secrets when those serve, made anew
 * when not. A CA Secret that the user put there beforehand, in Kamaji's or Cluster API's keys, is taken as it is;
 * PkiError `AuthorityUnusable` when that is no certificate authority.
 */
export async function planAuthorities(input: AuthoritiesInput): Promise<Authorities> {
  const [ca, frontProxyCa, serviceAccount] = await Promise.all([
    clusterAuthority(input),
    frontProxyAuthority(input),
    serviceAccountKeys(input),
  ]);
  const parts = [ca, frontProxyCa, serviceAccount];
  return {
    ca: ca.pair,
    frontProxyCa: frontProxyCa.pair,
    serviceAccount: serviceAccount.pair,
    drafts: parts.map((part) => part.draft),
    reissued: parts.flatMap(({ draft, reissue }) =>
      reissue === undefined ? [] : [{ secretName: draft.name, reissue }],
    ),
  };
}

interface Part<P> {
  readonly pair: P;
  readonly draft: SecretDraft;
  readonly reissue: Reissue | undefined;
}

async function clusterAuthority(input: AuthoritiesInput): Promise<Part<CertificatePair>> {
  const secret = input.secrets.get(input.names.ca);
  const stored = {
    certificatePem: secretText(secret, 'ca.crt') ?? secretText(secret, 'tls.crt'),
    privateKeyPem: secretText(secret, 'ca.key') ?? secretText(secret, 'tls.key'),
  };
  const { pair, reissue, rotatedAt } = await authority(input, secret, stored, AUTHORITIES.ca.commonName);
  const clusterName = input.tenantControlPlane.metadata.labels?.[labels.clusterName];
  return {
    pair,
    reissue,
    draft: {
      name: input.names.ca,
      component: 'ca',
      // Under a Cluster of the same name this Secret is Cluster API's `<cluster>-ca` as well (contract: cluster certificates).
      ...(clusterName === undefined
        ? {}
        : { type: CLUSTER_SECRET_TYPE, labels: { [labels.clusterName]: clusterName } }),
      data: {
        'ca.crt': pair.certificatePem,
        'ca.key': pair.privateKeyPem,
        'tls.crt': pair.certificatePem,
        'tls.key': pair.privateKeyPem,
      },
      ...rotatedAt,
    },
  };
}

async function frontProxyAuthority(input: AuthoritiesInput): Promise<Part<CertificatePair>> {
  const secret = input.secrets.get(input.names.frontProxyCa);
  const stored = {
    certificatePem: secretText(secret, 'front-proxy-ca.crt'),
    privateKeyPem: secretText(secret, 'front-proxy-ca.key'),
  };
  const commonName = AUTHORITIES['front-proxy-ca'].commonName;
  const { pair, reissue, rotatedAt } = await authority(input, secret, stored, commonName);
  return {
    pair,
    reissue,
    draft: {
      name: input.names.frontProxyCa,
      component: 'front-proxy-ca-certificate',
      data: { 'front-proxy-ca.crt': pair.certificatePem, 'front-proxy-ca.key': pair.privateKeyPem },
      ...rotatedAt,
    },
  };
}

async function authority(
  input: AuthoritiesInput,
  secret: Secret | undefined,
  stored: { readonly certificatePem: string | undefined; readonly privateKeyPem: string | undefined },
  commonName: string,
): Promise<{ pair: CertificatePair; reissue: Reissue | undefined; rotatedAt: { rotatedAt?: string } }> {
  const { now, renewBeforeMs, algorithm } = input;
  const rotateRequested = rotationRequested(secret);
  const reissue = authorityReissue({ stored, now, renewBeforeMs, rotateRequested });
  const { certificatePem, privateKeyPem } = stored;
  // Somebody else's Secret is used as it is or not at all: replacing what it holds would destroy it.
  if (secret !== undefined && secret.metadata?.labels?.[labels.project] === undefined) {
    if (certificatePem === undefined || privateKeyPem === undefined) {
      throw new PkiError('AuthorityUnusable', 'it lacks the certificate or the private key');
    }
    if (reissue !== undefined && reissue.reason !== 'Expiring')
      throw new PkiError('AuthorityUnusable', reissue.message);
    return { pair: { certificatePem, privateKeyPem }, reissue: undefined, rotatedAt: {} };
  }
  if (reissue === undefined && certificatePem !== undefined && privateKeyPem !== undefined) {
    return { pair: { certificatePem, privateKeyPem }, reissue, rotatedAt: {} };
  }
  const pair = await createAuthority({ commonName, algorithm, now });
  return { pair, reissue, rotatedAt: rotateRequested ? { rotatedAt: now.toISOString() } : {} };
}

// RSA whatever the other keys are: some federations accept tokens signed with RS256 only.
async function serviceAccountKeys(input: AuthoritiesInput): Promise<Part<Authorities['serviceAccount']>> {
  const secret = input.secrets.get(input.names.serviceAccount);
  const privateKeyPem = secretText(secret, 'sa.key');
  const publicKeyPem = secretText(secret, 'sa.pub');
  const rotateRequested = rotationRequested(secret);
  const reissue = keyPairReissue({ stored: { privateKeyPem, publicKeyPem }, rotateRequested });
  const pair =
    reissue === undefined && privateKeyPem !== undefined && publicKeyPem !== undefined
      ? { privateKeyPem, publicKeyPem }
      : await generateKeyPair('RSA-2048');
  return {
    pair,
    reissue,
    draft: {
      name: input.names.serviceAccount,
      component: 'sa-certificate',
      data: { 'sa.pub': pair.publicKeyPem, 'sa.key': pair.privateKeyPem },
      ...(rotateRequested ? { rotatedAt: input.now.toISOString() } : {}),
    },
  };
}
