import type { KeyObject, KeyPairKeyObjectResult } from 'node:crypto';
import { createPrivateKey, createPublicKey, generateKeyPair as startKeyPair, generateKeyPairSync } from 'node:crypto';
import { PkiError } from './errors.ts';

/** Kinds of keys we make, named as kubeadm's `encryptionAlgorithm` names them (kubeadm.k8s.io/v1beta4). */
export type KeyAlgorithm = 'ECDSA-P256' | 'RSA-2048';

/** A key pair as files hold it: private key in SEC1 (EC) or PKCS#1 (RSA) PEM, public key in PKIX PEM. */
export interface KeyPair {
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
}

/** What makes key pairs: `generateKeyPair`, or what a simulation has in its place. */
export type KeyGenerator = (algorithm: KeyAlgorithm) => Promise<KeyPair>;

/** Makes a key pair. RSA is generated off the event loop, a few at a time, so that nothing else waits for the thread pool. */
export async function generateKeyPair(algorithm?: KeyAlgorithm): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeys(algorithm);
  return { privateKeyPem: encodePrivateKey(privateKey), publicKeyPem: encodePublicKey(publicKey) };
}

/** As `generateKeyPair`, for those who go on working with the keys: to read them from PEM takes longer than to make them. */
export async function generateKeys(algorithm: KeyAlgorithm = 'ECDSA-P256'): Promise<KeyPairKeyObjectResult> {
  switch (algorithm) {
    case 'ECDSA-P256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'RSA-2048':
      return rsaSlots.run(generateRsaKeys);
  }
}

/** A private key as files hold it: SEC1 (EC) or PKCS#1 (RSA) PEM. */
export function encodePrivateKey(key: KeyObject): string {
  const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1';
  return key.export({ type, format: 'pem' }).toString();
}

/** Reads an EC or RSA private key from PEM (SEC1, PKCS#1 or PKCS#8). Throws PkiError `KeyUnparsable` or `KeyTypeUnsupported`. */
export function parsePrivateKey(pem: string): KeyObject {
  return requireKnownType(parseKey(() => createPrivateKey(pem), 'private'));
}

/** Reads an EC or RSA public key from PKIX PEM. Throws PkiError `KeyUnparsable` or `KeyTypeUnsupported`. */
export function parsePublicKey(pem: string): KeyObject {
  // createPublicKey would also take a private key or a certificate and derive the public key.
  if (!/-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) throw new PkiError('KeyUnparsable', 'not a public key in PEM');
  return requireKnownType(parseKey(() => createPublicKey(pem), 'public'));
}

/** The PKIX PEM of the public half of a private key in PEM. */
export function publicKeyPemOf(privateKeyPem: string): string {
  return encodePublicKey(createPublicKey(parsePrivateKey(privateKeyPem)));
}

/** Says in words what a key is: `ECDSA P-256`, `RSA 2048`. */
export function describeKey(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return `RSA ${key.asymmetricKeyDetails?.modulusLength ?? 'of unknown size'}`;
  const curve = key.asymmetricKeyDetails?.namedCurve ?? 'on an unknown curve';
  return `ECDSA ${CURVE_NAMES[curve] ?? curve}`;
}

/** True when both keys have the same public half. */
export function samePublicKey(one: KeyObject, other: KeyObject): boolean {
  return publicHalf(one).equals(publicHalf(other));
}

const CURVE_NAMES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

// Key generation occupies libuv's thread pool, where DNS look-ups queue too: with all four threads busy they wait seconds.
const rsaSlots = slots(2);

function slots(limit: number): { run<T>(task: () => Promise<T>): Promise<T> } {
  const waiting: (() => void)[] = [];
  let free = limit;
  return {
    async run<T>(task: () => Promise<T>): Promise<T> {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await task();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}

function generateRsaKeys(): Promise<KeyPairKeyObjectResult> {
  return new Promise((resolve, reject) => {
    startKeyPair('rsa', { modulusLength: 2048 }, (error, publicKey, privateKey) => {
      if (error === null) resolve({ privateKey, publicKey });
      else reject(error);
    });
  });
}

function encodePublicKey(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}

function parseKey(parse: () => KeyObject, what: string): KeyObject {
  try {
    return parse();
  } catch (cause) {
    throw new PkiError('KeyUnparsable', `not a ${what} key in PEM`, { cause });
  }
}

function requireKnownType(key: KeyObject): KeyObject {
  const type = key.asymmetricKeyType;
  if (type === 'ec' || type === 'rsa') return key;
  throw new PkiError('KeyTypeUnsupported', `keys of type ${type ?? 'unknown'} are not supported: use RSA or ECDSA`);
}
