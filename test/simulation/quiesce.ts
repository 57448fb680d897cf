import { createHmac, webcrypto } from 'node:crypto';

const MOST_TURNS = 20_000;

/**
 * Resolves when nothing more happens by itself: every promise chain has gone as far as it can until the clock moves. Only
 * for code that does no real I/O. Rejects when there is no end of it: something goes round without ever waiting.
 */
export async function quiesce(): Promise<void> {
  for (let turns = 0; turns < MOST_TURNS; turns += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (!process.getActiveResourcesInfo().includes('Immediate')) return;
  }
  throw new Error(`no rest after ${MOST_TURNS} turns of the event loop`);
}

/**
 * Signs on this thread what Web Crypto signs on another one, whose answer would come at no definite moment. Returns the
 * function that gives Web Crypto back.
 */
export function signOnThisThread(): () => void {
  const { subtle } = webcrypto;
  const prototype: webcrypto.SubtleCrypto = Object.getPrototypeOf(subtle);
  const originals = Object.getOwnPropertyDescriptors(prototype);
  const secrets = new WeakMap<webcrypto.CryptoKey, Uint8Array>();
  const importKey = subtle.importKey.bind(subtle);
  Object.defineProperties(prototype, {
    importKey: {
      ...originals.importKey,
      value: async (...given: Parameters<webcrypto.SubtleCrypto['importKey']>) => {
        const key = await importKey(...given);
        const [format, data] = given;
        if (format === 'raw') secrets.set(key, bytesOf(data));
        return key;
      },
    },
    sign: {
      ...originals.sign,
      value: async (_algorithm: unknown, key: webcrypto.CryptoKey, data: webcrypto.BufferSource) => {
        const secret = secrets.get(key);
        if (secret === undefined) throw new TypeError(`${key.algorithm.name} is not foreseen here`);
        return new Uint8Array(createHmac('sha256', secret).update(bytesOf(data)).digest()).buffer;
      },
    },
  });
  return () => void Object.defineProperties(prototype, originals);
}

function bytesOf(data: webcrypto.BufferSource): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
