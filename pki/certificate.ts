import type { KeyObject } from 'node:crypto';
import { createHash, randomBytes, sign } from 'node:crypto';
import type { Asn1 } from './asn1.ts';
import {
  bitString,
  boolean,
  encodeDer,
  explicit,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
  decodeDer,
} from './asn1.ts';
import { PkiError } from './errors.ts';
import { parseIpAddress } from './ip-address.ts';
import { EXTENSION, SUBJECT_ATTRIBUTE, USAGE } from './oids.ts';

/** Who a certificate names; Kubernetes reads the user from the common name and its groups from the organizations. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** What a certificate may be used for (extended key usage). */
export type Usage = 'clientAuth' | 'serverAuth';

/** Everything that goes into a certificate. */
export interface CertificateTemplate {
  readonly subject: Subject;
  /** The key that the certificate speaks for. */
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** May sign other certificates. Default false. */
  readonly isAuthority?: boolean;
  readonly usages?: readonly Usage[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** Who signs: the private key, and (absent when the certificate signs itself) what the new certificate says about its signer. */
export interface Signer {
  readonly privateKey: KeyObject;
  readonly issuer?: {
    /** The signer's subject exactly as its certificate encodes it. */
    readonly name: Asn1;
    /** The signer's subject key identifier, where it has one. */
    readonly keyIdentifier?: Uint8Array;
  };
}

/**
 * Builds and signs an X.509 v3 certificate (RFC 5280) and returns its PEM. SHA-256 with ECDSA or RSA (PKCS #1 v1.5),
 * 127-bit random serial, UTF-8 names. Throws PkiError `SubjectAltNameInvalid` on a name or address that cannot be encoded.
 */
export function createCertificate(template: CertificateTemplate, signer: Signer): string {
  const algorithm = signatureAlgorithm(signer.privateKey);
  const subject = distinguishedName(template.subject);
  const spki = template.publicKey.export({ type: 'spki', format: 'der' });
  const toBeSigned = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(serialNumber()),
    algorithm,
    signer.issuer?.name ?? subject,
    sequence(time(template.notBefore), time(template.notAfter)),
    subject,
    decodeDer(spki),
    explicit(3, sequence(...extensions(template, spki, signer))),
  );
  const signature = sign('sha256', encodeDer(toBeSigned), signer.privateKey);
  return encodePem('CERTIFICATE', encodeDer(sequence(toBeSigned, algorithm, bitString(signature))));
}

/** Wraps DER in PEM (RFC 7468): lines of 64 characters, none of them empty. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function extensions(template: CertificateTemplate, spki: Uint8Array, signer: Signer): readonly Asn1[] {
  const keyIdentifier = keyIdentifierOf(spki);
  const authorityKeyIdentifier = signer.issuer === undefined ? keyIdentifier : signer.issuer.keyIdentifier;
  const usages = template.usages ?? [];
  const names = subjectAltNames(template);
  return [
    extension(EXTENSION.basicConstraints, sequence(...(template.isAuthority === true ? [boolean(true)] : [])), true),
    extension(EXTENSION.keyUsage, keyUsage(template), true),
    ...(usages.length === 0
      ? []
      : [extension(EXTENSION.extendedKeyUsage, sequence(...usages.map((usage) => oid(USAGE[usage]))))]),
    extension(EXTENSION.subjectKeyIdentifier, octetString(keyIdentifier)),
    ...(authorityKeyIdentifier === undefined
      ? []
      : [extension(EXTENSION.authorityKeyIdentifier, sequence(implicit(0, authorityKeyIdentifier)))]),
    ...(names.length === 0 ? [] : [extension(EXTENSION.subjectAltName, sequence(...names))]),
  ];
}

function extension(id: string, value: Asn1, critical = false): Asn1 {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(encodeDer(value)));
}

function keyUsage(template: CertificateTemplate): Asn1 {
  // Bits from the left: 0 digitalSignature, 2 keyEncipherment (RSA key exchange only), 5 keyCertSign (RFC 5280 §4.2.1.3).
  const encipherment = template.publicKey.asymmetricKeyType === 'rsa' ? 0b0010_0000 : 0;
  const certificateSigning = template.isAuthority === true ? 0b0000_0100 : 0;
  const bits = 0b1000_0000 | encipherment | certificateSigning;
  return bitString(Uint8Array.of(bits), 31 - Math.clz32(bits & -bits));
}

function subjectAltNames(template: CertificateTemplate): readonly Asn1[] {
  const dnsNames = [...new Set(template.dnsNames)].map((name) => {
    if (!/^[\x21-\x7e]+$/.test(name)) {
      throw new PkiError('SubjectAltNameInvalid', `"${name}" cannot stand in a certificate as a DNS name`);
    }
    return implicit(2, Buffer.from(name, 'latin1'));
  });
  const addresses = [...new Set(template.ipAddresses)].map((text) => {
    const bytes = parseIpAddress(text);
    if (bytes === undefined) throw new PkiError('SubjectAltNameInvalid', `"${text}" is not an IP address`);
    return implicit(7, bytes);
  });
  return [...dnsNames, ...addresses];
}

function distinguishedName(subject: Subject): Asn1 {
  const attribute = (type: string, text: string): Asn1 => set(sequence(oid(type), utf8String(text)));
  return sequence(
    ...(subject.organizations ?? []).map((organization) => attribute(SUBJECT_ATTRIBUTE.organization, organization)),
    attribute(SUBJECT_ATTRIBUTE.commonName, subject.commonName),
  );
}

function signatureAlgorithm(key: KeyObject): Asn1 {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(oid('1.2.840.113549.1.1.11'), nullValue())
    : sequence(oid('1.2.840.10045.4.3.2'));
}

function keyIdentifierOf(spki: Uint8Array): Uint8Array {
  return createHash('sha256').update(spki).digest().subarray(0, 20);
}

function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  // Positive (Go refuses negative serials) and without a leading zero byte (DER wants the shortest form).
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}
