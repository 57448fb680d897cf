/** Outcome of one pass, as controller-runtime labels `controller_runtime_reconcile_total`. */
export type ReconcileResult = 'success' | 'error' | 'requeue_after';

/** State of a queue that can only be read at the moment of a scrape; seconds. */
export interface QueueSnapshot {
  /** Keys ready to be worked on. */
  readonly depth: number;
  /** Sum of the ages of the passes under way. */
  readonly unfinishedWorkSeconds: number;
  readonly longestRunningProcessorSeconds: number;
}

/**
 * What a controller reports; must not throw. Names follow controller-runtime's series. Durations are seconds.
 */
export interface ControllerMetrics {
  /** Once per controller, before it starts. `snapshot` serves the gauges of its queue. */
  registered(controller: string, workers: number, snapshot: () => QueueSnapshot): void;
  activeWorkers(controller: string, count: number): void;
  reconciled(controller: string, result: ReconcileResult, seconds: number): void;
  reconcileError(controller: string, kind: { readonly terminal: boolean }): void;
  reconcileTimeout(controller: string): void;
  /** A pass was put off because a cache had not yet seen our own writes (CAPI: `capi_reconcile_stale_cache_skips_total`). */
  staleCacheSkip(controller: string): void;
  /** workqueue_adds_total. */
  queueAdd(controller: string): void;
  /** workqueue_retries_total. */
  queueRetry(controller: string): void;
  /** workqueue_queue_duration_seconds: from ready to taken by a worker. */
  queueWait(controller: string, seconds: number): void;
  /** workqueue_work_duration_seconds. */
  queueWork(controller: string, seconds: number): void;
}

export const noControllerMetrics: ControllerMetrics = {
  registered: () => {},
  activeWorkers: () => {},
  reconciled: () => {},
  reconcileError: () => {},
  reconcileTimeout: () => {},
  staleCacheSkip: () => {},
  queueAdd: () => {},
  queueRetry: () => {},
  queueWait: () => {},
  queueWork: () => {},
};
