import { createHmac, KeyObject, webcrypto } from 'node:crypto';

/**
 * Resolves when nothing more happens by itself: every promise chain has gone as far as it can until the clock moves. Only
 * for code that does no real I/O.
 */
export async function quiesce(): Promise<void> {
  do await new Promise<void>((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().includes('Immediate'));
}

/**
 * Signs on this thread what Web Crypto signs on another one, whose answer would come at no definite moment. Returns the
 * function that gives Web Crypto back.
 */
export function signOnThisThread(): () => void {
  const prototype: webcrypto.SubtleCrypto = Object.getPrototypeOf(webcrypto.subtle);
  const original = Object.getOwnPropertyDescriptor(prototype, 'sign');
  if (original === undefined) throw new TypeError('Web Crypto has no sign');
  prototype.sign = async (_algorithm, key, data) => {
    if (key.algorithm.name !== 'HMAC') throw new TypeError(`${key.algorithm.name} is not foreseen here`);
    const { hash } = key.algorithm as webcrypto.HmacKeyAlgorithm;
    const hmac = createHmac(hash.name.replace('-', ''), KeyObject.from(key));
    return new Uint8Array(hmac.update(bytesOf(data)).digest()).buffer;
  };
  return () => {
    Object.defineProperty(prototype, 'sign', original);
  };
}

function bytesOf(data: webcrypto.BufferSource): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
