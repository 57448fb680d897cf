import type { ApiObject } from './object.ts';

/** One write: what an object was before and is after it. Deleted objects have no `after`, new ones no `before`. */
export interface Change {
  readonly revision: bigint;
  /** `group/plural` */
  readonly collection: string;
  /** `namespace/name`, or the bare name. */
  readonly key: string;
  readonly before: ApiObject | undefined;
  readonly after: ApiObject | undefined;
}

export interface StoreOptions {
  /** The revision before the first write. */
  readonly revision: bigint;
  readonly historyLimit: number;
}

/**
 * All objects under one counter of revisions (etcd's view of the world), with the last changes, from which earlier
 * states can be had until they are compacted away.
 */
export class Store {
  readonly #collections = new Map<string, Collection>();
  readonly #historyLimit: number;
  #history: Change[] = [];
  #revision: bigint;
  /** The oldest revision whose state is still known. */
  #compacted: bigint;
  readonly #listeners: ((change: Change) => void)[] = [];

  constructor({ revision, historyLimit }: StoreOptions) {
    this.#revision = revision;
    this.#compacted = revision;
    this.#historyLimit = historyLimit;
  }

  get revision(): bigint {
    return this.#revision;
  }

  get compacted(): bigint {
    return this.#compacted;
  }

  get(collection: string, key: string): ApiObject | undefined {
    return this.#collections.get(collection)?.objects.get(key);
  }

  /** Objects in order of their keys; with a prefix only those whose keys begin with it. */
  list(collection: string, prefix = ''): readonly ApiObject[] {
    return this.#collections.get(collection)?.list(prefix) ?? [];
  }

  collections(): readonly string[] {
    return [...this.#collections.keys()].toSorted();
  }

  /** Stores a copy that carries the new revision, and returns it. */
  put(collection: string, key: string, object: ApiObject): ApiObject {
    const revision = ++this.#revision;
    const after = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    const held = this.#collection(collection);
    const before = held.objects.get(key);
    held.put(key, after);
    this.#record({ revision, collection, key, before, after });
    return after;
  }

  /** Takes an object away; what it was goes back to the caller, under the revision of its deletion. */
  delete(collection: string, key: string): ApiObject | undefined {
    const held = this.#collection(collection);
    const before = held.objects.get(key);
    if (before === undefined) return undefined;
    const revision = ++this.#revision;
    held.delete(key);
    this.#record({ revision, collection, key, before, after: undefined });
    return { ...before, metadata: { ...before.metadata, resourceVersion: String(revision) } };
  }

  /** The changes after a revision, oldest first; undefined when some of them are forgotten. */
  changesSince(revision: bigint): readonly Change[] | undefined {
    if (revision < this.#compacted) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#history[middle]?.revision ?? 0n) > revision) high = middle;
      else low = middle + 1;
    }
    return this.#history.slice(low);
  }

  /** A collection as it was at a revision, in order of keys; undefined when that is forgotten. */
  listAt(collection: string, prefix: string, revision: bigint): readonly ApiObject[] | undefined {
    const since = this.changesSince(revision);
    if (since === undefined) return undefined;
    if (since.length === 0) return this.list(collection, prefix);
    const then = new Map(this.#collections.get(collection)?.objects);
    for (const change of since.toReversed()) {
      if (change.collection !== collection) continue;
      if (change.before === undefined) then.delete(change.key);
      else then.set(change.key, change.before);
    }
    return [...then.entries()]
      .filter(([key]) => key.startsWith(prefix))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Has each change told to `listener`, right after it. */
  subscribe(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  /** Forgets all history. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  #record(change: Change): void {
    this.#history.push(change);
    const forgotten = this.#history[this.#history.length - this.#historyLimit - 1];
    if (forgotten !== undefined) this.#compacted = forgotten.revision;
    // In batches: taking the first element off a long array costs as much as copying it.
    if (this.#history.length > 2 * this.#historyLimit) this.#history = this.#history.slice(-this.#historyLimit);
    for (const listener of this.#listeners) listener(change);
  }

  #collection(name: string): Collection {
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      collection = new Collection();
      this.#collections.set(name, collection);
    }
    return collection;
  }
}

class Collection {
  readonly objects = new Map<string, ApiObject>();
  /** Keys in order, made when first asked for after a key came or went. */
  #sorted: string[] | undefined;

  put(key: string, object: ApiObject): void {
    if (!this.objects.has(key)) this.#sorted = undefined;
    this.objects.set(key, object);
  }

  delete(key: string): void {
    if (this.objects.delete(key)) this.#sorted = undefined;
  }

  list(prefix: string): readonly ApiObject[] {
    this.#sorted ??= [...this.objects.keys()].toSorted();
    const found: ApiObject[] = [];
    for (let index = firstAtLeast(this.#sorted, prefix); index < this.#sorted.length; index++) {
      const key = this.#sorted[index] ?? '';
      if (!key.startsWith(prefix)) break;
      const object = this.objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }
}

function firstAtLeast(sorted: readonly string[], wanted: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
