import type { KubeObject, ObjectKey, Resource } from '../client/resource.ts';

/** What an informer tells its handlers; objects are shared and must not be mutated. */
export type InformerEvent<T> =
  | { readonly type: 'added'; readonly object: T; readonly initial: boolean }
  | { readonly type: 'updated'; readonly object: T; readonly old: T }
  | { readonly type: 'deleted'; readonly object: T };

/** A live, indexed copy of one selection of one kind. */
export interface Informer<T extends KubeObject> {
  readonly resource: Resource<T>;
  get(key: ObjectKey): T | undefined;
  list(namespace?: string): readonly T[];
  /** Objects for which the index function of that name yielded `value`. Throws on an index that was never declared. */
  byIndex(index: string, value: string): readonly T[];
  /** True once the first full list has been handed to all handlers. */
  hasSynced(): boolean;
  /** The newest resourceVersion that has reached the handlers, by list, event or bookmark; undefined before the first list. */
  observedResourceVersion(): string | undefined;
  /**
   * Whether the object belongs to the selection, as far as its namespace, its labels and the field selectors on
   * `metadata.name` and `metadata.namespace` tell; undecidable field selectors count as no.
   */
  selects(object: KubeObject): boolean;
  /** Subscribes; a late subscriber gets the present objects as initial `added` events. Returns the unsubscribe function. */
  subscribe(handler: (event: InformerEvent<T>) => void): () => void;
}

export interface InformerOptions<T> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Watch PartialObjectMetadata only: objects carry apiVersion, kind and metadata. */
  readonly metadataOnly?: boolean;
  /**
   * The kind may be missing from the API server, and come and go: the informer is then empty, and synced. Looked for
   * again every half a minute.
   */
  readonly optional?: boolean;
  /** Copies the wanted fields out of the wire object before it is stored (managedFields are always dropped). */
  readonly transform?: (object: T) => T;
  /** Name -> index values of an object. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
}

/** Shares one reflector per (resource, selection). */
export interface Cache {
  /**
   * Declares an informer; the same resource and selection give the same one, with indexes merged. Before start only.
   * Throws when the same selection is declared with another transform or another function under the same index name.
   */
  informer<T extends KubeObject>(resource: Resource<T>, options?: InformerOptions<T>): Informer<T>;
  /** The declared informers of that resource, whatever their selection. */
  informersOf(resource: Pick<Resource, 'group' | 'plural'>): readonly Informer<KubeObject>[];
  /** Runs every declared reflector until the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
  /** Resolves when all informers have synced; rejects after the cache's sync timeout, naming those that have not. */
  waitForSync(signal: AbortSignal): Promise<void>;
}
