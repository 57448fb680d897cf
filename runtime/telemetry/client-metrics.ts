import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CacheMetrics } from '../cache/metrics.ts';
import type { ClientMetrics } from '../client/metrics.ts';

/** `rest_client_*`; `host` is the class of a cluster, so that the number of series does not grow with the tenants. */
export function createClientMetrics(registry: Registry): ClientMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to API servers by status, method and class of cluster',
    registers,
    labelNames: ['code', 'method', 'host'],
  });
  const durations = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'From the call to the last byte of the answer, for streams to the headers',
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
    registers,
    labelNames: ['verb', 'host'],
  });
  return {
    requestFinished: ({ code, durationMs, host, method }) => {
      requests.inc({ code, method, host });
      durations.observe({ verb: method, host }, durationMs / 1000);
    },
  };
}

/** `reflector_*`, the names that client-go once had, labelled by resource. */
export function createCacheMetrics(registry: Registry): CacheMetrics {
  const byResource = { registers: [registry], labelNames: ['resource'] as const };
  const lists = new Counter({ name: 'reflector_lists_total', help: 'Full lists taken', ...byResource });
  const listFailures = new Counter({ name: 'reflector_list_errors_total', help: 'Lists that failed', ...byResource });
  const listDurations = new Histogram({
    name: 'reflector_list_duration_seconds',
    help: 'Length of a full list',
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
    ...byResource,
  });
  const watches = new Counter({ name: 'reflector_watches_total', help: 'Watches that have ended', ...byResource });
  const failures = new Counter({
    name: 'reflector_watch_errors_total',
    help: 'Watches that ended otherwise than announced',
    ...byResource,
  });
  const objects = new Gauge({ name: 'reflector_objects', help: 'Objects held in the cache', ...byResource });
  return {
    listFinished: (resource, { durationMs, objects: count }) => {
      lists.inc({ resource });
      listDurations.observe({ resource }, durationMs / 1000);
      objects.set({ resource }, count);
    },
    listFailed: (resource) => listFailures.inc({ resource }),
    watchEnded: (resource, { failed }) => {
      watches.inc({ resource });
      failures.inc({ resource }, failed ? 1 : 0);
    },
    objectsHeld: (resource, count) => objects.set({ resource }, count),
  };
}
