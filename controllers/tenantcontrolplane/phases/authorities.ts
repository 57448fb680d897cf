import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { CLUSTER_SECRET_TYPE, labels } from '#api/labels.ts';
import { rotationRequested } from '#api/rotation.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { createAuthority, openAuthority, signerPem } from '#pki/authority.ts';
import { AUTHORITIES } from '#pki/control-plane.ts';
import { PkiError } from '#pki/errors.ts';
import { parseCertificates } from '#pki/inspect.ts';
import type { KeyAlgorithm, KeyGenerator } from '#pki/key.ts';
import { generateKeyPair } from '#pki/key.ts';
import type { Reissue } from '#pki/policies.ts';
import { authorityReissue, keyPairReissue } from '#pki/policies.ts';
import { SIGNER_KEY } from '#controlplane/controller-manager.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import type { Step } from '../finding.ts';
import { belonging, foreignController } from '../ownership.ts';
import type { Reissued, SecretDraft } from '../secrets.ts';
import { isOfUser } from '../secrets.ts';
import type { StoredAuthority } from './stored-authority.ts';
import { storedClusterAuthority } from './stored-authority.ts';
import { certificatesFailure, certificatesRefused, REPLACE } from './certificates-ready.ts';

/** What every other certificate of a control plane stands on. */
export interface Authorities {
  readonly ca: CertificatePair;
  readonly frontProxyCa: CertificatePair;
  readonly serviceAccount: { readonly privateKeyPem: string; readonly publicKeyPem: string };
  readonly drafts: readonly SecretDraft[];
  readonly reissued: readonly Reissued[];
  /** Those of the user that end soon, which only the user can replace. */
  readonly ending: readonly { readonly secretName: string; readonly at: Date }[];
}

export interface AuthoritiesInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly names: NamesOfControlPlane;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly now: Date;
  readonly renewBeforeMs: number;
  readonly algorithm: KeyAlgorithm;
  /** Makes the service-account keys. Default: `generateKeyPair`. */
  readonly generateKeyPair?: KeyGenerator;
}

/**
 * The two certificate authorities and the service-account keys: taken from their Secrets when those serve, made anew
 * when not. A Secret that the user put there beforehand, that of the CA in Kamaji's or Cluster API's keys, is taken as it
 * is or refused, and never replaced unless the user asks for that.
 */
export async function planAuthorities(input: AuthoritiesInput): Promise<Step<Authorities, 'CertificatesReady'>> {
  const { names, secrets, tenantControlPlane } = input;
  for (const name of [names.ca, names.frontProxyCa, names.serviceAccount]) {
    const foreign = foreignController(secrets.get(name), tenantControlPlane);
    if (foreign === undefined) continue;
    const whose = belonging(foreign, tenantControlPlane);
    return certificatesRefused(
      'ForeignObject',
      `Secret ${name} ${whose}: delete it, so that this control plane's can take its place`,
    );
  }
  try {
    return { value: await takeOrMake(input) };
  } catch (error) {
    return certificatesFailure(error);
  }
}

async function takeOrMake(input: AuthoritiesInput): Promise<Authorities> {
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
      reissue === undefined ? [] : [{ secretName: draft.name, ...reissue }],
    ),
    ending: [ca, frontProxyCa].flatMap(({ draft, endsAt }) =>
      endsAt === undefined ? [] : [{ secretName: draft.name, at: endsAt }],
    ),
  };
}

interface Part<P> {
  readonly pair: P;
  readonly draft: SecretDraft;
  readonly reissue: Reissue | undefined;
  /** Where the user has to replace it by then. */
  readonly endsAt?: Date;
}

async function clusterAuthority(input: AuthoritiesInput): Promise<Part<CertificatePair>> {
  const secret = input.secrets.get(input.names.ca);
  const stored = storedClusterAuthority(secret);
  const { marks, ...taken } = await authority(input, secret, stored, AUTHORITIES.ca.commonName);
  const { pair } = taken;
  const clusterName = input.tenantControlPlane.metadata.labels?.[labels.clusterName];
  return {
    ...taken,
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
        ...(parseCertificates(pair.certificatePem).length > 1 ? { [SIGNER_KEY]: signerPem(pair) } : {}),
      },
      ...marks,
    },
  };
}

