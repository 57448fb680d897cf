import type { KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateTemplate, Subject, Usage } from './certificate.ts';
import { createCertificate } from './certificate.ts';
import { PkiError } from './errors.ts';
import type { IssuerFields } from './inspect.ts';
import { issuerFieldsOf, parseCertificates } from './inspect.ts';
import type { KeyAlgorithm } from './key.ts';
import { encodePrivateKey, generateKeys, parsePrivateKey, samePublicKey } from './key.ts';
import { Remembered } from './remembered.ts';

/** A certificate and its private key, as Secrets hold them. An authority's certificate may be a bundle. */
export interface CertificatePair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A certificate that is wanted, whoever signs it. */
export interface CertificateRequest {
  readonly subject: Subject;
  readonly usages: readonly Usage[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly validityMs: number;
}

export interface IssueOptions extends CertificateRequest {
  readonly authority: CertificatePair;
  readonly algorithm?: KeyAlgorithm;
  readonly now: Date;
}

export interface AuthorityOptions {
  readonly commonName: string;
  /** Default: ten years, as kubeadm. */
  readonly validityMs?: number;
  readonly algorithm?: KeyAlgorithm;
  readonly now: Date;
}

/** The validity that kubeadm gives to authorities: ten years. */
export const AUTHORITY_VALIDITY_MS = 10 * 365 * 24 * 3600 * 1000;

/** The validity that kubeadm gives to all other certificates: one year. */
export const CERTIFICATE_VALIDITY_MS = 365 * 24 * 3600 * 1000;

/** Makes a self-signed certificate authority, as `kubeadm init` does. Valid from five minutes ago. */
export async function createAuthority(options: AuthorityOptions): Promise<CertificatePair> {
  const { privateKey, publicKey } = await generateKeys(options.algorithm);
  const template: CertificateTemplate = {
    subject: { commonName: options.commonName },
    dnsNames: [options.commonName],
    publicKey,
    isAuthority: true,
    notBefore: backdate(options.now),
    notAfter: new Date(options.now.getTime() + (options.validityMs ?? AUTHORITY_VALIDITY_MS)),
  };
  return {
    certificatePem: createCertificate(template, { privateKey }),
    privateKeyPem: encodePrivateKey(privateKey),
  };
}

/**
 * Makes a key pair and a certificate for it, signed by the authority, which may be EC or RSA, ours or the user's.
 * Valid from five minutes ago and never longer than the authority itself. Throws PkiError `AuthorityUnusable` when the
 * authority's key belongs to none of its certificates or that certificate may not sign.
 */
export async function issue(options: IssueOptions): Promise<CertificatePair> {
  const authority = openAuthority(options.authority);
  const { privateKey, publicKey } = await generateKeys(options.algorithm);
  const notAfter = Math.min(options.now.getTime() + options.validityMs, Date.parse(authority.certificate.validTo));
  const certificatePem = createCertificate(
    {
      subject: options.subject,
      usages: options.usages,
      dnsNames: options.dnsNames ?? [],
      ipAddresses: options.ipAddresses ?? [],
      publicKey,
      notBefore: backdate(options.now),
      notAfter: new Date(notAfter),
    },
    { privateKey: authority.privateKey, issuer: authority.issuer },
  );
  return { certificatePem, privateKeyPem: encodePrivateKey(privateKey) };
}

/** An authority, ready to sign. */
interface OpenAuthority {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
  /** What the certificates that it signs say about it. */
  readonly issuer: IssuerFields;
}

// A pass signs a dozen certificates with the same pair, and nothing of the pair is kept longer than the pair itself.
const opened = new WeakMap<CertificatePair, OpenAuthority>();

/** The certificate of an authority's bundle that its private key belongs to, and that key. Errors as `issue`. */
export function openAuthority(pair: CertificatePair): OpenAuthority {
  const known = opened.get(pair) ?? open(pair);
  opened.set(pair, known);
  return known;
}

function open(pair: CertificatePair): OpenAuthority {
  const privateKey = parsePrivateKey(pair.privateKeyPem);
  const certificate = parseCertificates(pair.certificatePem).find((one) => samePublicKey(one.publicKey, privateKey));
  if (certificate === undefined) {
    throw new PkiError('AuthorityUnusable', 'the private key belongs to none of the certificates of the authority');
  }
  if (!certificate.ca) {
    throw new PkiError('AuthorityUnusable', `the certificate ${certificate.subject} is not a certificate authority`);
  }
  return { certificate, privateKey, issuer: issuerFieldsOf(certificate) };
}

/** The one certificate of an authority that its key belongs to, in PEM: what a program takes that signs. Errors as `issue`. */
export function signerPem(pair: CertificatePair): string {
  return openAuthority(pair).certificate.toString();
}

/**
 * What is presented after a certificate of this authority, in PEM, so that those can follow it who know the root only: the signer
 * and those above it as far as the bundle has them, without the root. Empty where the signer is the root. Errors as `issue`.
 */
export function intermediatesPem(pair: CertificatePair): string {
  return intermediates.answer([pair], () => findIntermediates(pair));
}

const intermediates = new Remembered<string>();

function findIntermediates(pair: CertificatePair): string {
  const bundle = parseCertificates(pair.certificatePem);
  const chain: X509Certificate[] = [];
  let current: X509Certificate | undefined = openAuthority(pair).certificate;
  while (current !== undefined && !isIssuedBy(current, current) && !chain.includes(current)) {
    chain.push(current);
    const below: X509Certificate = current;
    current = bundle.find((one) => isIssuedBy(below, one));
  }
  return chain.map(String).join('');
}

/** Whether a certificate names another one as its issuer and bears the signature of that one's key. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

// Lets a machine whose clock runs a little late accept the certificate at once (kubeadm: CertificateBackdate).
export function backdate(now: Date): Date {
  return new Date(now.getTime() - 5 * 60 * 1000);
}
