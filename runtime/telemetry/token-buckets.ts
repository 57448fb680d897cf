import type { Clock } from '../clock.ts';

/** One token bucket per key; full ones are forgotten. */
export class TokenBuckets {
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When each will be full again, on the monotonic clock: that says how many tokens are in it at any time. */
  readonly #fullAt = new Map<string, number>();

  /** `burst` tokens at first, and one more every `refillMs` up to that number. */
  constructor(burst: number, refillMs: number, clock: Pick<Clock, 'monotonic'>) {
    this.#burst = burst;
    this.#refillMs = refillMs;
    this.#clock = clock;
  }

  /** Takes a token; or, when there is none, the whole milliseconds until there will be one. */
  take(key: string): 'taken' | number {
    const now = this.#clock.monotonic();
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now);
    const missingMs = fullAt - now - (this.#burst - 1) * this.#refillMs;
    // Rounded up: a wait too short to move the clock would be followed by another one like it.
    if (missingMs > 0) return Math.floor(missingMs) + 1;
    this.#fullAt.set(key, fullAt + this.#refillMs);
    return 'taken';
  }

  /** Forgets full buckets, which are as good as none, and answers how many are left. */
  forgetFull(): number {
    const now = this.#clock.monotonic();
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
    return this.#fullAt.size;
  }
}
