import type { Logger } from 'winston';
import type { Selection } from '../client/list-page.ts';
import { apiVersionOf } from '../client/resource.ts';
import type { KubeObject, Resource } from '../client/resource.ts';
import type { Transport } from '../client/transport.ts';
import { abortReason } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Cache, Informer, InformerOptions } from './informer.ts';
import { noCacheMetrics } from './metrics.ts';
import type { CacheMetrics } from './metrics.ts';
import { Reflector } from './reflector.ts';
import { SharedInformer } from './shared-informer.ts';

export interface CacheDependencies {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Uniform in [0, 1); spreads watch time-outs and retries. */
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics?: CacheMetrics;
  /** Of namespaced kinds only what is in here, unless an informer names a namespace itself. Default: everything. */
  readonly namespace?: string;
  /** Deep-freeze every object, so that mutating one throws. Default: only under Node's test runner. */
  readonly freeze?: boolean;
  /** Objects per page of a list. Default 500. */
  readonly pageSize?: number;
  /** Default 120 000. */
  readonly syncTimeoutMs?: number;
}

/** Some informers did not sync in time; the message names them and what went wrong last. */
export class CacheSyncError extends Error {
  readonly code = 'CACHE_NOT_SYNCED';
}

export function createCache(dependencies: CacheDependencies): Cache {
  const { transport, clock, random, log, namespace, pageSize = 500, syncTimeoutMs = 120_000 } = dependencies;
  const metrics = dependencies.metrics ?? noCacheMetrics;
  const freeze = dependencies.freeze ?? process.env['NODE_TEST_CONTEXT'] !== undefined;
  const entries = new Map<string, Entry>();
  let started = false;

  const declare = <T extends KubeObject>(resource: Resource<T>, options: InformerOptions<T>): SharedInformer<T> => {
    const name = selectionName(resource, options);
    const informer = new SharedInformer({ name, resource, options, freeze, log });
    const reflector = new Reflector({
      name,
      transport,
      resource,
      selection: options,
      optional: informer.optional,
      sink: informer,
      clock,
      random,
      log,
      metrics,
      pageSize,
    });
    entries.set(name, { informer, reflector });
    return informer;
  };

  return {
    informer<T extends KubeObject>(resource: Resource<T>, given: InformerOptions<T> = {}): Informer<T> {
      const options = namespace === undefined || !resource.namespaced ? given : { namespace, ...given };
      if (started) throw new TypeError(`informer for ${resource.plural} declared after the cache was started`);
      const present = entries.get(selectionName(resource, options))?.informer;
      // The name contains group and plural, and those determine T.
      const informer = (present as unknown as SharedInformer<T> | undefined) ?? declare(resource, options);
      if (informer.transform !== options.transform) {
        throw new TypeError(`informer '${informer.name}' is declared twice, with different transforms`);
      }
      if (informer.optional !== (options.optional ?? false)) {
        throw new TypeError(`informer '${informer.name}' is declared twice, as optional and as not`);
      }
      informer.addIndexes(options.indexes);
      return informer;
    },

    informersOf: ({ group, plural }) =>
      [...entries.values()]
        .map((entry) => entry.informer)
        .filter(({ resource }) => resource.group === group && resource.plural === plural),

    async start(signal) {
      if (started) throw new TypeError('the cache was started before');
      started = true;
      await Promise.all([...entries.values()].map(({ reflector }) => reflector.run(signal)));
    },

    waitForSync: (signal) =>
      new Promise((resolve, reject) => {
        const cancel = clock.setTimeout(() => finish(() => reject(notSynced(entries.values()))), syncTimeoutMs);
        const onAbort = (): void => finish(() => reject(abortReason(signal)));
        const finish = (settle: () => void): void => {
          cancel();
          signal.removeEventListener('abort', onAbort);
          settle();
        };
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
        const all = Promise.all([...entries.values()].map(({ informer }) => informer.synced));
        void all.then(() => finish(resolve));
      }),
  };
}

interface Entry {
  readonly informer: Informer<KubeObject> & { readonly name: string; readonly synced: Promise<void> };
  readonly reflector: { readonly lastError: Error | undefined; run(signal: AbortSignal): Promise<void> };
}

function selectionName(resource: Resource, options: Selection): string {
  const parts = [
    options.namespace === undefined ? undefined : `namespace ${options.namespace}`,
    options.labelSelector === undefined ? undefined : `labels ${options.labelSelector}`,
    options.fieldSelector === undefined ? undefined : `fields ${options.fieldSelector}`,
    options.metadataOnly === true ? 'metadata only' : undefined,
  ].filter((part) => part !== undefined);
  const suffix = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `${apiVersionOf(resource)} ${resource.plural}${suffix}`;
}

function notSynced(entries: Iterable<Entry>): CacheSyncError {
  const late = [...entries]
    .filter(({ informer }) => !informer.hasSynced())
    .map(({ informer, reflector }) => `${informer.name}: ${reflector.lastError?.message ?? 'no answer yet'}`);
  return new CacheSyncError(`caches did not sync in time: ${late.join('; ')}`);
}
