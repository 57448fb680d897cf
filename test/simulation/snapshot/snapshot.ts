import { labels } from '#api/labels.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { World } from '../world/world.ts';
import { Normaliser } from './normaliser.ts';

/** A state of the whole system without what differs from run to run, by name of each part. */
export type Snapshot = Readonly<Record<string, unknown>>;

// What the manager neither makes nor changes, or what is gone by itself.
const LEFT_OUT: ReadonlySet<string> = new Set([
  'Event',
  'Lease',
  'CustomResourceDefinition',
  'StorageClass',
  'Namespace',
]);

/** Takes a snapshot of the management cluster, of every tenant and of every store. */
export function snapshotOf(world: World): Snapshot {
  const management = objectsOf(world.management.server.snapshot());
  const tenants = [...world.tenants.all].map(([key, { server }]) => ({ key, objects: objectsOf(server.snapshot()) }));
  const stores = [...world.stores.all];
  const normaliser = new Normaliser(
    management,
    tenants.flatMap(({ objects }) => objects),
    world.clock.now(),
  );
  for (const [where, data] of stores) {
    const identity = data.keys.get('kamaji.clastix.io/store-identity');
    if (identity !== undefined) normaliser.name(identity, `identity of the store on ${normaliser.text(where)}`);
  }
  const parts: [string, unknown][] = [];
  for (const object of management) {
    if (object.kind !== 'Pod') parts.push([normaliser.nameOf(object), normaliser.object(object)]);
  }
  const named = tenants.map(({ key, objects }) => ({ tenant: normaliser.text(key), objects }));
  for (const { tenant, objects } of named.toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1))) {
    for (const object of objects) {
      if (!normaliser.isStaleToken(object)) {
        parts.push([`tenant ${tenant}: ${normaliser.nameOf(object)}`, normaliser.object(object)]);
      }
    }
  }
  const sorted = (texts: readonly string[]): readonly string[] => texts.map((text) => normaliser.text(text)).toSorted();
  for (const [where, data] of stores) {
    parts.push([
      `store on ${normaliser.text(where)}`,
      normaliser.value({
        authEnabled: data.authEnabled,
        users: sorted([...data.users].map(([user, roles]) => `${user}: ${[...roles].join()}`)),
        roles: sorted(
          [...data.roles].map(
            ([role, grants]) =>
              `${role}: ${grants.map(({ key, rangeEnd }) => `${String(key)}-${String(rangeEnd)}`).join()}`,
          ),
        ),
        keys: sorted([...data.keys].map(([key, value]) => `${key}=${value}`)),
      }),
    ]);
  }
  return Object.fromEntries([...podCounts(management), ...parts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** How many pods of which owner are ready; their names and number of replacements are left to chance. */
function podCounts(objects: readonly KubeObject[]): readonly [string, unknown][] {
  const counts = new Map<string, number>();
  for (const { metadata, kind } of objects) {
    if (kind !== 'Pod') continue;
    const owner = metadata?.ownerReferences?.[0];
    const name = `Pods of ${owner?.kind ?? ''} ${metadata?.namespace ?? ''}/${owner?.name ?? metadata?.labels?.[labels.name] ?? ''}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts];
}

function objectsOf(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.filter(({ kind = 'Namespace' }) => !LEFT_OUT.has(kind)).map(withoutUsage);
}

/** What a DataStore says of usage is of the last time that somebody measured, which is a matter of chance. */
function withoutUsage(object: KubeObject): KubeObject {
  if (object.kind !== 'DataStore' || !('status' in object) || typeof object.status !== 'object') return object;
  const { usage: _, ...status } = { usage: undefined, ...object.status };
  return Object.assign({}, object, { status });
}
