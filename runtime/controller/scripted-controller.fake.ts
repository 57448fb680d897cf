import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createLogger } from 'winston';
import { SharedInformer } from '../cache/shared-informer.ts';
import { configMaps } from '../client/builtin.ts';
import type { Client } from '../client/client.ts';
import { ApiError } from '../client/errors.ts';
import type { ObjectKey } from '../client/resource.ts';
import { abortReason } from '../clock.ts';
import { FakeClock } from '../clock.fake.ts';
import { createController } from './controller.ts';
import { asError } from './finding.ts';
import { TerminalError } from './reconciler.ts';
import type { ReconcileContext, Result } from './reconciler.ts';
import { channelSource } from './sources.ts';

const log = createLogger({ silent: true });
const timeoutMs = 1_000;
/** As long as a lagging cache is waited for. */
const guardMs = 10_000;
/** How often it is asked whether the cache has caught up. */
const pollMs = 50;
const longestBackoffMs = 1_000_000;
/** To which the queue cuts a delay. */
const longestDelayMs = 12 * 3_600_000;

export type Ending = 'ok' | 'requeue' | 'throw' | 'terminal' | 'conflict' | 'busy' | 'hang';

/** What one pass does. */
export interface Outcome {
  readonly ending: Ending;
  /** How long it takes before it ends so. */
  readonly durationMs: number;
  /** Objects that it writes first. */
  readonly writes: number;
  /** For `requeue` and `busy`. */
  readonly delayMs: number;
}

/** A pass that finds nothing to do. */
export const quiet: Outcome = { ending: 'ok', durationMs: 0, writes: 0, delayMs: 0 };

