import type { KeyObject, X509Certificate } from 'node:crypto';
import type { CertificatePair, CertificateRequest } from './authority.ts';
import { isIssuedBy, openAuthority } from './authority.ts';
import { PkiError } from './errors.ts';
import { describeCertificate, parseCertificate, parseCertificates } from './inspect.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import type { CertificateDescription } from './inspect.ts';
import { parsePrivateKey, parsePublicKey, samePublicKey } from './key.ts';
import { GoodUntilDue, Remembered } from './remembered.ts';

/** Why something stored must be made again; a closed list, fit for a condition's or Event's reason. */
export type ReissueReason =
  | 'Missing'
  | 'Unparsable'
  | 'KeyMismatch'
  | 'RotationRequested'
  | 'NotAuthority'
  | 'SubjectChanged'
  | 'UsagesChanged'
  | 'SubjectAltNamesChanged'
  | 'AuthorityChanged'
  | 'Expiring';

/** A reason to make something again, and a sentence that says so to a person. */
export interface Reissue {
  readonly reason: ReissueReason;
  readonly message: string;
}

/** What a Secret holds under the keys of a pair; undefined or empty where a key is missing. */
export interface StoredPair {
  readonly certificatePem?: string | undefined;
  readonly privateKeyPem?: string | undefined;
}

/** What decides about renewal, for every kind of pair. */
export interface RenewalInput {
  readonly stored: StoredPair;
  readonly now: Date;
  /** Renew when less than this is left. At most two thirds of the certificate's own validity count. */
  readonly renewBeforeMs: number;
  /** Somebody asked for a new pair (the annotation `certs.kamaji.clastix.io/rotate`). */
  readonly rotateRequested?: boolean;
}

export interface CertificatePolicyInput extends RenewalInput {
  readonly authority: CertificatePair;
  /** Further authorities that must vouch for it, as `issueUnderSeveral` has them do. */
  readonly others?: readonly CertificatePair[];
  readonly wanted: CertificateRequest;
}

/**
 * Why a stored certificate must be issued again, or undefined when it serves. Pure; the first policy that objects answers.
 * Throws PkiError when the authority itself is unusable.
 */
export function certificateReissue(input: CertificatePolicyInput): Reissue | undefined {
  const { authority, others = [], wanted } = input;
  return unlessKnownGood(input, [authority, others, wanted], () => {
    const signers = [authority, ...others].map((one) => openAuthority(one).certificate);
    return open(input, (pair) => firstOf(CERTIFICATE_POLICIES, { ...input, ...pair, signers }));
  });
}

/**
 * Notes that the stored pair has just been issued by the authority as it is wanted: `certificateReissue` then need not parse it to find
 * that out. Answers when it is due.
 */
export function noteIssued(input: Omit<CertificatePolicyInput, 'others' | 'rotateRequested' | 'now'>): Date {
  const { stored, authority, wanted, renewBeforeMs } = input;
  const due = renewalTime(stored.certificatePem ?? '', renewBeforeMs);
  certificates.note(questionOf(input, [authority, [], wanted]), due);
  return due;
}

/** Why a stored certificate authority must be made again, or undefined when it serves. */
export function authorityReissue(input: RenewalInput): Reissue | undefined {
  return unlessKnownGood(input, [], () => open(input, (pair) => firstOf(AUTHORITY_POLICIES, { ...input, ...pair })));
}

/** When `certificateReissue` and `authorityReissue` begin to answer `Expiring`. Throws PkiError `CertificateUnparsable`. */
export function renewalTime(certificatePem: string, renewBeforeMs: number): Date {
  const find = (): number => dueTime(parseCertificate(certificatePem), renewBeforeMs).getTime();
  return new Date(renewalTimes.answer([certificatePem, renewBeforeMs], find));
}

/** As `renewalTime`, of a certificate that has been parsed. */
export function dueTime({ validFrom, validTo }: X509Certificate, renewBeforeMs: number): Date {
  return dueAt({ notBefore: new Date(validFrom), notAfter: new Date(validTo) }, renewBeforeMs);
}

