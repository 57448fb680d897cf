import type { Clock } from '#runtime/clock.ts';
import { sleepOn } from '#runtime/clock.ts';
import type { Lifeline } from './lifeline.ts';

/** The simulation's clock as one process sees it: its timers end with the process. */
export class ProcessClock implements Clock {
  readonly #base: Clock;
  readonly #lifeline: Lifeline;
  readonly #armed = new Set<() => void>();

  constructor(base: Clock, lifeline: Lifeline) {
    this.#base = base;
    this.#lifeline = lifeline;
    lifeline.onDeath(() => {
      for (const cancel of this.#armed) cancel();
      this.#armed.clear();
    });
  }

  /** Timers that the process has set and that have neither fired nor been cancelled. */
  get armed(): number {
    return this.#armed.size;
  }

  now(): number {
    return this.#base.now();
  }

  monotonic(): number {
    return this.#base.monotonic();
  }

  setTimeout(fn: () => void, ms: number): () => void {
    if (this.#lifeline.isDead) return () => {};
    let isCancelled = false;
    const cancel = this.#base.setTimeout(() => {
      this.#lifeline.deliver(() => {
        this.#armed.delete(cancel);
        if (!isCancelled) fn();
      });
    }, ms);
    this.#armed.add(cancel);
    return () => {
      isCancelled = true;
      this.#armed.delete(cancel);
      cancel();
    };
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}
