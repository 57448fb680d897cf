import { sameQuantity } from './quantity.ts';
import type { Resource } from './resource.ts';

/**
 * Whether `live` holds everything that `desired` asks for. What the server or others added does not count: extra
 * members of maps, and extra items of lists that Kubernetes merges by key. In all other lists the items must agree
 * one by one. Quantities compare as amounts.
 *
 * It may say no where the server would change nothing (a default written differently), never yes where a field of
 * `desired` has another value in `live`.
 */
export function isSubset(desired: unknown, live: unknown, resource: Pick<Resource, 'group' | 'kind'>): boolean {
  const builtIn = resource.group === '' || !resource.group.includes('.') || resource.group.endsWith('.k8s.io');
  return holds(desired, live, { kind: resource.kind, builtIn, field: '', parent: '', quantity: false });
}

interface Place {
  readonly kind: string;
  /** Whether the member is of a type that is known here: any of a built-in kind, the metadata of a custom one. */
  readonly builtIn: boolean;
  /** Name of the nearest enclosing member. */
  readonly field: string;
  /** Name of the one around that. */
  readonly parent: string;
  readonly quantity: boolean;
}

function holds(desired: unknown, live: unknown, place: Place): boolean {
  if (desired === live) return true;
  // Absent and null mean the same to the API; so do an absent and an empty list. An empty object may be a statement
  // of its own (a selector of everything), as may false and 0.
  if (desired === undefined || desired === null) return live === undefined || live === null;
  if (Array.isArray(desired)) {
    if (live === undefined || live === null) return desired.length === 0;
    return Array.isArray(live) && listHolds(desired, live, place);
  }
  if (isObject(desired)) return isObject(live) && objectHolds(desired, live, place);
  return place.quantity && isScalar(desired) && isScalar(live) && sameQuantity(desired, live);
}

function objectHolds(desired: JsonObject, live: JsonObject, place: Place): boolean {
  for (const [name, value] of Object.entries(desired)) {
    if (value === undefined) continue;
    const inner: Place = {
      ...place,
      field: name,
      parent: place.field,
      builtIn: place.builtIn || (place.field === '' && name === 'metadata'),
      quantity: place.quantity || (place.builtIn && quantityFields[name] === place.field),
    };
    if (!Object.hasOwn(live, name)) {
      if (!holds(value, undefined, inner)) return false;
    } else if (!holds(value, live[name], inner)) return false;
  }
  return true;
}

function listHolds(desired: readonly unknown[], live: readonly unknown[], place: Place): boolean {
  if (place.parent === 'metadata' && place.field === 'finalizers') return desired.every((item) => live.includes(item));
  const keys = place.builtIn ? mergeKeys(desired, place) : undefined;
  if (keys === undefined) {
    return desired.length === live.length && desired.every((item, index) => holds(item, live[index], place));
  }
  return desired.every((item) => {
    const partners = live.filter((candidate) => sameKey(item, candidate, keys));
    return partners.length === 1 && holds(item, partners[0], place);
  });
}

// Members whose values, at any depth below, are quantities, with the member that they are in.
const quantityFields: Readonly<Record<string, string>> = {
  capacity: 'spec',
  divisor: 'resourceFieldRef',
  limits: 'resources',
  overhead: 'spec',
  requests: 'resources',
  sizeLimit: 'emptyDir',
};

// Kubernetes: the x-kubernetes-list-map-keys of the built-in kinds' OpenAPI schemas. All other lists are atomic.
const mergeKeysByField: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  secrets: ['name'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
  webhooks: ['name'],
};

function mergeKeys(desired: readonly unknown[], place: Place): readonly string[] | undefined {
  if (place.kind === 'ServiceAccount' && place.field === 'imagePullSecrets') return undefined;
  if (place.field !== 'ports') return mergeKeysByField[place.field];
  if (place.kind === 'Service') return ['port', 'protocol'];
  const first = desired[0];
  return isObject(first) && 'containerPort' in first ? ['containerPort', 'protocol'] : undefined;
}

function sameKey(a: unknown, b: unknown, keys: readonly string[]): boolean {
  return isObject(a) && isObject(b) && keys.every((key) => keyPart(a, key) === keyPart(b, key));
}

function keyPart(object: JsonObject, key: string): unknown {
  return object[key] ?? (key === 'protocol' ? 'TCP' : undefined);
}

type JsonObject = { readonly [key: string]: unknown };

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
