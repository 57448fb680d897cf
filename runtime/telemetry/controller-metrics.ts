import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ControllerMetrics, QueueSnapshot } from '../controller/metrics.ts';

/** The buckets of `controller_runtime_reconcile_time_seconds` (controller-runtime: pkg/internal/controller/metrics). */
export const reconcileBuckets: number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

// From 10 ns, as client-go's: a queue is often that fast there, and dashboards name the bounds.
const queueBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1_000];

/** `controller_runtime_*` and `workqueue_*`, labelled by controller. */
export function createControllerMetrics(registry: Registry): ControllerMetrics {
  const registers = [registry];
  const byController = { registers, labelNames: ['controller'] as const };
  const byQueue = { registers, labelNames: ['name', 'controller'] as const };
  const reconciles = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Passes per controller and result',
    registers,
    labelNames: ['controller', 'result'],
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Passes that failed',
    ...byController,
  });
  const terminalErrors = new Counter({
    name: 'controller_runtime_terminal_reconcile_errors_total',
    help: 'Passes that failed in a way that retrying cannot heal',
    ...byController,
  });
  const timeouts = new Counter({
    name: 'controller_runtime_reconcile_timeouts_total',
    help: 'Passes that ran out of time',
    ...byController,
  });
  const durations = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of a pass',
    buckets: reconcileBuckets,
    ...byController,
  });
  const maximum = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Workers of a controller',
    ...byController,
  });
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Workers that are busy now',
    ...byController,
  });
  const staleSkips = new Counter({
    name: 'capi_reconcile_stale_cache_skips_total',
    help: 'Passes put off because a cache had not yet seen our own writes',
    ...byController,
  });
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys added to the queue', ...byQueue });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Keys added again after a failure',
    ...byQueue,
  });
  const waits = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'From ready to taken by a worker',
    buckets: queueBuckets,
    ...byQueue,
  });
  const work = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'From taken by a worker to done',
    buckets: queueBuckets,
    ...byQueue,
  });
  const queues = registerQueueGauges(registers);
  const queue = (controller: string): { name: string; controller: string } => ({ name: controller, controller });
  return {
    registered: (controller, workers, snapshot) => {
      queues.set(controller, snapshot);
      maximum.set({ controller }, workers);
      active.set({ controller }, 0);
      for (const counter of [errors, terminalErrors, timeouts, staleSkips]) counter.inc({ controller }, 0);
      for (const result of ['success', 'error', 'requeue', 'requeue_after']) reconciles.inc({ controller, result }, 0);
      for (const counter of [adds, retries]) counter.inc(queue(controller), 0);
    },
    activeWorkers: (controller, count) => active.set({ controller }, count),
    reconciled: (controller, result, seconds) => {
      reconciles.inc({ controller, result });
      durations.observe({ controller }, seconds);
    },
    reconcileError: (controller, { terminal }) => {
      errors.inc({ controller });
      if (terminal) terminalErrors.inc({ controller });
    },
    reconcileTimeout: (controller) => timeouts.inc({ controller }),
    staleCacheSkip: (controller) => staleSkips.inc({ controller }),
    queueAdd: (controller) => adds.inc(queue(controller)),
    queueRetry: (controller) => retries.inc(queue(controller)),
    queueWait: (controller, seconds) => waits.observe(queue(controller), seconds),
    queueWork: (controller, seconds) => work.observe(queue(controller), seconds),
  };
}

/** Gauges that are read from the queues at the moment of a scrape. */
function registerQueueGauges(registers: Registry[]): Map<string, () => QueueSnapshot> {
  const queues = new Map<string, () => QueueSnapshot>();
  const gauge = (name: string, help: string, read: (snapshot: QueueSnapshot) => number): void => {
    const created: Gauge<'name' | 'controller'> = new Gauge({
      name,
      help,
      registers,
      labelNames: ['name', 'controller'],
      collect: () => {
        for (const [controller, snapshot] of queues) created.set({ name: controller, controller }, read(snapshot()));
      },
    });
  };
  gauge('workqueue_depth', 'Keys ready to be worked on', ({ depth }) => depth);
  gauge(
    'workqueue_unfinished_work_seconds',
    'Sum of the ages of the passes under way',
    ({ unfinishedWorkSeconds }) => unfinishedWorkSeconds,
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'Age of the oldest pass under way',
    ({ longestRunningProcessorSeconds }) => longestRunningProcessorSeconds,
  );
  return queues;
}
