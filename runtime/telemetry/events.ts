import { hash, randomBytes } from 'node:crypto';
import type { Logger } from 'winston';
import { type Event, events } from '../client/builtin.ts';
import type { CallOptions, Client } from '../client/client.ts';
import { ApiError, NetworkError } from '../client/errors.ts';
import { type KubeObject, keyOf } from '../client/resource.ts';
import type { Clock } from '../clock.ts';
import { microTime } from '../micro-time.ts';
import { TokenBuckets } from './token-buckets.ts';

/** Something a user should find under `kubectl describe` or `kubectl events`. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** Why, in one UpperCamelCase word that scripts may match, e.g. `DataStoreMissing`. */
  readonly reason: string;
  /** What the controller did or tried, in one UpperCamelCase word, e.g. `Reconcile`. */
  readonly action: string;
  /** For people; cut at 1 024 characters. */
  readonly note: string;
}

/** Writes Events about objects. Nothing that a caller does depends on it. */
export interface EventRecorder {
  /**
   * Records that this happened to `regarding` and returns at once; a failure is only logged. The same note about the
   * same object becomes one Event with a series that counts, as long as no 6 minutes pass without it.
   */
  record(regarding: KubeObject, event: EventNote): void;
  /** Writes what is still to be written, until the signal aborts. Later notes are dropped. */
  close(signal: AbortSignal): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: Pick<Client, 'create' | 'mergePatch'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** `reportingController`, a qualified name such as `kamaji.clastix.io/manager`. */
  readonly controller: string;
  /** `reportingInstance`: the pod. */
  readonly instance: string;
}

const seriesIdleMs = 6 * 60_000;
// Only series and full buckets wait for it, and only while there are any.
const sweepMs = 60_000;
// Repetitions are written together; people look at the count, not at each step.
const seriesFlushMs = 10_000;
// Per object, as client-go's event correlator.
const burst = 25;
const refillMs = 300_000;
const maxWaiting = 1_000;
const maxNoteLength = 1_024;
const callTimeoutMs = 10_000;
const maxAttempts = 3;

/** A recorder for `events.k8s.io/v1` (Kubernetes: `client-go/tools/events`). */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new SeriesRecorder(options);
}

/**
 * One kind of note about one object. It is kept for minutes after it was written, and there may be thousands: of the Event that
 * stands for it only what cannot be made again from the next note.
 */
interface Series {
  readonly regardingKey: string;
  readonly name: string;
  readonly eventTime: string;
  count: number;
  /** Of `count`, how much the API server knows. */
  written: number;
  /** Monotonic, for the end of the series. */
  seenAt: number;
  /** For people. */
  lastObservedTime: string;
  /** Set while repetitions wait until they may be written. */
  unflushed: { readonly event: Event; readonly cancel: () => void } | undefined;
}

class SeriesRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #buckets: TokenBuckets;
  /** Written one after the other: an update must not overtake its creation. */
  readonly #waiting = new Map<Series, Event>();
  readonly #abort = new AbortController();
  #writing: Promise<void> | undefined;
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#buckets = new TokenBuckets(burst, refillMs, options.clock);
  }

  record(regarding: KubeObject, event: EventNote): void {
    if (this.#isClosed) return;
    const { clock, log } = this.#options;
    const note = event.note.slice(0, maxNoteLength);
    const regardingKey = regardingKeyOf(regarding);
    const { type, reason, action } = event;
    const key = hash('sha256', JSON.stringify([regardingKey, type, reason, action, note]), 'base64');
    const time = microTime(clock.now());
    const known = this.#series.get(key);
    if (known !== undefined && !this.#hasEnded(known)) {
      known.count += 1;
      known.seenAt = clock.monotonic();
      known.lastObservedTime = time;
      if (known.unflushed === undefined) {
        this.#flushLater(known, newEvent(regarding, { ...event, note }, known, this.#options), seriesFlushMs);
      }
      return;
    }
    if (this.#buckets.take(regardingKey) !== 'taken') {
      log.debug('too many events about one object', { regarding: regardingKey, reason });
      return;
    }
    const series: Series = {
      regardingKey,
      name: `${regarding.metadata?.name?.slice(0, 200) ?? ''}.${randomBytes(8).toString('hex')}`,
      eventTime: time,
      count: 1,
      written: 0,
      seenAt: clock.monotonic(),
      lastObservedTime: time,
      unflushed: undefined,
    };
    this.#series.set(key, series);
    this.#cancelSweep ??= clock.setTimeout(() => this.#sweep(), sweepMs);
    this.#enqueue(series, newEvent(regarding, { ...event, note }, series, this.#options));
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#isClosed = true;
    this.#cancelSweep?.();
    for (const series of this.#series.values()) {
      if (series.unflushed === undefined) continue;
      series.unflushed.cancel();
      this.#enqueue(series, series.unflushed.event);
    }
    const stop = (): void => this.#abort.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await this.#writing;
    signal.removeEventListener('abort', stop);
  }

  #hasEnded(series: Series): boolean {
    return series.unflushed === undefined && this.#options.clock.monotonic() - series.seenAt >= seriesIdleMs;
  }

  #sweep(): void {
    for (const [key, series] of this.#series) if (this.#hasEnded(series)) this.#series.delete(key);
    this.#buckets.forgetFull();
    const isEmpty = this.#buckets.size === 0 && this.#series.size === 0;
    this.#cancelSweep = isEmpty ? undefined : this.#options.clock.setTimeout(() => this.#sweep(), sweepMs);
  }

  #flushLater(series: Series, event: Event, ms: number): void {
    const cancel = this.#options.clock.setTimeout(() => this.#flush(series, event), ms);
    series.unflushed = { event, cancel };
  }

  #flush(series: Series, event: Event): void {
    const taken = this.#buckets.take(series.regardingKey);
    if (taken === 'taken') {
      series.unflushed = undefined;
      this.#enqueue(series, event);
    } else {
      this.#flushLater(series, event, taken);
    }
  }

  #enqueue(series: Series, event: Event): void {
    if (this.#waiting.size >= maxWaiting) {
      this.#options.log.warn('event dropped: too many wait to be written', { regarding: series.regardingKey });
      return;
    }
    this.#waiting.set(series, event);
    this.#writing ??= this.#writeAll();
  }

  // Never rejects: nobody waits for it but `close`.
  async #writeAll(): Promise<void> {
    const { log } = this.#options;
    for (const [series, event] of this.#waiting) {
      if (this.#abort.signal.aborted) {
        log.warn('events dropped: the time to write them is up', { count: this.#waiting.size });
        break;
      }
      this.#waiting.delete(series);
      try {
        await this.#writeWithRetries(series, event);
      } catch (error) {
        log.warn('event not written', { regarding: series.regardingKey, reason: event.reason, error });
      }
    }
    this.#writing = undefined;
  }

  async #writeWithRetries(series: Series, event: Event): Promise<void> {
    const { signal } = this.#abort;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#write(series, event, signal);
        return;
      } catch (error) {
        if (signal.aborted || attempt === maxAttempts || !isTransient(error)) throw error;
        await this.#options.clock.sleep(1_000 * attempt, signal);
      }
    }
  }

  async #write(series: Series, event: Event, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const call = { signal, timeoutMs: callTimeoutMs };
    const { count, lastObservedTime } = series;
    const repeated = count > 1 ? { series: { count, lastObservedTime } } : {};
    const isNew = series.written === 0 || !(await this.#isUpdated(event, repeated, call));
    if (isNew) {
      await client.create(events, { ...event, ...repeated }, call).catch((error: unknown) => {
        // The answer to an earlier attempt was lost.
        if (!(error instanceof ApiError && error.isAlreadyExists)) throw error;
      });
    }
    series.written = count;
  }

  /** False when the Event is gone: the API server keeps Events for an hour only. */
  async #isUpdated(event: Event, patch: object, call: CallOptions): Promise<boolean> {
    try {
      await this.#options.client.mergePatch(events, keyOf(event), patch, call);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.isNotFound) return false;
      throw error;
    }
  }
}

function newEvent(
  regarding: KubeObject,
  note: EventNote,
  series: Pick<Series, 'name' | 'eventTime'>,
  { controller, instance }: EventRecorderOptions,
): Event {
  const { name = '', namespace, uid } = regarding.metadata ?? {};
  return {
    // Those about objects without a namespace live in default.
    metadata: { namespace: namespace ?? 'default', name: series.name },
    eventTime: series.eventTime,
    reportingController: controller,
    reportingInstance: instance,
    regarding: {
      ...(regarding.apiVersion === undefined ? {} : { apiVersion: regarding.apiVersion }),
      ...(regarding.kind === undefined ? {} : { kind: regarding.kind }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      name,
    },
    ...note,
  };
}

function regardingKeyOf({ kind, metadata }: KubeObject): string {
  return `${kind ?? ''}/${metadata?.namespace ?? ''}/${metadata?.name ?? ''}/${metadata?.uid ?? ''}`;
}

function isTransient(error: unknown): boolean {
  return (
    error instanceof NetworkError || (error instanceof ApiError && (error.isTooManyRequests || error.status >= 500))
  );
}
