import type { V1Secret } from '@kubernetes/client-node';
import { createCache } from '#runtime/cache/cache.ts';
import { secrets } from '#runtime/client/builtin.ts';
import { systemClock } from '#runtime/clock.ts';
import { defineMeasurement } from '../measurement.ts';
import { type Access, openTransport, silence, stockConfig } from './access.ts';
import { type Effort, heapInUse, peakMemory, restartPeakMemory, startEffort } from './effort.ts';

export interface InitialSyncInput {
  /** `full`, `metadata`: ours. `stock`: client-node's. `read`: the limit, the same pages read and thrown away. */
  readonly variant: 'full' | 'metadata' | 'stock' | 'read';
  readonly access: Access;
  readonly objects: number;
}

export interface InitialSyncOutput extends Effort {
  /** Bytes that came, as JSON; only of `read`. */
  readonly bytes: number;
  /** What the cache keeps on the heap, per object. */
  readonly heapBytesPerObject: number;
  /** Resident memory of the process before, and its peak. */
  readonly residentMiB: number;
  readonly peakMiB: number;
}

/**
 * Fills a cache with all Secrets of the server. Everything is loaded before the measuring begins, client-node in every
 * variant: the manager has it too, for kubeconfigs, and so the processes begin with the same memory.
 */
export const measurement = defineMeasurement(
  import.meta.url,
  async ({ variant, access, objects }: InitialSyncInput): Promise<InitialSyncOutput> => {
    await import('@kubernetes/client-node');
    const sync = await variants[variant](access, objects);
    const heapBefore = heapInUse();
    const residentMiB = restartPeakMemory();
    const stop = startEffort();
    const { count, bytes = 0 } = await sync();
    const effort = stop();
    const peakMiB = peakMemory();
    if (count() !== objects) throw new Error(`the cache holds ${count()} of ${objects} objects`);
    const heapBytesPerObject = (heapInUse() - heapBefore) / objects;
    // Keeps the cache alive until its size is known.
    if (count() !== objects) throw new Error('objects came or went while the heap was measured');
    return { ...effort, bytes, heapBytesPerObject, residentMiB, peakMiB };
  },
);

type Sync = () => Promise<{ readonly count: () => number; readonly bytes?: number }>;

const variants: Readonly<
  Record<InitialSyncInput['variant'], (access: Access, objects: number) => Promise<Sync> | Sync>
> = {
  full: (access) => ours(access, false),
  metadata: (access) => ours(access, true),

  async stock(access, objects) {
    const { CoreV1Api, makeInformer } = await import('@kubernetes/client-node');
    const config = await stockConfig(access);
    const api = config.makeApiClient(CoreV1Api);
    const informer = makeInformer<V1Secret>(config, '/api/v1/secrets', () => api.listSecretForAllNamespaces());
    return async () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let added = 0;
      informer.on('add', () => {
        added += 1;
        if (added === objects) resolve();
      });
      informer.on('error', reject);
      await Promise.all([promise, informer.start()]);
      return { count: () => informer.list().length };
    };
  },

  read(access, objects) {
    const transport = openTransport(access, 4);
    return async () => {
      let bytes = 0;
      let next = '';
      do {
        const path = `/api/v1/secrets?limit=500${next === '' ? '' : `&continue=${next}`}`;
        const { body } = await transport.request({ method: 'GET', path });
        bytes += body.length;
        // Near the beginning of the answer; to parse it would be part of what is measured elsewhere.
        next = /"continue":"([^"]*)"/.exec(body.slice(0, 1_000))?.[1] ?? '';
      } while (next !== '');
      return { count: () => objects, bytes };
    };
  },
};

function ours(access: Access, metadataOnly: boolean): Sync {
  const transport = openTransport(access, 4);
  const cache = createCache({ transport, clock: systemClock, random: Math.random, log: silence() });
  const informer = cache.informer(secrets, { metadataOnly });
  const { signal } = new AbortController();
  return async () => {
    void cache.start(signal);
    await cache.waitForSync(signal);
    return { count: () => informer.list().length };
  };
}
