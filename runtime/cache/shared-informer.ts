import type { Logger } from 'winston';
import { compareResourceVersions } from '../client/resource-version.ts';
import { keyOf, keyString } from '../client/resource.ts';
import type { KubeObject, ObjectKey, Resource } from '../client/resource.ts';
import type { WatchEvent } from '../client/watch.ts';
import { deepFreeze } from './freeze.ts';
import type { Informer, InformerEvent, InformerOptions } from './informer.ts';
import type { ReflectorSink } from './reflector.ts';
import { selectionMatcher } from './selector.ts';
import { Store } from './store.ts';

export interface SharedInformerOptions<T extends KubeObject> {
  readonly name: string;
  readonly resource: Resource<T>;
  readonly options: InformerOptions<T>;
  readonly freeze: boolean;
  readonly log: Logger;
}

/** The Informer that a reflector fills. */
export class SharedInformer<T extends KubeObject> implements Informer<T>, ReflectorSink<T> {
  readonly name: string;
  readonly resource: Resource<T>;
  readonly transform: InformerOptions<T>['transform'];
  readonly optional: boolean;
  /** Resolves when `hasSynced` has become true. */
  readonly synced: Promise<void>;
  readonly #store = new Store<T>();
  readonly #matches: (object: KubeObject) => boolean;
  readonly #handlers = new Set<(event: InformerEvent<T>) => void>();
  readonly #freeze: boolean;
  readonly #log: Logger;
  #markSynced: () => void = () => {};
  #hasSynced = false;
  #observed: string | undefined;

  constructor({ name, resource, options, freeze, log }: SharedInformerOptions<T>) {
    this.name = name;
    this.resource = resource;
    this.transform = options.transform;
    this.optional = options.optional ?? false;
    this.#matches = selectionMatcher(options);
    this.#freeze = freeze;
    this.#log = log;
    this.synced = new Promise((resolve) => {
      this.#markSynced = resolve;
    });
  }

  addIndexes(indexes: InformerOptions<T>['indexes']): void {
    for (const [name, values] of Object.entries(indexes ?? {})) this.#store.addIndex(name, values);
  }

  get(key: ObjectKey): T | undefined {
    return this.#store.get(key);
  }

  list(namespace?: string): readonly T[] {
    return this.#store.list(namespace);
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#store.byIndex(index, value);
  }

  hasSynced(): boolean {
    return this.#hasSynced;
  }

  observedResourceVersion(): string | undefined {
    return this.#observed;
  }

  selects(object: KubeObject): boolean {
    return this.#matches(object);
  }

  subscribe(handler: (event: InformerEvent<T>) => void): () => void {
    for (const object of this.#store.list()) this.#call(handler, { type: 'added', object, initial: true });
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  size(): number {
    return this.#store.size;
  }

  prepare(object: T): T | undefined {
    try {
      const slim = withoutManagedFields(object);
      const kept = this.transform === undefined ? slim : this.transform(slim);
      keyOf(kept);
      return this.#freeze ? deepFreeze(kept) : kept;
    } catch (error) {
      this.#log.error('transform failed, object left out', { informer: this.name, error });
      return undefined;
    }
  }

  replace(objects: readonly T[], resourceVersion: string): void {
    const initial = !this.#hasSynced;
    // After a restore from a backup, what is written anew may carry a resourceVersion that another content had before.
    const isRestored = this.#observed !== undefined && compareResourceVersions(resourceVersion, this.#observed) < 0;
    const present = new Set(objects.map((object) => keyString(keyOf(object))));
    for (const key of this.#store.keys()) if (!present.has(key)) this.#remove(key);
    for (const object of objects) this.#put(object, { initial, evenIfSame: isRestored });
    this.#observed = resourceVersion;
    this.#hasSynced = true;
    this.#markSynced();
  }

  observe(event: WatchEvent<T>, resourceVersion: string): void {
    if (event.type === 'DELETED') this.#observeDeleted(event.object);
    else if (event.type !== 'BOOKMARK') this.#observePresent(event.object);
    this.#observed = resourceVersion;
  }

  #observePresent(wire: T): void {
    const object = this.prepare(wire);
    if (object !== undefined) this.#put(object);
  }

  #observeDeleted(wire: T): void {
    const key = keyString(keyOf(wire));
    const old = this.#store.byKeyString(key);
    if (old === undefined || !sameUid(old, wire) || compareAge(wire, old) < 0) return;
    this.#remove(key, this.prepare(wire));
  }

  #put(object: T, { initial = false, evenIfSame = false } = {}): void {
    const key = keyString(keyOf(object));
    let old = this.#store.byKeyString(key);
    if (old !== undefined && !sameUid(old, object)) {
      // Deleted and made again while we were not looking: two objects, not a change of one.
      this.#remove(key);
      old = undefined;
    }
    if (old !== undefined && !evenIfSame && compareAge(old, object) === 0) return;
    try {
      this.#store.put(object);
    } catch (error) {
      this.#log.error('index function failed, object left out', { informer: this.name, key, error });
      return;
    }
    this.#emit(old === undefined ? { type: 'added', object, initial } : { type: 'updated', object, old });
  }

  #remove(key: string, last?: T): void {
    const old = this.#store.byKeyString(key);
    if (old === undefined) return;
    this.#store.delete(key);
    this.#emit({ type: 'deleted', object: last ?? old });
  }

  #emit(event: InformerEvent<T>): void {
    // A handler may subscribe another one, which has then been given this object already.
    const handlers = [...this.#handlers];
    for (const handler of handlers) this.#call(handler, event);
  }

  #call(handler: (event: InformerEvent<T>) => void, event: InformerEvent<T>): void {
    try {
      handler(event);
    } catch (error) {
      this.#log.error('event handler failed', {
        informer: this.name,
        key: keyString(keyOf(event.object)),
        event: event.type,
        error,
      });
    }
  }
}

function sameUid(a: KubeObject, b: KubeObject): boolean {
  return a.metadata?.uid === b.metadata?.uid;
}

function compareAge(a: KubeObject, b: KubeObject): number {
  return compareResourceVersions(a.metadata?.resourceVersion ?? '', b.metadata?.resourceVersion ?? '');
}

// Half of a small object's size, and of use to nobody here.
function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata === undefined || !('managedFields' in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
