import type { Clock } from '../clock.ts';

interface Bucket {
  tokens: number;
  at: number;
}

/** One token bucket per key; full ones are forgotten. */
export class TokenBuckets {
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #buckets = new Map<string, Bucket>();

  /** `burst` tokens at first, and one more every `refillMs` up to that number. */
  constructor(burst: number, refillMs: number, clock: Pick<Clock, 'monotonic'>) {
    this.#burst = burst;
    this.#refillMs = refillMs;
    this.#clock = clock;
  }

  /** Takes a token; or, when there is none, the whole milliseconds until there will be one. */
  take(key: string): 'taken' | number {
    const bucket = this.#refilled(key);
    // Rounded up: a wait too short to move the clock would be followed by another one like it.
    if (bucket.tokens < 1) return Math.floor((1 - bucket.tokens) * this.#refillMs) + 1;
    bucket.tokens -= 1;
    this.#buckets.set(key, bucket);
    return 'taken';
  }

  /** Forgets full buckets, which are as good as none, and answers how many are left. */
  forgetFull(): number {
    for (const key of this.#buckets.keys()) {
      if (this.#refilled(key).tokens >= this.#burst) this.#buckets.delete(key);
    }
    return this.#buckets.size;
  }

  #refilled(key: string): Bucket {
    const at = this.#clock.monotonic();
    const { tokens, at: before } = this.#buckets.get(key) ?? { tokens: this.#burst, at };
    return { tokens: Math.min(this.#burst, tokens + (at - before) / this.#refillMs), at };
  }
}
