import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LeaderElectionMetrics } from '../manager/leader-election.ts';
import type { ReviewMetrics } from '../server/review-server.ts';
import { reconcileBuckets } from './controller-metrics.ts';

/** `leader_election_master_status`, by Lease. */
export function createLeaderElectionMetrics(registry: Registry): LeaderElectionMetrics {
  const status = new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process leads',
    registers: [registry],
    labelNames: ['name'],
  });
  return { leading: (name, isLeader) => status.set({ name }, isLeader ? 1 : 0) };
}

/** `controller_runtime_webhook_*` by path and `certwatcher_*`. */
export function createAdmissionMetrics(registry: Registry): ReviewMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'controller_runtime_webhook_requests_total',
    help: 'Admission requests by path and HTTP status of the answer',
    registers,
    labelNames: ['webhook', 'code'],
  });
  const latency = new Histogram({
    name: 'controller_runtime_webhook_latency_seconds',
    help: 'Time to answer an admission request',
    buckets: reconcileBuckets,
    registers,
    labelNames: ['webhook'],
  });
  const inFlight = new Gauge({
    name: 'controller_runtime_webhook_requests_in_flight',
    help: 'Admission requests that are being answered',
    registers,
    labelNames: ['webhook'],
  });
  const reads = new Counter({
    name: 'certwatcher_read_certificate_total',
    help: 'Serving certificates taken into use or refused',
    registers,
  });
  const readErrors = new Counter({
    name: 'certwatcher_read_certificate_errors_total',
    help: 'Serving certificates refused',
    registers,
  });
  return {
    started: (webhook) => inFlight.inc({ webhook }),
    finished: (webhook, code, seconds) => {
      inFlight.dec({ webhook });
      requests.inc({ webhook, code });
      latency.observe({ webhook }, seconds);
    },
    certificateRead: (ok) => {
      reads.inc();
      readErrors.inc(ok ? 0 : 1);
    },
  };
}
