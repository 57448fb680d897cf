import { createLogger } from 'winston';
import { createCache } from '../cache/cache.ts';
import { configMaps } from '../client/builtin.ts';
import type { Client } from '../client/client.ts';
import { createClient } from '../client/kube-client.ts';
import { createTransport } from '../client/transport.ts';
import type { TransportOptions } from '../client/transport.ts';
import { systemClock } from '../clock.ts';
import { createController } from '../controller/controller.ts';
import { watchSource } from '../controller/sources.ts';
import { createAdmissionServer } from '../server/admission.ts';
import { createHealthServer } from '../server/health.ts';
import type { HealthServer } from '../server/health.ts';
import { createMetricsServer } from '../server/metrics-server.ts';
import { createEventRecorder } from '../telemetry/events.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createLeaderElector } from './leader-election.ts';
import { refuseWritesUnless } from './leadership.ts';
import { createManager } from './manager.ts';

export const lease = { namespace: 'default', name: 'managers' };
/** What a replica's controller looks after. */
export const labels = { test: 'managers' };

const log = createLogger({ silent: true });
const clock = systemClock;
const anyPort = { host: '127.0.0.1', port: 0 };

export interface ReplicaOptions {
  readonly syncTimeoutMs?: number;
  /** Default: any. */
  readonly healthPort?: number;
}

/**
 * A whole manager with everything that a product has: its one controller writes the manager's name into every ConfigMap
 * with the label `test=managers`, says so in an Event, and asks to come back in two months.
 */
export class Replica {
  readonly name: string;
  readonly client: Client;
  readonly health: HealthServer;
  readonly running: Promise<void>;
  readonly stopping = new AbortController();
  readonly #elector: ReturnType<typeof createLeaderElector>;

  constructor(
    name: string,
    connect: Pick<TransportOptions, 'server' | 'tls'>,
    { healthPort = 0, ...options }: ReplicaOptions = {},
  ) {
    this.name = name;
    const leaseTransport = createTransport({ ...connect, connections: 1 });
    const eventTransport = createTransport({ ...connect, connections: 1 });
    const metrics = createMetrics();
    this.#elector = createLeaderElector({
      client: createClient(leaseTransport),
      lease,
      identity: name,
      clock,
      log,
      leaseDurationMs: 3_000,
      renewDeadlineMs: 2_000,
      retryPeriodMs: 300,
    });
    const transport = createTransport({
      ...connect,
      metrics: metrics.client,
      beforeSend: refuseWritesUnless(this.#elector),
    });
    const client = createClient(transport);
    this.client = client;
    const recorder = createEventRecorder({
      client: createClient(eventTransport),
      clock,
      log,
      controller: 'example.com/stamp',
      instance: name,
    });
    const cache = createCache({ transport, clock, random: Math.random, log, metrics: metrics.cache, ...options });
    const informer = cache.informer(configMaps, { labelSelector: 'test=managers' });
    this.health = createHealthServer({ ...anyPort, port: healthPort, clock, log });
    const manager = createManager({
      cache,
      clock,
      log,
      leaderElection: this.#elector,
      servers: [
        this.health,
        createMetricsServer({ ...anyPort, registry: metrics.registry, log }),
        createAdmissionServer({ ...anyPort, log, metrics: metrics.admission }),
      ],
      closers: [
        { name: 'events', close: (signal) => recorder.close(signal) },
        ...[eventTransport, transport, leaseTransport].map((one) => ({
          name: 'transport',
          close: (signal: AbortSignal) => one.close(signal),
        })),
      ],
    });
    manager.add(
      createController(
        {
          name: 'stamp',
          sources: [watchSource(informer)],
          reconcile: async (key, context) => {
            const object = informer.get(key);
            if (object === undefined) return {};
            if (object.data?.['by'] === undefined) {
              await context.client.mergePatch(configMaps, key, { data: { by: name } });
              recorder.record(object, { type: 'Normal', reason: 'Stamped', action: 'Reconcile', note: `by ${name}` });
            }
            return { requeueAfterMs: 60 * 86_400_000 };
          },
        },
        { client, cache, clock, log, metrics: metrics.controller },
      ),
    );
    this.running = manager.run(this.stopping.signal);
    // Whoever asks later still gets the failure.
    this.running.catch(() => {});
  }

  leads(): boolean {
    return this.#elector.isLeader();
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('test'));
    await this.running;
  }
}
