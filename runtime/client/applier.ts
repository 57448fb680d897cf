import { canonicalHash } from './canonical.ts';
import type { CallOptions, Reader, Writer } from './client.ts';
import { emptyingPatch } from './emptied-members.ts';
import { withTypeMeta } from './list-page.ts';
import type { KubeObject, Resource } from './resource.ts';
import { keyOf } from './resource.ts';
import { isSubset } from './subset.ts';
import type { Written } from './status-patch.ts';
import { takeOver } from './take-over.ts';

export interface ApplierOptions {
  /** One per controller; what it stops mentioning is removed by the server (Kubernetes: server-side apply). */
  readonly fieldManager: string;
  /** Annotation on every applied object that holds the hash of what was last applied. */
  readonly hashAnnotation: string;
  /** Pairs of live and desired object remembered as equal although they do not look so. Default 20 000. */
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
   * Where the server refuses to empty a member of a custom object (`emptyingPatch`), that is done by a merge patch first.
   *
   * `changed` tells whether the stored object differs from `live`. Throws as `Writer.apply` does.
   */
  apply<T extends KubeObject>(
    client: Pick<Writer, 'apply' | 'mergePatch'>,
    resource: Resource<T>,
    desired: T,
    live: T | undefined,
    options?: CallOptions & { readonly force?: boolean },
  ): Promise<Written<T>>;

  /**
   * Before the first apply over an object that other programs made and kept up: what they wrote and `apply` does not mention is
   * taken away by it (`takeOver`). Does nothing where the object has been applied before. Throws as `Writer.mergePatch` does.
   */
  succeed<T extends KubeObject>(
    client: Pick<Reader & Writer, 'get' | 'mergePatch'>,
    resource: Resource<T>,
    live: T,
    from: readonly string[],
    options?: CallOptions,
  ): Promise<void>;
}

export function createApplier(options: ApplierOptions): Applier {
  const { fieldManager, hashAnnotation } = options;
  const equal = boundedSet(options.memoSize ?? 20_000);

  return {
    async apply(client, resource, desired, live, callOptions) {
      const typed = withTypeMeta(resource, desired);
      const hash = canonicalHash(typed);
      if (live !== undefined) {
        const isLastWish = live.metadata?.annotations?.[hashAnnotation] === hash;
        const isThere = isLastWish && isSubset(typed, live, resource);
        if (isThere || equal.has(pairKey(resource, live, hash))) return { object: live, changed: false };
      }
      const wish = withAnnotation(typed, hashAnnotation, hash);
      const write = () => client.apply(resource, wish, { ...callOptions, fieldManager });
      const object = await write().catch(async (error: unknown) => {
        const patch = live === undefined ? undefined : emptyingPatch(wish, live, error);
        if (patch === undefined) throw error;
        await client.mergePatch(resource, keyOf(typed), patch, { ...callOptions, fieldManager });
        return write();
      });
      const changed = object.metadata?.resourceVersion !== live?.metadata?.resourceVersion;
      // An apply need not be the last: a member that is wanted empty is lost where it was not empty before. One that
      // changes nothing is; what looks as it was wanted need not be remembered.
      if (!changed && !isSubset(typed, object, resource)) equal.add(pairKey(resource, object, hash));
      return { object, changed };
    },

    async succeed(client, resource, live, from, callOptions) {
      if (live.metadata?.annotations?.[hashAnnotation] !== undefined) return;
      await takeOver(client, resource, keyOf(live), { fieldManager, from }, callOptions);
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
