import { keyString } from '../client/resource.ts';
import type { ObjectKey } from '../client/resource.ts';
import type { Clock } from '../clock.ts';
import { Heap } from './heap.ts';
import type { QueueSnapshot } from './metrics.ts';

export interface AddOptions {
  /** Higher first. Default 0; below 0 for initial lists and periodic work. */
  readonly priority?: number;
  /** Default 0. Longer than 12 h counts as 12 h: the pass then sees for itself whether it came too early. */
  readonly delayMs?: number;
}

/** A key handed to a worker. */
export interface Taken {
  readonly key: ObjectKey;
  readonly priority: number;
}

export interface QueueMetrics {
  added(): void;
  retried(): void;
  waited(seconds: number): void;
  worked(seconds: number): void;
}

export interface QueueOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'setTimeout'>;
  readonly metrics?: QueueMetrics;
}

/** Delay of the first retry; each further one doubles it. */
const baseBackoffMs = 5;
const maxBackoffMs = 1_000_000;
const longestDelayMs = 12 * 3_600_000;

/**
 * Keys to work on (Kubernetes: client-go/util/workqueue). A key is in it once however often it is added, at the
 * earliest of its times and the highest of its priorities; it is never with two workers at once: what is added while a
 * worker has it waits for `done`.
 */
export class WorkQueue {
  readonly #clock: QueueOptions['clock'];
  readonly #metrics: QueueMetrics | undefined;
  /** Every key that is queued, including those that wait for their worker's `done` and are in no heap. */
  readonly #entries = new Map<string, Entry>();
  readonly #ready = new Heap<Entry>(
    (a, b) => a.priority > b.priority || (a.priority === b.priority && a.order < b.order),
  );
  readonly #delayed = new Heap<Entry>((a, b) => a.readyAt < b.readyAt);
  readonly #processing = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #idle: ((taken: Taken | undefined) => void)[] = [];
  #order = 0;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #closed = false;

  constructor(options: QueueOptions) {
    this.#clock = options.clock;
    this.#metrics = options.metrics;
  }

  add(key: ObjectKey, options: AddOptions = {}): void {
    if (this.#closed) return;
    const { priority = 0, delayMs = 0 } = options;
    const readyAt = this.#clock.monotonic() + Math.min(Math.max(0, delayMs), longestDelayMs);
    const id = keyString(key);
    const present = this.#entries.get(id);
    if (present !== undefined) {
      present.priority = Math.max(present.priority, priority);
      present.readyAt = Math.min(present.readyAt, readyAt);
      this.#place(present);
      this.#handOut();
      return;
    }
    const entry: Entry = { id, key, priority, readyAt, order: 0, heapIndex: -1 };
    this.#entries.set(id, entry);
    this.#metrics?.added();
    this.#place(entry);
    this.#handOut();
  }

  /** Adds a key whose pass failed, after a delay that doubles with each failure since the last `forget`. */
  retry(key: ObjectKey, options: { readonly priority?: number; readonly atLeastMs?: number } = {}): void {
    const id = keyString(key);
    const failures = this.#failures.get(id) ?? 0;
    this.#failures.set(id, failures + 1);
    this.#metrics?.retried();
    const delayMs = Math.max(Math.min(baseBackoffMs * 2 ** failures, maxBackoffMs), options.atLeastMs ?? 0);
    this.add(key, { priority: options.priority ?? 0, delayMs });
  }

  /** Starts the delays of `retry` over. */
  forget(key: ObjectKey): void {
    this.#failures.delete(keyString(key));
  }

  /** The next key, as soon as there is one; undefined once the queue is shut down. Every key taken must be given to `done`. */
  take(): Promise<Taken | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const entry = this.#ready.pop();
    if (entry !== undefined) return Promise.resolve(this.#hand(entry));
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  done(key: ObjectKey): void {
    const id = keyString(key);
    const since = this.#processing.get(id);
    if (since === undefined) throw new TypeError(`key '${id}' is not being worked on`);
    this.#processing.delete(id);
    this.#metrics?.worked((this.#clock.monotonic() - since) / 1000);
    const parked = this.#entries.get(id);
    if (parked === undefined) return;
    this.#place(parked);
    this.#handOut();
  }

  /** Gives out no further key and forgets those that wait. */
  shutdown(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#entries.clear();
    this.#ready.clear();
    this.#delayed.clear();
    for (const resolve of this.#idle.splice(0)) resolve(undefined);
  }

  snapshot(): QueueSnapshot {
    const now = this.#clock.monotonic();
    const ages = [...this.#processing.values()].map((since) => (now - since) / 1000);
    return {
      depth: this.#ready.size,
      unfinishedWorkSeconds: ages.reduce((sum, age) => sum + age, 0),
      longestRunningProcessorSeconds: ages.reduce((longest, age) => Math.max(longest, age), 0),
    };
  }

  /** Puts an entry where its time and its worker say. */
  #place(entry: Entry): void {
    if (this.#closed || this.#processing.has(entry.id)) return;
    if (this.#ready.has(entry)) {
      this.#ready.update(entry);
      return;
    }
    if (entry.readyAt > this.#clock.monotonic()) {
      if (this.#delayed.has(entry)) this.#delayed.update(entry);
      else this.#delayed.push(entry);
      this.#armTimer();
      return;
    }
    if (this.#delayed.has(entry)) this.#delayed.remove(entry);
    entry.order = this.#order++;
    this.#ready.push(entry);
  }

  /** Gives what is ready to the workers that wait. */
  #handOut(): void {
    while (this.#idle.length > 0) {
      const entry = this.#ready.pop();
      if (entry === undefined) return;
      this.#idle.shift()?.(this.#hand(entry));
    }
  }

  #hand(entry: Entry): Taken {
    const now = this.#clock.monotonic();
    this.#entries.delete(entry.id);
    this.#processing.set(entry.id, now);
    this.#metrics?.waited((now - entry.readyAt) / 1000);
    return { key: entry.key, priority: entry.priority };
  }

  #armTimer(): void {
    const next = this.#delayed.peek();
    if (next === undefined || (this.#timer !== undefined && this.#timer.at <= next.readyAt)) return;
    this.#timer?.cancel();
    const at = next.readyAt;
    this.#timer = { at, cancel: this.#clock.setTimeout(() => this.#release(), at - this.#clock.monotonic()) };
  }

  #release(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (let next = this.#delayed.peek(); next !== undefined && next.readyAt <= now; next = this.#delayed.peek()) {
      this.#place(next);
    }
    // Only now: among those that fall due together the most urgent goes first.
    this.#handOut();
    this.#armTimer();
  }
}

interface Entry {
  readonly id: string;
  readonly key: ObjectKey;
  priority: number;
  /** Monotonic milliseconds. */
  readyAt: number;
  /** Of becoming ready: first come, first served within a priority. */
  order: number;
  heapIndex: number;
}
