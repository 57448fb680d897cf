import type { Clock } from '../clock.ts';

/** One token bucket per key; where others are taken from, full ones are forgotten. */
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
    // Put to the end: in front stand those that were left alone for longest.
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt + this.#refillMs);
    for (const [longestLeft, at] of this.#fullAt) {
      if (at > now) break;
      this.#fullAt.delete(longestLeft);
    }
    return 'taken';
  }

  /** Forgets all that are full, which are as good as none, also where nobody takes anything any more. */
  forgetFull(): void {
    const now = this.#clock.monotonic();
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
  }

  /** How many are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }
}
