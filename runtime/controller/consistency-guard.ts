import type { Logger } from 'winston';
import type { Cache, Informer } from '../cache/informer.ts';
import type { Client } from '../client/client.ts';
import { compareResourceVersions } from '../client/resource-version.ts';
import { keyOf, keyString } from '../client/resource.ts';
import type { KubeObject, ObjectKey, Resource } from '../client/resource.ts';
import type { Clock } from '../clock.ts';

export interface ConsistencyGuardOptions {
  readonly client: Client;
  readonly cache: Pick<Cache, 'informersOf'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Logger;
}

/** A cache that has not caught up with a write this long after it is no longer waited for. */
const longestWaitMs = 10_000;

/**
 * Remembers what each key's passes have written, so that the next pass does not start on a cache that is older than
 * our own writes and create a second time what it does not see yet (Cluster API: util/controller/consistency.go).
 *
 * Only informers that hold the written object, or will, are waited for: a write to a kind that is not cached, or of an
 * object outside an informer's selection, holds nothing back.
 */
export class ConsistencyGuard {
  readonly #options: ConsistencyGuardOptions;
  readonly #writes = new Map<string, WritesOfKey>();

  constructor(options: ConsistencyGuardOptions) {
    this.#options = options;
  }

  /** The client for one pass of one key. Its calls end with `signal` unless they bring their own. */
  bind(key: ObjectKey, signal: AbortSignal): Client {
    const { client } = this.#options;
    const written = async <T extends KubeObject>(resource: Resource<T>, call: Promise<T>): Promise<T> => {
      const object = await call;
      this.#wrote(key, resource, object);
      return object;
    };
    return {
      get: (resource, object, options) => client.get(resource, object, { signal, ...options }),
      list: (resource, options) => client.list(resource, { signal, ...options }),
      getRaw: (path, options) => client.getRaw(path, { signal, ...options }),
      create: (resource, object, options) => written(resource, client.create(resource, object, { signal, ...options })),
      replace: (resource, object, options) =>
        written(resource, client.replace(resource, object, { signal, ...options })),
      apply: (resource, object, options) => written(resource, client.apply(resource, object, { signal, ...options })),
      mergePatch: (resource, object, patch, options) =>
        written(resource, client.mergePatch(resource, object, patch, { signal, ...options })),
      delete: async (resource, object, options) => {
        const deleted = await client.delete(resource, object, { signal, ...options });
        this.#deleted(key, resource, object, options?.uid);
        return deleted;
      },
    };
  }

  /** What the caches have not yet seen of this key's writes, for a log line; undefined when nothing is missing. */
  missing(key: ObjectKey): string | undefined {
    const id = keyString(key);
    const writes = this.#writes.get(id);
    if (writes === undefined) return undefined;
    // All are asked each time: a deletion looks seen as long as the creation before it is not.
    const missing = writes.pending.filter((write) => !write.isSeen());
    if (missing.length === 0) {
      this.#writes.delete(id);
      return undefined;
    }
    const text = missing.map((write) => write.what).join(', ');
    if (this.#options.clock.monotonic() - writes.since <= longestWaitMs) return text;
    this.#writes.delete(id);
    this.#options.log.warn('cache has not seen own writes in time, going on without', { key: id, missing: text });
    return undefined;
  }

  #wrote(key: ObjectKey, resource: Resource, object: KubeObject): void {
    const resourceVersion = object.metadata?.resourceVersion;
    if (resourceVersion === undefined) return;
    if (isGoing(object)) {
      this.#deleted(key, resource, keyOf(object), object.metadata?.uid, true);
      return;
    }
    for (const informer of this.#options.cache.informersOf(resource)) {
      // An object that has just left the selection leaves the cache with the same resourceVersion.
      if (!informer.selects(object) && informer.get(keyOf(object)) === undefined) continue;
      this.#remember(key, {
        what: `${resource.kind} ${keyString(keyOf(object))} at ${resourceVersion}`,
        isSeen: () => compareResourceVersions(informer.observedResourceVersion() ?? '', resourceVersion) >= 0,
      });
    }
  }

  #deleted(key: ObjectKey, resource: Resource, object: ObjectKey, knownUid?: string, forGood = false): void {
    for (const informer of this.#options.cache.informersOf(resource)) {
      const uid = knownUid ?? informer.get(object)?.metadata?.uid;
      this.#remember(key, {
        what: `deletion of ${resource.kind} ${keyString(object)}`,
        isSeen: () => showsDeletion(informer, object, uid, forGood),
      });
    }
  }

  #remember(key: ObjectKey, write: PendingWrite): void {
    const id = keyString(key);
    const now = this.#options.clock.monotonic();
    const pending = this.#writes.get(id)?.pending ?? [];
    // Moves the key to the end, so that the oldest come first for the clean-up.
    this.#writes.delete(id);
    this.#writes.set(id, { pending: [...pending, write], since: now });
    for (const [oldId, { since }] of this.#writes) {
      if (now - since <= longestWaitMs) break;
      this.#writes.delete(oldId);
    }
  }
}

interface PendingWrite {
  readonly what: string;
  readonly isSeen: () => boolean;
}

interface WritesOfKey {
  readonly pending: readonly PendingWrite[];
  /** Monotonic time of the last write. */
  readonly since: number;
}

// A deleting object without finalizers and grace is removed by the very request that took the last finalizer away, and
// the answer carries a resourceVersion from before that.
function isGoing({ metadata }: KubeObject): boolean {
  return (
    metadata?.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0
  );
}

function showsDeletion(
  informer: Informer<KubeObject>,
  key: ObjectKey,
  uid: string | undefined,
  forGood: boolean,
): boolean {
  const metadata = informer.get(key)?.metadata;
  if (metadata === undefined) return true;
  if (uid !== undefined && metadata.uid !== uid) return true;
  return !forGood && metadata.deletionTimestamp !== undefined;
}
