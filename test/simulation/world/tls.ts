import type { X509Certificate } from 'node:crypto';
import { describeCertificate, parseCertificates } from '#pki/inspect.ts';

const parsed = new Map<string, readonly X509Certificate[]>();

/** Whether the first certificate of a PEM text was signed by one of an authority's and is valid at that time. */
export function isSignedBy(certificatePem: string, authorityPem: string, nowMs: number): boolean {
  const [certificate] = certificatesOf(certificatePem);
  if (certificate === undefined) return false;
  if (nowMs < Date.parse(certificate.validFrom) || nowMs > Date.parse(certificate.validTo)) return false;
  return certificatesOf(authorityPem).some(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
}

/** Whether the first certificate of a PEM text is one for that host. */
export function isFor(certificatePem: string, host: string): boolean {
  const [certificate] = certificatesOf(certificatePem);
  return certificate !== undefined && (certificate.checkHost(host) ?? certificate.checkIP(host)) !== undefined;
}

/** The common name: the user. */
export function clientName(certificatePem: string): string {
  const [certificate] = certificatesOf(certificatePem);
  return certificate === undefined ? '' : describeCertificate(certificate).subject.commonName;
}

/** The organizations: the user's groups. */
export function clientGroups(certificatePem: string): readonly string[] {
  const [certificate] = certificatesOf(certificatePem);
  return certificate === undefined ? [] : (describeCertificate(certificate).subject.organizations ?? []);
}

// The same few certificates are looked at again and again.
function certificatesOf(pem: string): readonly X509Certificate[] {
  if (pem === '') return [];
  let found = parsed.get(pem);
  if (found === undefined) {
    found = parseCertificates(pem);
    if (parsed.size > 1_000) parsed.clear();
    parsed.set(pem, found);
  }
  return found;
}
