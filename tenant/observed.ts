import type { Client } from '#runtime/client/client.ts';
import type { KubeObject, ObjectKey, Resource } from '#runtime/client/resource.ts';
import { keyOf, keyString } from '#runtime/client/resource.ts';

/** An object with the coordinates of its kind. */
export interface ObjectOf {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** What a tenant has of some kinds: of the objects that carry our mark, in the namespaces that we write to. */
export interface Observed {
  readonly kinds: readonly Resource[];
  readonly objects: ReadonlyMap<string, ObjectOf>;
}

export interface Selection {
  readonly labelSelector: string;
  /** Objects elsewhere are left out; cluster-scoped ones are not. */
  readonly namespaces: readonly string[];
  readonly metadataOnly: boolean;
  readonly signal: AbortSignal;
}

/** Lists them, one request per kind, all at once. */
export async function observe(
  client: Client,
  kinds: readonly Resource[],
  { namespaces, ...selection }: Selection,
): Promise<Observed> {
  const lists = await Promise.all(
    kinds.map(async (resource) => {
      const { items } = await client.list(resource, selection);
      return items
        .filter(({ metadata }) => metadata?.namespace === undefined || namespaces.includes(metadata.namespace))
        .map((object) => [identityOf(resource, keyOf(object)), { resource, object }] as const);
    }),
  );
  return { kinds, objects: new Map(lists.flat()) };
}

export function merged(one: Observed, other: Observed): Observed {
  return { kinds: [...one.kinds, ...other.kinds], objects: new Map([...one.objects, ...other.objects]) };
}

/** Names an object among all kinds. */
export function identityOf(resource: Resource, key: ObjectKey): string {
  return `${resource.group}/${resource.kind}/${keyString(key)}`;
}

/** Changes with what others may change of an object: `generation` where the kind has one, else `resourceVersion`. */
export function versionOf({ metadata = {} }: KubeObject): string {
  const { uid = '', generation, resourceVersion = '' } = metadata;
  // Status changes move a workload's resourceVersion but not its generation; kinds without status have no generation.
  return generation === undefined ? `${uid}/${resourceVersion}` : `${uid}/generation/${generation}`;
}

/** Endpoints and EndpointSlices get the labels of their Service, and go with it. */
export function isDerived({ metadata }: KubeObject): boolean {
  const writers = metadata?.managedFields ?? [];
  return writers.length > 0 && writers.every(({ manager }) => manager === 'kube-controller-manager');
}
