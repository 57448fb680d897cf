import type { Logger } from 'winston';
import type { Cache } from '../cache/informer.ts';
import type { Clock } from '../clock.ts';
import type { Controller } from '../controller/reconciler.ts';
import { within } from './bounded.ts';
import type { LeaderElector } from './leadership.ts';

/** Something that runs beside the controllers. */
export interface Runnable {
  readonly name: string;
  /** Runs only while this process leads; others run in every replica, as soon as the caches have synced. */
  readonly needsLeadership: boolean;
  /** Runs until the signal aborts and resolves when it has ended. Ending or failing before ends the manager. */
  start(signal: AbortSignal): Promise<void>;
}

/** Something that listens. */
export interface Server {
  readonly name: string;
  /** Resolves when connections are accepted; rejects when the address cannot be had. */
  listen(): Promise<void>;
  /** Accepts no more, waits for requests under way until the signal aborts, then cuts them off. */
  close(signal: AbortSignal): Promise<void>;
}

/** Something to be closed when all else has ended: pools, agents, recorders. */
export interface Closer {
  readonly name: string;
  close(signal: AbortSignal): Promise<void>;
}

export interface ManagerOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: this process leads without asking. */
  readonly leaderElection?: LeaderElector;
  /** Listen from before the caches sync until the workers have ended, in order. */
  readonly servers?: readonly Server[];
  /** Closed last, in order. */
  readonly closers?: readonly Closer[];
  /** How long workers may take to end. Default 25 000, which fits a Pod's default grace period of 30 s. */
  readonly drainTimeoutMs?: number;
}

/** Owns the life of the process: what starts when, and what stops in which order. */
export interface Manager {
  /** Controllers run while this process leads. Before `run` only. */
  add(controller: Controller): void;
  addRunnable(runnable: Runnable): void;
  /** For a readiness check: caches have synced and shutdown has not begun. */
  isReady(): boolean;
  /**
   * Starts servers, then caches, then what needs no leadership, then (once leading) controllers and the rest, and runs
   * until `signal` aborts. Then, in this order: not ready any more, workers drain, the leadership is released, servers
   * close, closers close. Resolves after an ordered shutdown. Rejects with what ended it otherwise: a
   * LeadershipLostError, a cache that never synced, a part that failed; the process should then exit at once with a
   * code other than 0. Call once.
   */
  run(signal: AbortSignal): Promise<void>;
}

export function createManager(options: ManagerOptions): Manager {
  return new ProcessManager(options);
}

/** A part of the manager ended while it should have run on. */
export class RunnableEndedError extends Error {
  readonly code = 'RUNNABLE_ENDED';

  constructor(name: string, options?: ErrorOptions) {
    super(`${name} ${options?.cause === undefined ? 'ended before its time' : 'failed'}`, options);
    this.name = 'RunnableEndedError';
  }
}

const closeTimeoutMs = 3_000;

interface Running {
  readonly name: string;
  readonly ended: boolean;
  readonly done: Promise<void>;
}

class ProcessManager implements Manager {
  readonly #options: ManagerOptions;
  readonly #runnables: Runnable[] = [];
  readonly #workers = new Set<Running>();
  /** Aborts controllers and runnables; the caches outlive them, because a pass under way may still read. */
  readonly #work = new AbortController();
  readonly #caches = new AbortController();
  #ready = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  add(controller: Controller): void {
    const { name } = controller;
    this.addRunnable({ name, needsLeadership: true, start: (signal) => controller.start(signal) });
  }

  addRunnable(runnable: Runnable): void {
    this.#runnables.push(runnable);
  }

  isReady(): boolean {
    return this.#ready;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const shutdown = aborted(signal);
    const end = Promise.withResolvers<never>();
    const starting = this.#startAll(end.reject).catch(end.reject);
    let failure: { readonly error: unknown } | undefined;
    try {
      await Promise.race([shutdown, end.promise]);
      log.info('shutting down');
    } catch (error) {
      failure = { error };
      log.error('stopping', { error });
    }
    this.#ready = false;
    this.#work.abort(new Error('the manager stops'));
    await starting;
    await this.#stopAll(failure === undefined);
    if (failure !== undefined) throw failure.error;
  }

  async #startAll(onEnd: (error: unknown) => void): Promise<void> {
    const { cache, leaderElection, log, servers = [] } = this.#options;
    const work = this.#work.signal;
    const launchAll = (needsLeadership: boolean): void => {
      for (const runnable of this.#runnables) {
        if (runnable.needsLeadership === needsLeadership) this.#workers.add(this.#launch(runnable, work, onEnd));
      }
    };
    for (const server of servers) {
      await server.listen();
      work.throwIfAborted();
    }
    this.#launch({ name: 'cache', start: (signal) => cache.start(signal) }, this.#caches.signal, onEnd);
    await cache.waitForSync(work);
    log.info('caches have synced');
    work.throwIfAborted();
    this.#ready = true;
    launchAll(false);
    const lost = await leaderElection?.acquire(work);
    lost?.addEventListener('abort', () => onEnd(lost.reason), { once: true });
    if (lost?.aborted === true) throw lost.reason;
    work.throwIfAborted();
    launchAll(true);
  }

  #launch(runnable: Pick<Runnable, 'name' | 'start'>, signal: AbortSignal, onEnd: (error: unknown) => void): Running {
    const { log } = this.#options;
    const { name } = runnable;
    const running = { name, ended: false };
    const run = async (): Promise<void> => {
      try {
        await runnable.start(signal);
        if (!signal.aborted) onEnd(new RunnableEndedError(name));
      } catch (error) {
        if (!signal.aborted) onEnd(new RunnableEndedError(name, { cause: error }));
        else if (error !== signal.reason) log.warn('failed while stopping', { runnable: name, error });
      } finally {
        running.ended = true;
      }
    };
    return Object.assign(running, { done: run() });
  }

  async #stopAll(orderly: boolean): Promise<void> {
    const { closers = [], drainTimeoutMs = 25_000, leaderElection, log, servers = [] } = this.#options;
    const drained = orderly && (await this.#drain(drainTimeoutMs));
    this.#caches.abort(new Error('the manager stops'));
    // A worker that still runs may still write: then the leadership must run out instead of being handed over.
    if (leaderElection !== undefined && drained) {
      await this.#bounded('leader election', (signal) => leaderElection.release(signal));
    }
    for (const server of servers) await this.#bounded(server.name, (signal) => server.close(signal));
    for (const closer of closers) await this.#bounded(closer.name, (signal) => closer.close(signal));
    log.info('stopped');
  }

  async #drain(timeoutMs: number): Promise<boolean> {
    const { clock, log } = this.#options;
    const drained = await within(clock, timeoutMs, async () => {
      await Promise.all([...this.#workers].map(({ done }) => done));
    });
    const left = [...this.#workers].filter(({ ended }) => !ended).map(({ name }) => name);
    if (!drained) log.warn('did not end in time', { runnables: left, timeoutMs });
    return drained;
  }

  async #bounded(name: string, close: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, log } = this.#options;
    try {
      if (!(await within(clock, closeTimeoutMs, close))) log.warn('did not close in time', { part: name });
    } catch (error) {
      log.warn('did not close cleanly', { part: name, error });
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
