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
   * LeadershipLostError, a cache that never synced, a part that failed; it then waits for no worker and takes at most a
   * second, and the process should exit at once with a code other than 0. Call once.
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
const abandonTimeoutMs = 1_000;

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
    const end = Promise.withResolvers<never>();
    const starting = this.#startAll(end.reject).catch((error: unknown) => {
      if (!this.#work.signal.aborted) end.reject(error);
    });
    try {
      await Promise.race([aborted(signal), end.promise]);
      log.info('shutting down');
      await this.#endWork(starting);
      await this.#close(await this.#drain(end.promise));
    } catch (error) {
      log.error('stopping', { error });
      await this.#endWork(starting);
      await this.#abandon();
      throw error;
    }
  }

  async #endWork(starting: Promise<void>): Promise<void> {
    this.#ready = false;
    this.#work.abort(new Error('the manager stops'));
    await starting;
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

  /** Whether all workers ended in time. Rejects with `end`: what is lost now leaves no time for an orderly end. */
  async #drain(end: Promise<never>): Promise<boolean> {
    const { clock, drainTimeoutMs = 25_000, log } = this.#options;
    const drained = await within(clock, drainTimeoutMs, async () => {
      await Promise.race([Promise.all([...this.#workers].map(({ done }) => done)), end]);
    });
    const left = [...this.#workers].filter(({ ended }) => !ended).map(({ name }) => name);
    if (!drained) log.warn('did not end in time', { runnables: left, timeoutMs: drainTimeoutMs });
    return drained;
  }

  async #close(drained: boolean): Promise<void> {
    const { closers = [], leaderElection, log, servers = [] } = this.#options;
    this.#caches.abort(new Error('the manager stops'));
    if (leaderElection !== undefined) {
      // A worker that still runs may still write: then the leadership must run out instead of being handed over.
      await this.#bounded('leader election', (signal) =>
        drained ? leaderElection.release(signal) : leaderElection.abandon(),
      );
    }
    for (const part of [...servers, ...closers]) await this.#bounded(part.name, (signal) => part.close(signal));
    log.info('stopped');
  }

  /** Closes what can be closed in a moment: nobody waits for it, and the next leader must not meet us. */
  async #abandon(): Promise<void> {
    const { clock, closers = [], leaderElection, log, servers = [] } = this.#options;
    this.#caches.abort(new Error('the manager stops'));
    const closeAll = async (signal: AbortSignal): Promise<void> => {
      const failed = (part: string) => (error: unknown) => void log.warn('did not close cleanly', { part, error });
      await leaderElection?.abandon().catch(failed('leader election'));
      for (const part of [...servers, ...closers]) await part.close(signal).catch(failed(part.name));
    };
    if (!(await within(clock, abandonTimeoutMs, closeAll))) log.warn('did not close in time');
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
