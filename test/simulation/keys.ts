import { generateKeyPairSync } from 'node:crypto';
import type { KeyGenerator, KeyPair } from '#pki/key.ts';

// Short ones: nobody attacks a simulation, and making long ones takes longer than everything else in it.
const pool: readonly KeyPair[] = Array.from({ length: 8 }, () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
});

/** A maker of RSA keys that has them in stock, and so answers at once: the same key comes again only after all others. */
export function keysInStock(): KeyGenerator {
  let next = 0;
  return async (algorithm) => {
    const pair = pool[next++ % pool.length];
    if (algorithm !== 'RSA-2048' || pair === undefined) throw new TypeError(`no ${algorithm} keys are in stock`);
    return pair;
  };
}
