import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';

/** A certificate and its private key, PEM. */
export interface CertificatePair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Under which names the API server calls us. */
export interface ServerNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** Who makes certificates; given from outside, since this room makes none. */
export interface Issuer {
  /** A new authority, valid for `validityMs` from now on. */
  createAuthority(validityMs: number, now: Date): Promise<CertificatePair>;
  /** A serving certificate that `authority` signs; its certificate may be a bundle. */
  issue(authority: CertificatePair, names: ServerNames, validityMs: number, now: Date): Promise<CertificatePair>;
}

/** What the Secret holds. */
export interface ServingMaterial {
  /** Authorities that API servers are to trust, the newest first. */
  readonly bundlePem: string;
  /** Key of the newest authority. */
  readonly authorityKeyPem: string;
  readonly serving: CertificatePair;
}

export interface PlanInput {
  /** As the Secret has it now; undefined when there is none. */
  readonly present: ServingMaterial | undefined;
  readonly names: ServerNames;
  readonly now: Date;
  readonly issuer: Issuer;
}

const DAY_MS = 24 * 3_600_000;

// An authority is replaced while it still outlives any certificate that it has signed.
const AUTHORITY = { validityMs: 730 * DAY_MS, renewBeforeMs: 240 * DAY_MS };
const SERVING = { validityMs: 90 * DAY_MS, renewBeforeMs: 30 * DAY_MS };

/**
 * How old an authority is, or a serving certificate, before others count on everybody's knowing it: API servers have taken
 * the new bundle into use, replicas the new certificate.
 */
const SETTLED_MS = 3_600_000;

/**
 * What the Secret should hold now, and when to look again. Each step leaves certificates that all API servers trust: a new
 * authority first joins the bundle, signs the serving certificate only when that is settled, and only when that is settled in
 * its turn the old authority leaves. Certificates that cannot be used are replaced at once. Pure but for the issuer.
 */
export async function planServing(input: PlanInput): Promise<{ material: ServingMaterial; dueAt: Date }> {
  const { now } = input;
  const rooted = usable(input.present, now) ?? (await withNewAuthority(undefined, input));
  const isEnding = msLeft(authorityOf(rooted), now) < AUTHORITY.renewBeforeMs;
  const renewed = isEnding ? await withNewAuthority(rooted, input) : rooted;
  const material = withoutOldAuthorities(await withServing(renewed, input), now);
  return { material, dueAt: dueAt(material, now) };
}

/** The material, unless it cannot be gone on from. */
function usable(material: ServingMaterial | undefined, now: Date): ServingMaterial | undefined {
  if (material === undefined) return undefined;
  try {
    return msLeft(authorityOf(material), now) > 0 ? material : undefined;
  } catch {
    return undefined;
  }
}

async function withNewAuthority(material: ServingMaterial | undefined, { now, issuer }: PlanInput) {
  const authority = await issuer.createAuthority(AUTHORITY.validityMs, now);
  return {
    bundlePem: authority.certificatePem + (material?.bundlePem ?? ''),
    authorityKeyPem: authority.privateKeyPem,
    serving: material?.serving ?? { certificatePem: '', privateKeyPem: '' },
  };
}

async function withServing(material: ServingMaterial, { names, now, issuer }: PlanInput): Promise<ServingMaterial> {
  const authority = authorityOf(material);
  const leaf = acceptedLeaf(material, names, now);
  if (leaf !== undefined) {
    const isFresh = msLeft(leaf, now) >= SERVING.renewBeforeMs && leaf.verify(authority.publicKey);
    if (isFresh || ageMs(authority, now) < SETTLED_MS) return material;
  }
  const pair = { certificatePem: authority.toString(), privateKeyPem: material.authorityKeyPem };
  return { ...material, serving: await issuer.issue(pair, names, SERVING.validityMs, now) };
}

function withoutOldAuthorities(material: ServingMaterial, now: Date): ServingMaterial {
  const authority = authorityOf(material);
  const leaf = parse(material.serving.certificatePem);
  const isReplaced = leaf.verify(authority.publicKey) && ageMs(leaf, now) >= SETTLED_MS;
  const kept = authoritiesOf(material).filter(
    (one) => one.fingerprint256 === authority.fingerprint256 || (msLeft(one, now) > 0 && !isReplaced),
  );
  return { ...material, bundlePem: kept.map(String).join('') };
}

/** The serving certificate if API servers accept it. */
function acceptedLeaf(material: ServingMaterial, names: ServerNames, now: Date): X509Certificate | undefined {
  try {
    const leaf = parse(material.serving.certificatePem);
    const isAccepted =
      leaf.checkPrivateKey(createPrivateKey(material.serving.privateKeyPem)) &&
      msLeft(leaf, now) > 0 &&
      authoritiesOf(material).some((authority) => leaf.verify(authority.publicKey)) &&
      names.dnsNames.every((name) => leaf.checkHost(name) !== undefined) &&
      names.ipAddresses.every((address) => leaf.checkIP(address) !== undefined);
    return isAccepted ? leaf : undefined;
  } catch {
    return undefined;
  }
}

function dueAt(material: ServingMaterial, now: Date): Date {
  const authority = authorityOf(material);
  const leaf = parse(material.serving.certificatePem);
  const isSigned = leaf.verify(authority.publicKey);
  const times = [
    Date.parse(authority.validTo) - AUTHORITY.renewBeforeMs,
    Date.parse(leaf.validTo) - SERVING.renewBeforeMs,
    ...(isSigned ? [] : [Date.parse(authority.validFrom) + SETTLED_MS]),
    ...(isSigned && authoritiesOf(material).length > 1 ? [Date.parse(leaf.validFrom) + SETTLED_MS] : []),
  ];
  return new Date(Math.max(Math.min(...times), now.getTime() + 60_000));
}

/** The authority that the key belongs to. */
function authorityOf(material: ServingMaterial): X509Certificate {
  const publicKey = createPublicKey(material.authorityKeyPem);
  const authority = authoritiesOf(material).find((one) => one.publicKey.equals(publicKey));
  if (authority === undefined) throw new TypeError('the key of the authority belongs to none of the bundle');
  return authority;
}

function authoritiesOf({ bundlePem }: ServingMaterial): readonly X509Certificate[] {
  const blocks = bundlePem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/gu) ?? [];
  return blocks.map(parse);
}

function parse(pem: string): X509Certificate {
  return new X509Certificate(pem);
}

function msLeft(certificate: X509Certificate, now: Date): number {
  return Date.parse(certificate.validTo) - now.getTime();
}

function ageMs(certificate: X509Certificate, now: Date): number {
  return now.getTime() - Date.parse(certificate.validFrom);
}
