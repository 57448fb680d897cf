import { randomBytes } from 'node:crypto';
import forge from 'node-forge';
import type { CertificateRequest } from '#pki/authority.ts';

interface ForgePair {
  readonly certificate: forge.pki.Certificate;
  readonly privateKey: forge.pki.rsa.PrivateKey;
}

/** The PKI of a tenant as node-forge's documentation makes certificates: RSA keys, signatures in JavaScript, PEM out. */
export function forgeTenant(
  authorities: readonly { readonly commonName: string }[],
  leaves: readonly CertificateRequest[],
): void {
  const [authority] = authorities.map(({ commonName }) => forgePair({ commonName }));
  for (const { subject, dnsNames, ipAddresses } of leaves) {
    forgePair({ commonName: subject.commonName, dnsNames, ipAddresses, authority });
  }
  const { privateKey, publicKey } = forge.pki.rsa.generateKeyPair(2048);
  forge.pki.privateKeyToPem(privateKey);
  forge.pki.publicKeyToPem(publicKey);
}

function forgePair(wanted: {
  readonly commonName: string;
  readonly dnsNames?: readonly string[] | undefined;
  readonly ipAddresses?: readonly string[] | undefined;
  readonly authority?: ForgePair | undefined;
}): ForgePair {
  const { commonName, dnsNames = [], ipAddresses = [], authority } = wanted;
  const { privateKey, publicKey } = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = `40${randomBytes(15).toString('hex')}`;
  certificate.validity.notAfter = new Date(certificate.validity.notBefore.getTime() + 365 * 24 * 3_600_000);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  certificate.setIssuer(authority?.certificate.subject.attributes ?? certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: authority === undefined },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, keyCertSign: authority === undefined },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectKeyIdentifier' },
    ...(dnsNames.length + ipAddresses.length === 0
      ? []
      : [
          {
            name: 'subjectAltName',
            altNames: [...dnsNames.map((value) => ({ type: 2, value })), ...ipAddresses.map((ip) => ({ type: 7, ip }))],
          },
        ]),
  ]);
  certificate.sign(authority?.privateKey ?? privateKey, forge.md.sha256.create());
  forge.pki.certificateToPem(certificate);
  forge.pki.privateKeyToPem(privateKey);
  return { certificate, privateKey };
}
