/** JSON as it is on the wire: client-node's model types with every `Date` as the RFC 3339 string that the server sent. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

/** An owner reference as the garbage collector reads it. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** The part of `metadata` that controllers read and write. */
export interface ObjectMeta {
  name?: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  /** Not in caches, which drop them. */
  managedFields?: ManagedFields[];
}

/** What one program has written of an object (Kubernetes: meta/v1 ManagedFieldsEntry). */
export type ManagedFields = {
  manager?: string;
  operation?: string;
  subresource?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: object;
};

/** Any Kubernetes object. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/**
 * Coordinates of a Kubernetes kind on the wire, typed by the shape of its objects. `T` exists for the compiler only:
 * the client trusts the API server to have validated what it returns, and no cast is needed anywhere else.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly objectType?: T;
}

/** Names one object of a kind; `namespace` is absent for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

/** `group/version`, or the bare version for the core group: the `apiVersion` of the kind's objects. */
export function apiVersionOf(resource: Pick<Resource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `namespace/name`, or the bare name: the key of an object in queues, caches and log lines. */
export function keyString(key: ObjectKey): string {
  return key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`;
}

/** The key of an object; throws a TypeError when it has no name (a programming error: the server always sets one). */
export function keyOf(object: KubeObject): ObjectKey {
  const name = object.metadata?.name;
  if (name === undefined) throw new TypeError(`${object.kind ?? 'object'} without metadata.name has no key`);
  const namespace = object.metadata?.namespace;
  return namespace === undefined ? { name } : { namespace, name };
}
