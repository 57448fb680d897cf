import type { Logger } from 'winston';
import type { Client } from '../client/client.ts';
import type { KubeObject, ObjectKey } from '../client/resource.ts';
import type { Informer, InformerEvent } from '../cache/informer.ts';

/** What a successful pass asks for. */
export interface Result {
  /** Reconcile again after this many milliseconds even if nothing happens. */
  readonly requeueAfterMs?: number;
}

/** What a pass is given. */
export interface ReconcileContext {
  /** Aborts on the pass's time-out, on shutdown and on loss of the lease. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /**
   * Client bound to this key: its writes are remembered, and the next pass for the key is held back until the
   * caches have seen them, so that no decision is taken on a cache older than our own writes.
   */
  readonly client: Client;
}

/**
 * One level-triggered pass over the object named by `key`. Throwing means failure: the key is retried with exponential
 * back-off, unless the error is a TerminalError (logged and counted, retried only on the next event).
 */
export type Reconcile = (key: ObjectKey, context: ReconcileContext) => Promise<Result>;

/** A stream of keys that wakes a controller. */
export interface Source {
  /** Begins to deliver keys; returns the function that stops it. `priority` < 0 marks initial-list and periodic work. */
  start(
    enqueue: (key: ObjectKey, options?: { readonly priority?: number; readonly delayMs?: number }) => void,
  ): () => void;
  /** Informers that must have synced before workers start. */
  readonly informers: readonly Informer<KubeObject>[];
}

export interface WatchSourceOptions<T> {
  /** The keys to reconcile for an event; default: the object's own key. Called with both objects of an update. */
  readonly map?: (object: T) => readonly ObjectKey[];
  readonly predicate?: (event: InformerEvent<T>) => boolean;
}

export interface ControllerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly sources: readonly Source[];
  /** Workers. Default 10. */
  readonly concurrency?: number;
  /** Time-out of one pass in milliseconds. Default 60 000. */
  readonly timeoutMs?: number;
  /**
   * Least time between the starts of two passes over one key, in milliseconds; events in between are merged into one
   * pass at its end. Default 0: passes are only ever merged while one runs.
   */
  readonly minIntervalMs?: number;
}

/** A running set of workers over one queue. */
export interface Controller {
  readonly name: string;
  /**
   * Waits for the sources' informers, then works until the signal aborts. On abort it takes no further key, aborts the
   * passes under way and resolves when they have returned. Never rejects because of a pass. Call once.
   */
  start(signal: AbortSignal): Promise<void>;
}

/** A failure that retrying cannot heal: logged and counted, and not retried before the next event for the key. */
export class TerminalError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TerminalError';
    this.code = code;
  }
}
