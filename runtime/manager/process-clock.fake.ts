import type { FakeClock } from '../clock.fake.ts';
import { type Clock, sleepOn } from '../clock.ts';

/** The clock of one process: it runs a little fast or slow, its wall time jumps, and it can be stopped with the process. */
export class ProcessClock implements Clock {
  readonly #world: FakeClock;
  readonly #rate: number;
  #wallOffsetMs = 0;
  #isStopped = false;
  #isDead = false;
  /** What would have happened to the process while it stood still. */
  #missed: { readonly kind: 'timer' | 'answer'; readonly fn: () => void }[] = [];

  constructor(world: FakeClock, rate: number) {
    this.#world = world;
    this.#rate = rate;
  }

  now(): number {
    return this.#world.now() + this.#wallOffsetMs;
  }

  monotonic(): number {
    return this.#world.monotonic() * this.#rate;
  }

  setTimeout(fn: () => void, ms: number): () => void {
    let isCancelled = false;
    const cancel = this.#world.setTimeout(
      () => this.deliver('timer', () => (isCancelled ? undefined : fn())),
      ms / this.#rate,
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Runs a callback in the process: now, or when it goes on. */
  deliver(kind: 'timer' | 'answer', fn: () => void): void {
    if (this.#isDead) return;
    if (this.#isStopped) this.#missed.push({ kind, fn });
    else fn();
  }

  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  isStopped(): boolean {
    return this.#isStopped;
  }

  /** SIGSTOP. */
  stop(): void {
    this.#isStopped = true;
  }

  /** SIGCONT. The event loop may come to the answers on its sockets before or after the timers that are overdue. */
  async resume(first: 'timer' | 'answer'): Promise<void> {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    const missed = this.#missed.splice(0);
    const ordered = [...missed.filter(({ kind }) => kind === first), ...missed.filter(({ kind }) => kind !== first)];
    for (const { fn } of ordered) {
      this.deliver('timer', fn);
      await this.#world.advance(0);
    }
  }

  kill(): void {
    this.#isDead = true;
    this.#missed = [];
  }
}
