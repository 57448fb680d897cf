import { annotations } from '#api/labels.ts';
import { SIGNER_KEY } from '#controlplane/controller-manager.ts';
import { openAuthority } from '#pki/authority.ts';
import { PkiError } from '#pki/errors.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import { checksumOf } from '../secrets.ts';

/** What a Secret holds of a certificate authority. */
export interface StoredAuthority {
  readonly certificatePem: string | undefined;
  readonly privateKeyPem: string | undefined;
  /** It is not what we wrote: somebody has put another one in its place. */
  readonly exchanged: boolean;
}

/**
 * The cluster's authority in Kamaji's keys (`ca.crt`, `ca.key`) or in Cluster API's and cert-manager's (`tls.crt`, `tls.key`,
 * there with what stands above it in `ca.crt`). Where both are there and differ, the one that we did not write is meant, unless
 * it is broken.
 */
export function storedClusterAuthority(secret: Secret | undefined): StoredAuthority {
  const text = (key: string): string | undefined => secretText(secret, key) || undefined;
  const ca: Pair = { certificatePem: text('ca.crt'), privateKeyPem: text('ca.key') };
  const tls: Pair = { certificatePem: text('tls.crt'), privateKeyPem: text('tls.key') };
  if (ca.privateKeyPem === undefined) return { ...withAbove(tls, ca.certificatePem), exchanged: false };
  const differ = tls.certificatePem !== ca.certificatePem || tls.privateKeyPem !== ca.privateKeyPem;
  if (!differ || !isWhole(tls)) return { ...ca, exchanged: false };
  if (!isWhole(ca)) return { ...tls, exchanged: false };
  return isOurs(secret, ca) ? { ...tls, exchanged: true } : { ...ca, exchanged: isOurs(secret, tls) };
}

type Pair = Omit<StoredAuthority, 'exchanged'>;

function withAbove({ certificatePem, privateKeyPem }: Pair, above: string | undefined): Pair {
  const isThere = above === undefined || certificatePem === undefined || certificatePem.includes(above.trim());
  return { certificatePem: isThere ? certificatePem : `${certificatePem.trim()}\n${above}`, privateKeyPem };
}

function isWhole({ certificatePem = '', privateKeyPem = '' }: Pair): boolean {
  try {
    openAuthority({ certificatePem, privateKeyPem });
    return true;
  } catch (error) {
    if (error instanceof PkiError) return false;
    throw error;
  }
}

// The checksum is of all keys: what fits it was in both places.
function isOurs(secret: Secret | undefined, { certificatePem = '', privateKeyPem = '' }: Pair): boolean {
  const signer = secretText(secret, SIGNER_KEY);
  const written = {
    'ca.crt': certificatePem,
    'ca.key': privateKeyPem,
    'tls.crt': certificatePem,
    'tls.key': privateKeyPem,
    ...(signer === undefined ? {} : { [SIGNER_KEY]: signer }),
  };
  return secret?.metadata?.annotations?.[annotations.checksum] === checksumOf(written);
}
