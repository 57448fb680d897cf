import { canonicalHash } from './canonical.ts';
import type { CallOptions, Writer } from './client.ts';
import { withTypeMeta } from './list-page.ts';
import type { KubeObject, Resource } from './resource.ts';
import { isSubset } from './subset.ts';
import type { Written } from './status-patch.ts';

export interface ApplierOptions {
  /** One per controller; what it stops mentioning is removed by the server (Kubernetes: server-side apply). */
  readonly fieldManager: string;
  /** Annotation on every applied object that holds the hash of what was last applied. */
  readonly hashAnnotation: string;
  /** Pairs of live and desired object remembered as equal. Default 20 000. */
  readonly memoSize?: number;
}

export interface Applier {
  /**
   * Brings an object to its desired state by server-side apply of the full desired object, or does nothing when `live`
   * (as read from a cache or from the server; undefined when absent) is known to be there already. Nothing is to be
   * done when both hold:
   * - the hash annotation of `live` is that of `desired`, so nothing that was applied earlier has to be taken away;
   * - `live` still holds everything that `desired` asks for, so nobody has changed our fields.
   *
   * The rule needs no memory, so a restarted process writes nothing to a settled system. What memory adds: an object
   * that the server stores in another form than it was sent (a default, a rounded quantity) is applied once more per
   * change of it, not in every pass.
   *
   * `changed` tells whether the stored object differs from `live`. Throws as `Writer.apply` does.
   */
  apply<T extends KubeObject>(
    client: Pick<Writer, 'apply'>,
    resource: Resource<T>,
    desired: T,
    live: T | undefined,
    options?: CallOptions & { readonly force?: boolean },
  ): Promise<Written<T>>;
}

export function createApplier(options: ApplierOptions): Applier {
  const { fieldManager, hashAnnotation } = options;
  const settled = boundedSet(options.memoSize ?? 20_000);

  return {
    async apply(client, resource, desired, live, callOptions) {
      const typed = withTypeMeta(resource, desired);
      const hash = canonicalHash(typed);
      if (live !== undefined) {
        const pair = pairKey(resource, live, hash);
        if (settled.has(pair)) return { object: live, changed: false };
        if (live.metadata?.annotations?.[hashAnnotation] === hash && isSubset(typed, live, resource)) {
          settled.add(pair);
          return { object: live, changed: false };
        }
      }
      const object = await client.apply(resource, withAnnotation(typed, hashAnnotation, hash), {
        ...callOptions,
        fieldManager,
      });
      // The server has just merged all of `desired` into it: at this resourceVersion there is nothing left to do.
      settled.add(pairKey(resource, object, hash));
      return { object, changed: object.metadata?.resourceVersion !== live?.metadata?.resourceVersion };
    },
  };
}

function withAnnotation<T extends KubeObject>(object: T, name: string, value: string): T {
  const annotations = { ...object.metadata?.annotations, [name]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function pairKey(resource: Resource, live: KubeObject, hash: string): string {
  return [resource.plural, resource.group, live.metadata?.uid, live.metadata?.resourceVersion, hash].join('|');
}

interface BoundedSet {
  has(key: string): boolean;
  add(key: string): void;
}

// Keeps the keys that were used last; a Set iterates in the order of insertion.
function boundedSet(limit: number): BoundedSet {
  const keys = new Set<string>();
  return {
    has(key) {
      if (!keys.delete(key)) return false;
      keys.add(key);
      return true;
    },
    add(key) {
      keys.add(key);
      if (keys.size <= limit) return;
      for (const oldest of keys) {
        keys.delete(oldest);
        break;
      }
    },
  };
}
