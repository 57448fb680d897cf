import { createHash, X509Certificate } from 'node:crypto';
import type { Asn1 } from './asn1.ts';
import { bytesOf, childrenOf, decodeDer, hasTag, oidOf } from './asn1.ts';
import type { Subject, Usage } from './certificate.ts';
import { PkiError } from './errors.ts';
import { formatIpAddress } from './ip-address.ts';
import { EXTENSION, SUBJECT_ATTRIBUTE, USAGE } from './oids.ts';

/** What a certificate says, in the terms in which we ask for one. */
export interface CertificateDescription {
  readonly subject: Subject;
  readonly usages: readonly Usage[];
  readonly dnsNames: readonly string[];
  /** In canonical form. */
  readonly ipAddresses: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isAuthority: boolean;
}

/** What a signer's certificate contributes to the certificates that it signs. */
export interface IssuerFields {
  /** The subject, as encoded. */
  readonly name: Asn1;
  readonly keyIdentifier?: Uint8Array;
}

/** Every certificate of a PEM text in its order; text around them is ignored. Throws PkiError `CertificateUnparsable` when there is none or one is broken. */
export function parseCertificates(pem: string): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [first, ...rest] = blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new PkiError('CertificateUnparsable', 'not an X.509 certificate in PEM', { cause });
    }
  });
  if (first === undefined) throw new PkiError('CertificateUnparsable', 'no certificate in PEM');
  return [first, ...rest];
}

/** The first certificate of a PEM text; errors as `parseCertificates`. */
export function parseCertificate(pem: string): X509Certificate {
  return parseCertificates(pem)[0];
}

/** Reads what a certificate says. Throws PkiError `CertificateUnparsable` on DER that OpenSSL accepts and X.509 does not. */
export function describeCertificate(certificate: X509Certificate): CertificateDescription {
  const fields = fieldsOf(certificate);
  const alternatives = extensionChildren(fields, EXTENSION.subjectAltName);
  const usages = new Set(extensionChildren(fields, EXTENSION.extendedKeyUsage).map(oidOf));
  return {
    subject: readSubject(fields.subject),
    usages: USAGES.filter((usage) => usages.has(USAGE[usage])),
    dnsNames: alternatives.filter((name) => hasTag(name, 2)).map((name) => bytesOf(name).toString('latin1')),
    ipAddresses: alternatives.filter((name) => hasTag(name, 7)).map((name) => formatIpAddress(bytesOf(name))),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    isAuthority: certificate.ca,
  };
}

/** The parts of a signer's certificate that go byte for byte into what it signs. Errors as `describeCertificate`. */
export function issuerFieldsOf(certificate: X509Certificate): IssuerFields {
  const fields = fieldsOf(certificate);
  const keyIdentifier = fields.extensions.get(EXTENSION.subjectKeyIdentifier);
  return { name: fields.subject, ...(keyIdentifier === undefined ? {} : { keyIdentifier: bytesOf(keyIdentifier) }) };
}

/**
 * The pins of every certificate in a CA bundle, as `kubeadm join --discovery-token-ca-cert-hash` takes them:
 * `sha256:` and the hex SHA-256 of the subject public key info (Kubernetes: cmd/kubeadm/app/util/pubkeypin).
 */
export function caPins(caCertificatesPem: string): readonly [string, ...string[]] {
  const [first, ...rest] = parseCertificates(caCertificatesPem);
  return [pinOf(first), ...rest.map(pinOf)];
}

/** The pin of the first certificate of a PEM text; see `caPins`. */
export function caPin(caCertificatePem: string): string {
  return caPins(caCertificatePem)[0];
}

const USAGES: readonly Usage[] = ['clientAuth', 'serverAuth'];

interface Fields {
  readonly subject: Asn1;
  /** Extension values by object identifier. */
  readonly extensions: ReadonlyMap<string, Asn1>;
}

function pinOf(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(spki).digest('hex')}`;
}

function fieldsOf(certificate: X509Certificate): Fields {
  try {
    const [toBeSigned] = childrenOf(decodeDer(certificate.raw));
    const parts = toBeSigned === undefined ? [] : childrenOf(toBeSigned);
    // Before the subject: version [0] (absent in v1), serial, algorithm, issuer, validity (RFC 5280 §4.1).
    const subject = parts.filter((part) => !hasTag(part, 0))[4];
    if (subject === undefined) throw new TypeError('the certificate has no subject');
    const extensions = parts.find((part) => hasTag(part, 3));
    return { subject, extensions: extensions === undefined ? new Map() : readExtensions(extensions) };
  } catch (cause) {
    throw new PkiError('CertificateUnparsable', 'not an X.509 certificate', { cause });
  }
}

function readExtensions(node: Asn1): ReadonlyMap<string, Asn1> {
  const [list] = childrenOf(node);
  const values = new Map<string, Asn1>();
  for (const extension of list === undefined ? [] : childrenOf(list)) {
    const parts = childrenOf(extension);
    const [id] = parts;
    const value = parts.at(-1);
    if (id !== undefined && value !== undefined && KNOWN_EXTENSIONS.has(oidOf(id))) {
      values.set(oidOf(id), decodeDer(bytesOf(value)));
    }
  }
  return values;
}

const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set(Object.values(EXTENSION));

function extensionChildren(fields: Fields, id: string): readonly Asn1[] {
  const value = fields.extensions.get(id);
  return value === undefined ? [] : childrenOf(value);
}

function readSubject(name: Asn1): Subject {
  const organizations: string[] = [];
  let commonName = '';
  for (const relative of childrenOf(name)) {
    for (const attribute of childrenOf(relative)) {
      const [type, value] = childrenOf(attribute);
      if (type === undefined || value === undefined) continue;
      const text = bytesOf(value).toString('utf8');
      if (oidOf(type) === SUBJECT_ATTRIBUTE.organization) organizations.push(text);
      if (oidOf(type) === SUBJECT_ATTRIBUTE.commonName) commonName = text;
    }
  }
  return organizations.length === 0 ? { commonName } : { commonName, organizations };
}
