import { createHash } from 'node:crypto';

/** A stream of numbers, uniform in [0, 1), that is the same for the same seed and purpose (mulberry32). */
export function randomOf(seed: number, purpose: string): () => number {
  let state = createHash('sha256').update(`${seed}/${purpose}`).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of several things. */
export function pick<T>(random: () => number, from: readonly [T, ...T[]]): T {
  return from[Math.floor(random() * from.length)] ?? from[0];
}
