import { createPublicKey } from 'node:crypto';
import type { CertificatePair } from './authority.ts';
import { openAuthority } from './authority.ts';
import { createCertificate } from './certificate.ts';
import { issuerFieldsOf } from './inspect.ts';
import type { KeyAlgorithm } from './key.ts';
import { generateKeyPair, parsePrivateKey } from './key.ts';

/** A certificate authority that another one signs, as a company's root does for each of its clusters. */
export async function createIntermediate(options: {
  readonly authority: CertificatePair;
  readonly commonName: string;
  readonly algorithm?: KeyAlgorithm;
  readonly now: Date;
}): Promise<CertificatePair> {
  const { certificate, privateKey } = openAuthority(options.authority);
  const { privateKeyPem } = await generateKeyPair(options.algorithm);
  const certificatePem = createCertificate(
    {
      subject: { commonName: options.commonName },
      publicKey: createPublicKey(parsePrivateKey(privateKeyPem)),
      isAuthority: true,
      notBefore: new Date(certificate.validFrom),
      notAfter: new Date(certificate.validTo),
    },
    { privateKey, issuer: issuerFieldsOf(certificate) },
  );
  return { certificatePem, privateKeyPem };
}