/** Why a stored bare key pair (the service-account keys) must be made again; it never expires. */
export function keyPairReissue(input: {
  readonly stored: { readonly privateKeyPem?: string | undefined; readonly publicKeyPem?: string | undefined };
  readonly rotateRequested?: boolean;
}): Reissue | undefined {
  const { privateKeyPem = '', publicKeyPem = '' } = input.stored;
  if (privateKeyPem === '' || publicKeyPem === '') return MISSING;
  const objection = keyPairs.answer(
    [privateKeyPem, publicKeyPem],
    () =>
      unlessUnparsable(() => {
        const matches = samePublicKey(parsePrivateKey(privateKeyPem), parsePublicKey(publicKeyPem));
        return matches ? undefined : KEY_MISMATCH;
      }) ?? 'none',
  );
  return objection === 'none' ? rotationRequested(input) : objection;
}

interface OpenPair {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
  readonly description: CertificateDescription;
}

type AuthorityInput = RenewalInput & OpenPair;
type CertificateInput = CertificatePolicyInput & OpenPair & { readonly signers: readonly X509Certificate[] };
type Policy<I> = (input: I) => Reissue | undefined;

const MISSING: Reissue = { reason: 'Missing', message: 'there is none yet' };
const KEY_MISMATCH: Reissue = { reason: 'KeyMismatch', message: 'the private key does not belong to the public one' };

const AUTHORITY_POLICIES: readonly Policy<AuthorityInput>[] = [notAuthority, rotationRequested, expiring];

const CERTIFICATE_POLICIES: readonly Policy<CertificateInput>[] = [
  keyMismatch,
  rotationRequested,
  authorityChanged,
  subjectChanged,
  usagesChanged,
  subjectAltNamesChanged,
  expiringCertificate,
];

// Most passes find what the last one found, and parsing a dozen certificates and keys takes longer than all the rest of a pass.
const certificates = new GoodUntilDue();
const renewalTimes = new Remembered<number>();
const keyPairs = new Remembered<Reissue | 'none'>();

function unlessKnownGood(
  input: RenewalInput,
  further: readonly unknown[],
  look: () => Reissue | undefined,
): Reissue | undefined {
  const { stored, now, renewBeforeMs } = input;
  return certificates.objection(questionOf(input, further), now, () => {
    const objection = look();
    if (objection !== undefined) return { objection };
    const due = parseCertificates(stored.certificatePem ?? '').map((one) => dueTime(one, renewBeforeMs).getTime());
    return { dueMs: Math.min(...due) };
  });
}

function questionOf(
  { stored, renewBeforeMs, rotateRequested = false }: Omit<RenewalInput, 'now'>,
  further: readonly unknown[],
): readonly unknown[] {
  const { certificatePem, privateKeyPem } = stored;
  return [certificatePem, privateKeyPem, renewBeforeMs, rotateRequested, further];
}

function open(input: RenewalInput, decide: (pair: OpenPair) => Reissue | undefined): Reissue | undefined {
  const { certificatePem = '', privateKeyPem = '' } = input.stored;
  if (certificatePem === '' || privateKeyPem === '') return MISSING;
  return unlessUnparsable(() => {
    const privateKey = parsePrivateKey(privateKeyPem);
    // A bundle may carry more than the certificate of this key.
    const certificates = parseCertificates(certificatePem);
    const certificate = certificates.find((one) => samePublicKey(one.publicKey, privateKey));
    if (certificate === undefined) return KEY_MISMATCH;
    return decide({ certificate, privateKey, description: describeCertificate(certificate) });
  });
}

function unlessUnparsable(decide: () => Reissue | undefined): Reissue | undefined {
  try {
    return decide();
  } catch (error) {
    if (error instanceof PkiError) return { reason: 'Unparsable', message: error.message };
    throw error;
  }
}