/** A controller whose passes go as they are told. `advance` throws when one began that should not, or did not that should. */
export class ScriptedController {
  readonly clock = new FakeClock();
  readonly channel = channelSource();
  readonly stop = new AbortController();
  readonly running: Promise<void>;
  /** From when on a key may have its next pass; absent when nothing calls for one. */
  readonly #due = new Map<string, number>();
  readonly #active = new Set<string>();
  readonly #started = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  /** The last write of a key's passes: its resourceVersion and when. */
  readonly #written = new Map<string, { readonly version: number; readonly at: number }>();
  readonly #outcomes: Outcome[];
  readonly #concurrency: number;
  readonly #minIntervalMs: number;
  readonly #informer = new SharedInformer({
    name: 'configmaps',
    resource: configMaps,
    options: {},
    freeze: true,
    log,
  });
  #version = 10;
  #observed = 10;
  #caughtUpAt = 0;
  #broken: Error | undefined;

  constructor(script: readonly Outcome[], concurrency: number, minIntervalMs: number) {
    this.#outcomes = [...script];
    this.#concurrency = concurrency;
    this.#minIntervalMs = minIntervalMs;
    this.#informer.replace([], '10');
    const controller = createController(
      {
        name: 'test',
        sources: [this.channel],
        concurrency,
        minIntervalMs,
        timeoutMs,
        reconcile: (key, context) => this.#pass(key, context),
      },
      { client: this.#client(), cache: { informersOf: () => [this.#informer] }, clock: this.clock, log },
    );
    this.running = controller.start(this.stop.signal);
  }

  event(name: string): void {
    this.#callsFor(name, this.clock.monotonic());
    this.channel.trigger({ name });
  }

  catchUp(): void {
    this.#observed = this.#version;
    this.#caughtUpAt = this.clock.monotonic();
    const resourceVersion = String(this.#version);
    this.#informer.observe({ type: 'BOOKMARK', resourceVersion }, resourceVersion);
  }

  /** Lets time pass, and every worker go as far as it can. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    for (let turn = 0; turn < 16; turn++) await this.clock.advance(0);
    if (this.#broken !== undefined) throw this.#broken;
    assert.deepEqual(this.#overdue(), []);
  }

  /** No pass fails any more, and enough time passes for everything that still has to happen. */
  async comeToRest(): Promise<void> {
    this.#outcomes.length = 0;
    // Twice, for what ends late only in the first half.
    await this.advance(2 * guardMs);
    await this.advance(longestBackoffMs);
    await this.advance(longestDelayMs);
  }

  /** Keys that should have been passed again and were not. */
  neglected(): readonly string[] {
    return [...this.#due.keys()];
  }

  idle(): boolean {
    return this.#active.size === 0;
  }

  /** What waits for the end; a pass that is over should not. */
  listeners(): number {
    return getEventListeners(this.stop.signal, 'abort').length;
  }

  /** Keys that wait although there is a worker for them. */
  #overdue(): readonly string[] {
    if (this.#active.size === this.#concurrency) return [];
    const now = this.clock.monotonic();
    return this.neglected().filter((name) => {
      const written = this.#written.get(name);
      const seenAt = written === undefined || written.version <= this.#observed ? this.#caughtUpAt : Infinity;
      const from = Math.max(
        this.#due.get(name) ?? 0,
        (this.#started.get(name) ?? 0) + this.#minIntervalMs,
        written === undefined ? 0 : Math.min(seenAt, written.at + guardMs) + pollMs,
      );
      return !this.#active.has(name) && from < now;
    });
  }

  #callsFor(name: string, at: number): void {
    this.#due.set(name, Math.min(this.#due.get(name) ?? Infinity, at));
  }

  async #pass({ name }: ObjectKey, { client, signal }: ReconcileContext): Promise<Result> {
    const outcome = this.#outcomes.shift() ?? quiet;
    this.#check(() => this.#begins(name));
    try {
      for (let write = 0; write < outcome.writes; write++) {
        await client.create(configMaps, { metadata: { namespace: 'ns', name: `${name}-${write}` } });
        this.#written.set(name, { version: this.#version, at: this.clock.monotonic() });
      }
      if (outcome.durationMs > 0) await this.clock.sleep(outcome.durationMs, signal);
      return await this.#end(name, outcome, signal);
    } catch (error) {
      if (!this.stop.signal.aborted) this.#failed(name, error);
      throw error;
    } finally {
      this.#active.delete(name);
    }
  }

  #begins(name: string): void {
    const now = this.clock.monotonic();
    assert.ok(!this.#active.has(name), `${name}: two passes at once`);
    this.#active.add(name);
    assert.ok(this.#active.size <= this.#concurrency, 'more passes than workers');
    assert.ok((this.#due.get(name) ?? Infinity) <= now, `${name}: nothing called for a pass yet`);
    this.#due.delete(name);
    const before = this.#started.get(name);
    assert.ok(before === undefined || now - before >= this.#minIntervalMs, `${name}: too soon after the last pass`);
    this.#started.set(name, now);
    const written = this.#written.get(name);
    assert.ok(
      written === undefined || written.version <= this.#observed || now - written.at > guardMs,
      `${name}: a pass on a cache older than our own writes`,
    );
  }

  async #end(name: string, { ending, delayMs }: Outcome, signal: AbortSignal): Promise<Result> {
    switch (ending) {
      case 'ok':
      case 'requeue':
        this.#failures.delete(name);
        if (ending === 'ok') return {};
        this.#callsFor(name, this.clock.monotonic() + Math.min(delayMs, longestDelayMs));
        return { requeueAfterMs: delayMs };
      case 'throw':
        throw new Error('thrown');
      case 'terminal':
        throw new TerminalError('HOPELESS', 'hopeless');
      case 'conflict':
        throw new ApiError({ message: 'conflict', status: 409, reason: 'Conflict' });
      case 'busy':
        throw new ApiError({ message: 'busy', status: 429, retryAfterMs: delayMs });
      case 'hang':
        await aborted(signal);
        throw abortReason(signal);
    }
  }

  #failed(name: string, error: unknown): void {
    if (error instanceof TerminalError) {
      this.#failures.delete(name);
      return;
    }
    const failures = this.#failures.get(name) ?? 0;
    this.#failures.set(name, failures + 1);
    const atLeastMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    const delayMs = Math.max(Math.min(5 * 2 ** failures, longestBackoffMs), Math.min(atLeastMs, longestDelayMs));
    this.#callsFor(name, this.clock.monotonic() + delayMs);
  }

  #check(hold: () => void): void {
    try {
      hold();
    } catch (error) {
      // A throw here would only be a failed pass.
      this.#broken ??= asError(error);
    }
  }

  #client(): Client {
    const unused = (): never => assert.fail('not used here');
    return {
      get: unused,
      list: unused,
      getRaw: unused,
      replace: unused,
      apply: unused,
      mergePatch: unused,
      delete: unused,
      create: (_resource, object) => {
        const resourceVersion = String(++this.#version);
        return Promise.resolve({ ...object, metadata: { ...object.metadata, resourceVersion } });
      },
    };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