async function frontProxyAuthority(input: AuthoritiesInput): Promise<Part<CertificatePair>> {
  const secret = input.secrets.get(input.names.frontProxyCa);
  const stored = {
    certificatePem: secretText(secret, 'front-proxy-ca.crt'),
    privateKeyPem: secretText(secret, 'front-proxy-ca.key'),
    exchanged: false,
  };
  const commonName = AUTHORITIES['front-proxy-ca'].commonName;
  const { marks, ...taken } = await authority(input, secret, stored, commonName);
  const { pair } = taken;
  return {
    ...taken,
    draft: {
      name: input.names.frontProxyCa,
      component: 'front-proxy-ca-certificate',
      data: { 'front-proxy-ca.crt': pair.certificatePem, 'front-proxy-ca.key': pair.privateKeyPem },
      ...marks,
    },
  };
}

interface Taken<P> {
  readonly pair: P;
  readonly reissue: Reissue | undefined;
  /** What is to be known of the pair in its Secret from now on. */
  readonly marks: Pick<SecretDraft, 'ofUser' | 'rotatedAt'>;
  readonly endsAt?: Date;
}

async function authority(
  input: AuthoritiesInput,
  secret: Secret | undefined,
  stored: StoredAuthority,
  commonName: string,
): Promise<Taken<CertificatePair>> {
  const { now, renewBeforeMs, algorithm } = input;
  const reissue = authorityReissue({ stored, now, renewBeforeMs, rotateRequested: rotationRequested(secret) });
  const { certificatePem, privateKeyPem } = stored;
  const make = () => createAuthority({ commonName, algorithm, now });
  if (certificatePem === undefined || privateKeyPem === undefined) {
    return take({ secret, ofUser: isOfUser(secret), serving: undefined, reissue, now, make });
  }
  const ofUser = stored.exchanged || isOfUser(secret);
  const pair = { certificatePem, privateKeyPem };
  if (reissue?.reason !== 'Expiring' || !ofUser) {
    return take({ secret, ofUser, serving: reissue === undefined ? pair : undefined, reissue, now, make });
  }
  // To replace an authority of the user is the user's decision: until its end it serves.
  const endsAt = new Date(openAuthority(pair).certificate.validTo);
  if (endsAt.getTime() <= now.getTime()) {
    throw new PkiError('AuthorityExpired', `Secret ${secret?.metadata?.name ?? ''}: ${reissue.message}: ${REPLACE}`);
  }
  const taken = await take({ secret, ofUser, serving: pair, reissue, now, make });
  return { ...taken, endsAt };
}

// RSA whatever the other keys are: some federations accept tokens signed with RS256 only.
async function serviceAccountKeys(input: AuthoritiesInput): Promise<Part<Authorities['serviceAccount']>> {
  const secret = input.secrets.get(input.names.serviceAccount);
  const privateKeyPem = secretText(secret, 'sa.key');
  const publicKeyPem = secretText(secret, 'sa.pub');
  const reissue = keyPairReissue({
    stored: { privateKeyPem, publicKeyPem },
    rotateRequested: rotationRequested(secret),
  });
  const serving =
    reissue !== undefined || privateKeyPem === undefined || publicKeyPem === undefined
      ? undefined
      : { privateKeyPem, publicKeyPem };
  const make = () => (input.generateKeyPair ?? generateKeyPair)('RSA-2048');
  const { pair, marks, ...taken } = await take({
    secret,
    ofUser: isOfUser(secret),
    serving,
    reissue,
    now: input.now,
    make,
  });
  return {
    pair,
    reissue: taken.reissue,
    draft: {
      name: input.names.serviceAccount,
      component: 'sa-certificate',
      data: { 'sa.pub': pair.publicKeyPem, 'sa.key': pair.privateKeyPem },
      ...marks,
    },
  };
}

// Somebody else's Secret is used as it is or not at all: replacing what it holds would destroy it.
async function take<P>(from: {
  readonly secret: Secret | undefined;
  readonly ofUser: boolean;
  readonly serving: P | undefined;
  readonly reissue: Reissue | undefined;
  readonly now: Date;
  readonly make: () => Promise<P>;
}): Promise<Taken<P>> {
  const { secret, ofUser, serving, reissue, now, make } = from;
  if (serving !== undefined) return { pair: serving, reissue: undefined, marks: ofUser ? { ofUser } : {} };
  const asked = rotationRequested(secret);
  if (ofUser && !asked) {
    const why =
      reissue === undefined || reissue.reason === 'Missing' ? 'it lacks a key or certificate' : reissue.message;
    throw new PkiError(
      'AuthorityUnusable',
      `Secret ${secret?.metadata?.name ?? ''} cannot be used: ${why}: correct it, or delete it to have one made`,
    );
  }
  return { pair: await make(), reissue, marks: asked ? { rotatedAt: now.toISOString() } : {} };
}
