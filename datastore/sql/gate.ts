import { addAbortListener } from 'node:events';

/** Lets in so many at a time; the others wait in the order of their arrival, as long as their signals let them. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async pass<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise: turn, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const listener = addAbortListener(signal, () => {
      const place = this.#waiting.indexOf(resolve);
      // Already let in: the work sees the signal itself.
      if (place === -1) return;
      this.#waiting.splice(place, 1);
      reject(signal.reason);
    });
    try {
      await turn;
    } finally {
      listener[Symbol.dispose]();
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
