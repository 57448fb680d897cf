import { keyOf } from './resource.ts';
import type { KubeObject, ObjectKey, Resource } from './resource.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path of a kind's collection, in one namespace or over all of them (Kubernetes: API concepts, resource URIs). */
export function collectionPath(resource: Resource, namespace?: string, query: Query = {}): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : '';
  return `${root}${scope}/${resource.plural}${queryString(query)}`;
}

/** Path of one object or of a subresource of it. Throws a TypeError when a namespaced kind comes without namespace. */
export function objectPath(resource: Resource, key: ObjectKey, subresource?: string, query: Query = {}): string {
  const collection = collectionPath(resource, namespaceFor(resource, key.namespace));
  const suffix = subresource === undefined ? '' : `/${subresource}`;
  return `${collection}/${segment(key.name)}${suffix}${queryString(query)}`;
}

/** Path to POST an object to. */
export function createPath(resource: Resource, object: KubeObject, query: Query = {}): string {
  return collectionPath(resource, namespaceFor(resource, object.metadata?.namespace), query);
}

/** `objectPath` of an object that has a name. */
export function pathOf(resource: Resource, object: KubeObject, subresource?: string, query: Query = {}): string {
  return objectPath(resource, keyOf(object), subresource, query);
}

function namespaceFor(resource: Resource, namespace: string | undefined): string | undefined {
  if (resource.namespaced && namespace === undefined) {
    throw new TypeError(`${resource.kind} is namespaced: a namespace is needed`);
  }
  return namespace;
}

// An empty segment would turn a DELETE of one object into a DELETE of the collection.
function segment(value: string): string {
  if (value === '' || value === '.' || value === '..') throw new TypeError(`not a Kubernetes name: '${value}'`);
  return encodeURIComponent(value);
}

function queryString(query: Query): string {
  const parameters = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
}
