import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'winston';
import { ApiError, NetworkError } from '../client/errors.ts';
import { listPage } from '../client/list-page.ts';
import type { Selection } from '../client/list-page.ts';
import { compareResourceVersions } from '../client/resource-version.ts';
import type { KubeObject, Resource } from '../client/resource.ts';
import type { Transport } from '../client/transport.ts';
import { openWatch } from '../client/watch.ts';
import type { Watch, WatchEvent } from '../client/watch.ts';
import type { Clock } from '../clock.ts';
import { Backoff } from './backoff.ts';
import type { CacheMetrics } from './metrics.ts';

/** Where a reflector puts what it learns. Must not throw. */
export interface ReflectorSink<T> {
  /** Brings an object into the form in which it is kept; undefined when that fails and the object must be left out. */
  prepare(object: T): T | undefined;
  /** The complete selection at that resourceVersion, prepared. */
  replace(objects: readonly T[], resourceVersion: string): void;
  /** One event of the watch; an object in it is not prepared yet. */
  observe(event: WatchEvent<T>, resourceVersion: string): void;
  size(): number;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly name: string;
  readonly transport: Transport;
  readonly resource: Resource<T>;
  readonly selection: Selection;
  /** A kind that the server does not know is an empty selection. */
  readonly optional: boolean;
  readonly sink: ReflectorSink<T>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: CacheMetrics;
  readonly pageSize: number;
}

const pageTimeoutMs = 60_000;
/** The server sends a bookmark every minute, the first within two: this much silence means that nobody is there any more. */
const silenceLimitMs = 180_000;
/** How often to look for a kind that the server did not know. */
const kindRecheckMs = 30_000;
/** A watch that ends sooner without having said anything counts as a failure. */
const shortestHealthyWatchMs = 1_000;

