import type { CertificatePair, IssueOptions } from './authority.ts';
import { backdate, intermediatesPem, issue, openAuthority } from './authority.ts';
import { createCertificate } from './certificate.ts';
import { encodePrivateKey, generateKeys } from './key.ts';

export interface SeveralAuthorities extends Omit<IssueOptions, 'authority'> {
  readonly authorities: readonly CertificatePair[];
}

/**
 * As `issue`, for a certificate that is trusted wherever one of several authorities is. An intermediate authority signs it, and each of them
 * signs that one; its key is forgotten, so that they vouch for this certificate alone and not for one another. What has to be
 * presented with the certificate follows it in its PEM.
 */
export async function issueUnderSeveral(options: SeveralAuthorities): Promise<CertificatePair> {
  const { authorities, algorithm, now, ...request } = options;
  const signers = authorities.map((authority) => openAuthority(authority));
  const ends = signers.map(({ certificate }) => Date.parse(certificate.validTo));
  const keys = await generateKeys(algorithm);
  const template = {
    subject: { commonName: 'authority of one certificate' },
    publicKey: keys.publicKey,
    isAuthority: true,
    notBefore: backdate(now),
    notAfter: new Date(Math.min(now.getTime() + request.validityMs, ...ends)),
  };
  const signed = signers.map(({ privateKey, issuer }) => createCertificate(template, { privateKey, issuer }));
  const authority = { certificatePem: signed.join(''), privateKeyPem: encodePrivateKey(keys.privateKey) };
  const pair = await issue({ ...request, now, authority, ...(algorithm === undefined ? {} : { algorithm }) });
  const ways = authorities.map((above, index) => `${signed[index] ?? ''}${intermediatesPem(above)}`);
  return { certificatePem: [pair.certificatePem, ...ways].join(''), privateKeyPem: pair.privateKeyPem };
}
