import type { X509Certificate } from 'node:crypto';
import { createHash, createPublicKey } from 'node:crypto';
import { describeCertificate, parseCertificate } from '#pki/inspect.ts';

const DAY_MS = 24 * 3_600_000;
const RESERVE_MS = 29 * DAY_MS;
const BLOCK = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n?/gu;

/** Where a text was found, and the text. */
export interface Located {
  readonly where: string;
  readonly text: string;
}

/**
 * Says of certificates and keys what they are instead of what they happen to be: subject, names, usages, life, who signed
 * them, and which key they belong to. Keys are named by the first place where they stand.
 */
export class Credentials {
  readonly #keys = new Map<string, string>();
  readonly #nowMs: number;
  readonly #authorities: { readonly name: string; readonly certificate: X509Certificate }[] = [];

  /** Everything that is to be described must be known, in an order that does not depend on chance. */
  constructor(texts: readonly Located[], nowMs: number) {
    this.#nowMs = nowMs;
    for (const { where, text } of texts) {
      for (const [pem, kind = ''] of text.matchAll(BLOCK)) {
        if (kind.endsWith('PRIVATE KEY')) this.#learnKey(keyId(pem), where);
      }
    }
    const seen = new Set<string>();
    for (const { where, text } of texts) {
      for (const [pem, kind] of text.matchAll(BLOCK)) {
        if (kind !== 'CERTIFICATE') continue;
        const certificate = parseCertificate(pem);
        if (!certificate.ca || seen.has(certificate.fingerprint256)) continue;
        seen.add(certificate.fingerprint256);
        this.#authorities.push({ name: where, certificate });
      }
    }
  }

  /** The text with every certificate and key in it described. */
  describe(text: string): string {
    return text.replaceAll(BLOCK, (pem, kind: string) => {
      if (kind === 'CERTIFICATE') return this.#describeCertificate(pem);
      if (kind.endsWith('KEY')) return `<${kind.toLowerCase()} ${this.#nameOfKey(keyId(pem))}>`;
      return pem;
    });
  }

  #learnKey(id: string, where: string): void {
    if (!this.#keys.has(id)) this.#keys.set(id, where);
  }

  #nameOfKey(id: string): string {
    return this.#keys.get(id) ?? 'that is nowhere here';
  }

  #describeCertificate(pem: string): string {
    const certificate = parseCertificate(pem);
    const { subject, usages, dnsNames, ipAddresses, isAuthority, notBefore, notAfter } =
      describeCertificate(certificate);
    const signers = this.#authorities.filter(
      ({ certificate: authority }) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    );
    const description = {
      ...subject,
      usages,
      names: [...dnsNames, ...ipAddresses].sort(),
      isAuthority,
      days: Math.round((notAfter.getTime() - notBefore.getTime()) / DAY_MS),
      // Renewals are due long before; what is close to its end has been forgotten.
      lasts: notAfter.getTime() - this.#nowMs > RESERVE_MS,
      signedBy: signers[0]?.name ?? 'nobody here',
      key: this.#nameOfKey(idOf(certificate.publicKey.export({ type: 'spki', format: 'der' }))),
    };
    return `<certificate ${JSON.stringify(description)}>`;
  }
}

// The public half, of which a private key can be asked too.
function keyId(pem: string): string {
  return idOf(createPublicKey(pem).export({ type: 'spki', format: 'der' }));
}

function idOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}