/**
 * Keeps a sink equal to the server's state of one selection: a full list, then watches from where the last one ended,
 * and a new list only when the server no longer knows that point or has fallen silent. Survives every failure of server and network.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  /** A server that has forgotten our position is there: how long it was away before is no reason to wait. */
  readonly #relistBackoff: Backoff;
  /** Where the next watch begins; undefined when a list is needed first. */
  #resourceVersion: string | undefined;
  #lastError: Error | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    const { clock, random } = options;
    const delays = { baseMs: 800, maxMs: 30_000, resetAfterMs: 120_000, clock, random };
    this.#backoff = new Backoff(delays);
    this.#relistBackoff = new Backoff(delays);
  }

  /** What went wrong last, until something goes well again. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#resourceVersion ??= await this.#list(signal);
        await this.#watch(this.#resourceVersion, signal);
        this.#lastError = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (this.#options.optional && isUnknownKind(error)) await this.#awaitKind(signal);
        else await this.#recover(error instanceof Error ? error : new Error(String(error)), signal);
      }
    }
  }

  async #recover(failure: Error, signal: AbortSignal): Promise<void> {
    const { clock, log, name } = this.#options;
    const isLost = isPositionLost(failure);
    if (isLost) this.#resourceVersion = undefined;
    this.#lastError = failure;
    const backoff = isLost ? this.#relistBackoff : this.#backoff;
    const delayMs = backoff.next(failure instanceof ApiError ? failure.retryAfterMs : undefined);
    log.log(isLost ? 'info' : 'warn', isLost ? 'listing again' : 'list or watch failed', {
      informer: name,
      error: failure.message,
      retryInMs: Math.round(delayMs),
    });
    // Rejects only when the signal aborts, which ends the loop.
    await clock.sleep(delayMs, signal).catch(() => {});
  }

  async #awaitKind(signal: AbortSignal): Promise<void> {
    const { clock, random, sink } = this.#options;
    this.#resourceVersion = undefined;
    this.#lastError = undefined;
    sink.replace([], '0');
    await clock.sleep(kindRecheckMs * (0.9 + 0.2 * random()), signal).catch(() => {});
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { resource, sink, clock, metrics } = this.#options;
    const started = clock.monotonic();
    try {
      const { objects, resourceVersion } = await this.#listPages(signal);
      sink.replace(objects, resourceVersion);
      this.#lastError = undefined;
      metrics.listFinished(metricName(resource), {
        objects: objects.length,
        durationMs: clock.monotonic() - started,
      });
      metrics.objectsHeld(metricName(resource), sink.size());
      return resourceVersion;
    } catch (error) {
      if (!signal.aborted) metrics.listFailed(metricName(resource));
      throw error;
    }
  }

  async #listPages(signal: AbortSignal): Promise<{ objects: readonly T[]; resourceVersion: string }> {
    const { transport, resource, selection, sink, pageSize } = this.#options;
    const objects: T[] = [];
    let next: string | undefined;
    let resourceVersion: string;
    do {
      const page = await listPage(transport, resource, selection, {
        limit: pageSize,
        continue: next,
        signal,
        timeoutMs: pageTimeoutMs,
      });
      for (const item of page.items) {
        const object = sink.prepare(item);
        if (object !== undefined) objects.push(object);
      }
      ({ continue: next, resourceVersion } = page);
      if (next !== undefined) await nextTurn();
    } while (next !== undefined);
    return { objects, resourceVersion };
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { transport, resource, selection, sink, clock, random, metrics, name } = this.#options;
    const started = clock.monotonic();
    let failed = true;
    let heard = false;
    try {
      const timeoutSeconds = 300 + Math.floor(random() * 300);
      const watch = await openWatch(transport, resource, selection, { resourceVersion, timeoutSeconds, signal });
      const silence = this.#guardSilence(watch);
      try {
        for await (const batch of watch.batches) {
          silence.heard();
          for (const event of batch) this.#take(event);
          heard ||= batch.length > 0;
        }
      } finally {
        silence.stop();
      }
      if (!heard && clock.monotonic() - started < shortestHealthyWatchMs) {
        throw new NetworkError('CONNECTION_RESET', `${name}: the watch ended as soon as it had begun`);
      }
      failed = false;
    } finally {
      metrics.watchEnded(metricName(resource), { failed: failed && !signal.aborted });
      metrics.objectsHeld(metricName(resource), sink.size());
    }
  }

  #take(event: WatchEvent<T>): void {
    const position = this.#resourceVersion ?? '';
    const resourceVersion =
      event.type === 'BOOKMARK' ? event.resourceVersion : (event.object.metadata?.resourceVersion ?? '');
    const isNews = compareResourceVersions(resourceVersion, position) > 0;
    if (isNews) this.#resourceVersion = resourceVersion;
    // A repeated or late event could bring back an object whose deletion has passed.
    if (isNews || event.type === 'DELETED') this.#options.sink.observe(event, this.#resourceVersion ?? resourceVersion);
  }

  /**
   * Ends a watch on which nothing has been heard for too long, and gives its position up. A half-open connection reports
   * no error; and kube-apiserver accepts a watch from a position that lies in its future, as after a restore of etcd
   * from a backup, and says nothing at all until it gets there.
   */
  #guardSilence(watch: Watch<T>): { heard(): void; stop(): void } {
    const { clock, name } = this.#options;
    let last = clock.monotonic();
    let cancel = (): void => {};
    const arm = (ms: number): void => {
      cancel = clock.setTimeout(() => {
        const left = last + silenceLimitMs - clock.monotonic();
        if (left > 0) {
          arm(left);
          return;
        }
        this.#resourceVersion = undefined;
        watch.abort(new NetworkError('TIMEOUT', `${name}: not even a bookmark in ${silenceLimitMs} ms`));
      }, ms);
    };
    arm(silenceLimitMs);
    return {
      heard: () => {
        last = clock.monotonic();
      },
      stop: () => cancel(),
    };
  }
}

/**
 * Whether the resourceVersion is of no use any more: forgotten (410), or unknown to this server, as after a restore of
 * etcd from a backup (`ResourceVersionTooLarge`) or a replaced server (400).
 */
function isPositionLost(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return (
    error.isGone ||
    error.status === 400 ||
    error.details.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') === true
  );
}

// A collection of a kind that exists is never 404, not even in a namespace that does not exist.
function isUnknownKind(error: unknown): boolean {
  return error instanceof ApiError && error.isNotFound;
}

function metricName(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}
