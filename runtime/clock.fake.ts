import { sleepOn } from './clock.ts';
import type { Clock } from './clock.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in order of their deadlines, ties in order of creation. */
export class FakeClock implements Clock {
  #now: number;
  #monotonic = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimeout(fn: () => void, ms: number): () => void {
    const timer = { at: this.#monotonic + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Deadlines still armed, as milliseconds from now, soonest first. */
  pending(): readonly number[] {
    return [...this.#timers].map((timer) => timer.at - this.#monotonic).sort((a, b) => a - b);
  }

  /** Moves time on, firing every timer that falls due and letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settled();
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.#timers.delete(next);
      this.#moveTo(next.at);
      next.fn();
      await settled();
    }
    this.#moveTo(end);
  }

  /** Moves only the wall clock, as an administrator or NTP would. */
  jumpWallClock(ms: number): void {
    this.#now += ms;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }

  #moveTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }
}

// setImmediate runs after all queued microtasks, so every promise chain that does no I/O has gone as far as it can.
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits, in real time, until something that depends on real I/O has come true; gives up after 10 s. */
export async function until(check: () => boolean, what = 'condition'): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`not in 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
