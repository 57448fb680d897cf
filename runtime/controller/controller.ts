import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'winston';
import type { Cache } from '../cache/informer.ts';
import type { Client } from '../client/client.ts';
import { ApiError } from '../client/errors.ts';
import { keyString } from '../client/resource.ts';
import type { ObjectKey } from '../client/resource.ts';
import type { Clock } from '../clock.ts';
import { ConsistencyGuard } from './consistency-guard.ts';
import { noControllerMetrics } from './metrics.ts';
import type { ControllerMetrics } from './metrics.ts';
import { WorkQueue } from './queue.ts';
import type { Taken } from './queue.ts';
import { TerminalError } from './reconciler.ts';
import type { Controller, ControllerOptions, Result } from './reconciler.ts';

export interface ControllerDependencies {
  readonly client: Client;
  /** Whose informers the passes read; a pass waits until they have seen what the one before it wrote. */
  readonly cache: Pick<Cache, 'informersOf'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: ControllerMetrics;
}

/** What the signal of a pass aborts with when its time is up. */
export class ReconcileTimeoutError extends Error {
  readonly code = 'RECONCILE_TIMEOUT';
}

/** How long a pass is put off at a time while a cache lags; an event that the cache delivers ends it sooner. */
const staleCacheDelayMs = 50;
const syncPollMs = 50;

/** N workers over one keyed queue (controller-runtime: pkg/internal/controller). */
export function createController(options: ControllerOptions, dependencies: ControllerDependencies): Controller {
  return new KeyedController(options, dependencies);
}

