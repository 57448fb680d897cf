import { Registry, collectDefaultMetrics } from 'prom-client';
import type { CacheMetrics } from '../cache/metrics.ts';
import type { ClientMetrics } from '../client/metrics.ts';
import type { ControllerMetrics } from '../controller/metrics.ts';
import type { LeaderElectionMetrics } from '../manager/leader-election.ts';
import type { ReviewMetrics } from '../server/review-server.ts';
import { createClientMetrics, createCacheMetrics } from './client-metrics.ts';
import { createControllerMetrics } from './controller-metrics.ts';
import { createAdmissionMetrics, createLeaderElectionMetrics } from './server-metrics.ts';

/** The process's metrics: what each part of the runtime reports to, and the registry that a scrape reads. */
export interface Metrics {
  readonly registry: Registry;
  readonly client: ClientMetrics;
  readonly cache: CacheMetrics;
  readonly controller: ControllerMetrics;
  readonly leaderElection: LeaderElectionMetrics;
  readonly admission: ReviewMetrics;
}

/**
 * Metrics under the names of controller-runtime and client-go, so that dashboards made for those work, and Node's own
 * (event-loop lag, garbage collection, heap) under prom-client's. One per process.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    client: createClientMetrics(registry),
    cache: createCacheMetrics(registry),
    controller: createControllerMetrics(registry),
    leaderElection: createLeaderElectionMetrics(registry),
    admission: createAdmissionMetrics(registry),
  };
}