function firstOf<I>(policies: readonly Policy<I>[], input: I): Reissue | undefined {
  for (const policy of policies) {
    const answer = policy(input);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

// Servers and clients present the first certificate of a file: it must be the one of the key.
function keyMismatch(input: CertificateInput): Reissue | undefined {
  const first = parseCertificate(input.stored.certificatePem ?? '');
  return samePublicKey(first.publicKey, input.privateKey) ? undefined : KEY_MISMATCH;
}

function rotationRequested(input: { readonly rotateRequested?: boolean }): Reissue | undefined {
  if (input.rotateRequested !== true) return undefined;
  return { reason: 'RotationRequested', message: 'rotation was requested by annotation' };
}

function notAuthority({ description }: AuthorityInput): Reissue | undefined {
  if (description.isAuthority) return undefined;
  return { reason: 'NotAuthority', message: 'the certificate may not sign other certificates' };
}

function authorityChanged({ stored, certificate, signers }: CertificateInput): Reissue | undefined {
  const above = parseCertificates(stored.certificatePem ?? '').filter((one) => isIssuedBy(certificate, one));
  const [only] = signers;
  const isVouchedFor =
    signers.length === 1 && only !== undefined
      ? isIssuedBy(certificate, only)
      : above.length === signers.length && signers.every((signer) => above.some((one) => isIssuedBy(one, signer)));
  if (isVouchedFor) return undefined;
  return { reason: 'AuthorityChanged', message: 'it was not signed by the present certificate authority' };
}

function subjectChanged({ description, wanted }: CertificateInput): Reissue | undefined {
  const { subject } = description;
  if (
    subject.commonName === wanted.subject.commonName &&
    sameSet(subject.organizations, wanted.subject.organizations)
  ) {
    return undefined;
  }
  const text = [...(wanted.subject.organizations ?? []).map((o) => `O=${o}`), `CN=${wanted.subject.commonName}`];
  return { reason: 'SubjectChanged', message: `its subject is no longer ${text.join(', ')}` };
}

function usagesChanged({ description, wanted }: CertificateInput): Reissue | undefined {
  if (sameSet(description.usages, wanted.usages)) return undefined;
  return { reason: 'UsagesChanged', message: `it was not made for ${wanted.usages.join(', ')}` };
}

function subjectAltNamesChanged({ description, wanted }: CertificateInput): Reissue | undefined {
  const has = new Set([...description.dnsNames, ...description.ipAddresses]);
  const wants = new Set([...(wanted.dnsNames ?? []), ...(wanted.ipAddresses ?? []).map(canonicalAddress)]);
  const missing = [...wants].filter((name) => !has.has(name));
  const surplus = [...has].filter((name) => !wants.has(name));
  if (missing.length === 0 && surplus.length === 0) return undefined;
  const parts = [
    ...(missing.length === 0 ? [] : [`it does not name ${missing.join(', ')}`]),
    ...(surplus.length === 0 ? [] : [`it still names ${surplus.join(', ')}`]),
  ];
  return { reason: 'SubjectAltNamesChanged', message: parts.join('; ') };
}

function expiringCertificate(input: CertificateInput): Reissue | undefined {
  // A certificate that lasts as long as its authority cannot be made to last longer: renewing it would never end.
  const ends = input.signers.map(({ validTo }) => Date.parse(validTo));
  if (input.description.notAfter.getTime() >= Math.min(...ends)) return undefined;
  return expiring(input);
}

function expiring({ description, now, renewBeforeMs }: AuthorityInput): Reissue | undefined {
  if (now.getTime() < dueAt(description, renewBeforeMs).getTime()) return undefined;
  return { reason: 'Expiring', message: `it expires at ${description.notAfter.toISOString()}` };
}

function dueAt(
  { notBefore, notAfter }: Pick<CertificateDescription, 'notBefore' | 'notAfter'>,
  renewBeforeMs: number,
): Date {
  const validityMs = notAfter.getTime() - notBefore.getTime();
  return new Date(notAfter.getTime() - Math.min(renewBeforeMs, (validityMs * 2) / 3));
}

function sameSet(one: readonly string[] = [], other: readonly string[] = []): boolean {
  const set = new Set(one);
  return set.size === new Set(other).size && other.every((item) => set.has(item));
}

function canonicalAddress(text: string): string {
  const bytes = parseIpAddress(text);
  return bytes === undefined ? text : formatIpAddress(bytes);
}
