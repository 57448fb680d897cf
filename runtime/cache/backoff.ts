import type { Clock } from '../clock.ts';

export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  /** A failure after this long without one starts over at `baseMs`. */
  readonly resetAfterMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Delays that double up to a limit, each drawn anew between zero and its bound so that many clients do not retry together. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;
  #lastFailure = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Milliseconds to wait after the failure that has just happened; `atLeastMs` is what the server asked for. */
  next(atLeastMs = 0): number {
    const { baseMs, maxMs, resetAfterMs, clock, random } = this.#options;
    const now = clock.monotonic();
    if (now - this.#lastFailure > resetAfterMs) this.#failures = 0;
    const bound = Math.min(maxMs, baseMs * 2 ** this.#failures);
    this.#failures++;
    const jittered = random() * bound;
    // The jitter goes on top of the server's demand: all clients were told the same time.
    const delay = atLeastMs > 0 ? atLeastMs + jittered : jittered;
    this.#lastFailure = now + delay;
    return delay;
  }
}
