import { setTimeout as sleep } from 'node:timers/promises';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { createCache } from '#runtime/cache/cache.ts';
import { configMaps } from '#runtime/client/builtin.ts';
import { systemClock } from '#runtime/clock.ts';
import { defineMeasurement } from '../measurement.ts';
import { type Access, openTransport, silence, stockConfig } from './access.ts';
import { peakMemory, restartPeakMemory, startEffort } from './effort.ts';
import { observeWatches } from './open-watches.ts';

export interface ReconnectStormInput {
  /**
   * `ours`: informers of one cache. `stock`: client-node's informers as they are. `stock-restarted`: the same, each started
   * again 5 s after an error, as client-node's example does.
   */
  readonly variant: 'ours' | 'stock' | 'stock-restarted';
  readonly access: Access;
  readonly namespace: string;
  readonly watches: number;
  /** How long after the server is back it may take. */
  readonly limitSeconds: number;
}

export interface ReconnectStormOutput {
  /** Seconds from the death of the old server until all watches were open again; to the end when they never were. */
  readonly seconds: number;
  /** Seconds that the server itself took to be ready again. */
  readonly serverSeconds: number;
  /** Watches open at the end. */
  readonly open: number;
  /** Connections made since the old server was killed, each with its TLS handshake. */
  readonly handshakes: number;
  /** Requests sent in that time: lists and watches. */
  readonly requests: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** What happened meanwhile, in milliseconds since the epoch. */
export interface Restarted {
  readonly killedAt: number;
  readonly readyAt: number;
}

const openLimitMs = 180_000;

/** Opens the watches, one selection each, pauses for the server to be killed and started again, and looks on. */
export const measurement = defineMeasurement<ReconnectStormInput, ReconnectStormOutput, { open: number }, Restarted>(
  import.meta.url,
  async (input, pause) => {
    // In every variant, as in the manager, so that the processes begin with the same memory.
    await import('@kubernetes/client-node');
    const observed = observeWatches();
    await starters[input.variant](input);
    const deadline = performance.now() + openLimitMs;
    while (observed.open() < input.watches) {
      if (performance.now() > deadline) throw new Error(`only ${observed.open()} watches could be opened`);
      await sleep(20);
    }
    const before = { connections: observed.connections(), requests: observed.requests() };
    restartPeakMemory();
    const stop = startEffort();
    observed.awaitOpen(input.watches);
    const { killedAt, readyAt } = await pause({ open: observed.open() });
    const until = readyAt + input.limitSeconds * 1000;
    while (observed.allOpenAt() === undefined && Date.now() < until) await sleep(20);
    const allOpenAt = observed.allOpenAt() ?? until;
    return {
      seconds: (allOpenAt - killedAt) / 1000,
      serverSeconds: (readyAt - killedAt) / 1000,
      open: observed.open(),
      handshakes: observed.connections() - before.connections,
      requests: observed.requests() - before.requests,
      cpuSeconds: stop().cpuSeconds,
      peakMiB: peakMemory(),
    };
  },
);

const starters: Readonly<Record<ReconnectStormInput['variant'], (input: ReconnectStormInput) => Promise<void>>> = {
  async ours({ access, namespace, watches }) {
    const transport = openTransport(access, 4);
    const cache = createCache({ transport, clock: systemClock, random: Math.random, log: silence() });
    for (let n = 0; n < watches; n++) cache.informer(configMaps, { namespace, labelSelector: `bench=${n}` });
    const { signal } = new AbortController();
    void cache.start(signal);
    await cache.waitForSync(signal);
  },
  stock: (input) => startStock(input, undefined),
  'stock-restarted': (input) => startStock(input, 5_000),
};

async function startStock(
  { access, namespace, watches }: ReconnectStormInput,
  restartAfterMs: number | undefined,
): Promise<void> {
  const { CoreV1Api, makeInformer } = await import('@kubernetes/client-node');
  const config = await stockConfig(access);
  const api = config.makeApiClient(CoreV1Api);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  for (let n = 0; n < watches; n++) {
    const labelSelector = `bench=${n}`;
    const list = () => api.listNamespacedConfigMap({ namespace, labelSelector });
    const informer = makeInformer<V1ConfigMap>(config, path, list, labelSelector);
    informer.on('error', () => {
      if (restartAfterMs !== undefined) setTimeout(() => void informer.start(), restartAfterMs);
    });
    // One after the other, so that the beginning is no storm too.
    await informer.start();
  }
}