class KeyedController implements Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #workers: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #metrics: ControllerMetrics;
  readonly #queue: WorkQueue;
  readonly #guard: ConsistencyGuard;
  readonly #interval: StartInterval;
  #active = 0;

  constructor(options: ControllerOptions, { client, cache, clock, log, metrics }: ControllerDependencies) {
    const { name } = options;
    const report = metrics ?? noControllerMetrics;
    this.name = name;
    this.#options = options;
    this.#workers = options.concurrency ?? 10;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#clock = clock;
    this.#log = log.child({ controller: name });
    this.#metrics = report;
    this.#queue = new WorkQueue({
      clock,
      metrics: {
        added: () => report.queueAdd(name),
        retried: () => report.queueRetry(name),
        waited: (seconds) => report.queueWait(name, seconds),
        worked: (seconds) => report.queueWork(name, seconds),
      },
    });
    this.#guard = new ConsistencyGuard({ client, cache, clock, log: this.#log });
    this.#interval = new StartInterval(options.minIntervalMs ?? 0, clock);
    report.registered(name, this.#workers, () => this.#queue.snapshot());
  }

  async start(signal: AbortSignal): Promise<void> {
    const queue = this.#queue;
    const onAbort = (): void => queue.shutdown();
    if (signal.aborted) return;
    signal.addEventListener('abort', onAbort, { once: true });
    const stops = this.#options.sources.map((source) => source.start((key, added) => queue.add(key, added)));
    try {
      await this.#informersSynced(signal);
      await Promise.all(Array.from({ length: this.#workers }, () => this.#work(signal)));
    } finally {
      for (const stop of stops) stop();
    }
  }

  async #informersSynced(signal: AbortSignal): Promise<void> {
    const informers = this.#options.sources.flatMap((source) => source.informers);
    while (!signal.aborted && !informers.every((informer) => informer.hasSynced())) {
      // Rejects only when the signal aborts, which ends the loop.
      await this.#clock.sleep(syncPollMs, signal).catch(() => {});
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let taken = await this.#queue.take(); taken !== undefined; taken = await this.#queue.take()) {
      try {
        if (!this.#putOff(taken)) await this.#pass(taken, signal);
      } finally {
        this.#queue.done(taken.key);
      }
      // A pass that finds nothing to do never leaves the microtask queue; thousands in a row would starve all I/O.
      await nextTurn();
    }
  }

  /** Puts the key back when its time has not come; what is added now waits for `done`. */
  #putOff({ key, priority }: Taken): boolean {
    const missing = this.#guard.missing(key);
    if (missing !== undefined) {
      this.#metrics.staleCacheSkip(this.name);
      this.#queue.add(key, { priority, delayMs: staleCacheDelayMs });
      return true;
    }
    const tooSoonMs = this.#interval.remainingMs(key);
    if (tooSoonMs > 0) this.#queue.add(key, { priority, delayMs: tooSoonMs });
    return tooSoonMs > 0;
  }

  async #pass(taken: Taken, shutdown: AbortSignal): Promise<void> {
    const { key } = taken;
    const log = this.#log.child({ ...key, reconcileID: randomUUID() });
    const started = this.#clock.monotonic();
    const pass = new AbortController();
    const onShutdown = (): void => pass.abort(shutdown.reason);
    if (shutdown.aborted) onShutdown();
    shutdown.addEventListener('abort', onShutdown, { once: true });
    const cancelTimeout = this.#clock.setTimeout(() => {
      this.#metrics.reconcileTimeout(this.name);
      pass.abort(new ReconcileTimeoutError(`the pass took longer than ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    this.#interval.started(key);
    this.#metrics.activeWorkers(this.name, ++this.#active);
    const seconds = (): number => (this.#clock.monotonic() - started) / 1000;
    try {
      const client = this.#guard.bind(key, pass.signal);
      const result = await this.#options.reconcile(key, { signal: pass.signal, log, client });
      const requeued = this.#succeeded(taken, result);
      this.#metrics.reconciled(this.name, requeued ? 'requeue_after' : 'success', seconds());
    } catch (error) {
      this.#metrics.reconciled(this.name, 'error', seconds());
      if (shutdown.aborted) log.debug('pass ended by shutdown', { error });
      else this.#failed(taken, error, log);
    } finally {
      cancelTimeout();
      shutdown.removeEventListener('abort', onShutdown);
      this.#metrics.activeWorkers(this.name, --this.#active);
    }
  }

  #succeeded({ key, priority }: Taken, { requeueAfterMs }: Result): boolean {
    // A NaN would otherwise become "at once, for ever".
    if (Number.isNaN(requeueAfterMs)) throw new TypeError('requeueAfterMs is not a number');
    this.#queue.forget(key);
    if (requeueAfterMs === undefined) return false;
    this.#queue.add(key, { priority, delayMs: requeueAfterMs });
    return true;
  }

  #failed({ key, priority }: Taken, error: unknown, log: Logger): void {
    const terminal = error instanceof TerminalError;
    this.#metrics.reconcileError(this.name, { terminal });
    if (terminal) {
      log.error('reconcile failed for good', { error });
      this.#queue.forget(key);
      return;
    }
    if (error instanceof ApiError && error.isConflict) log.info('reconcile met a conflict', { error: error.message });
    else log.error('reconcile failed', { error });
    const atLeastMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    this.#queue.retry(key, { priority, atLeastMs });
  }
}

/** When each key's last pass began, as long as that matters. */
class StartInterval {
  readonly #intervalMs: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #starts = new Map<string, number>();

  constructor(intervalMs: number, clock: Pick<Clock, 'monotonic'>) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  started(key: ObjectKey): void {
    if (this.#intervalMs === 0) return;
    const now = this.#clock.monotonic();
    const id = keyString(key);
    this.#starts.delete(id);
    this.#starts.set(id, now);
    for (const [old, start] of this.#starts) {
      if (now - start < this.#intervalMs) break;
      this.#starts.delete(old);
    }
  }

  remainingMs(key: ObjectKey): number {
    const start = this.#starts.get(keyString(key));
    return start === undefined ? 0 : Math.max(0, start + this.#intervalMs - this.#clock.monotonic());
  }
}
