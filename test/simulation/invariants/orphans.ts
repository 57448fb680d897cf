import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import { MANAGED_LABEL, managedNames } from '#datastore/managed.ts';
import { tenantNamesOf } from '#datastore/scheduling.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf, keyString } from '#runtime/client/resource.ts';
import type { World } from '../world/world.ts';

/** What belongs to nothing that exists: objects without their owner, users and data in stores without their tenant. */
export function orphansIn(world: World): readonly string[] {
  const objects = world.management.server.snapshot();
  const tenants = ofKind<TenantControlPlane>(objects, tenantControlPlanes);
  const names = new Set(tenants.map((tenant) => keyString(keyOf(tenant))));
  const stores = new Set(ofKind(objects, dataStores).map(({ metadata }) => managedNames(metadata?.name ?? '').base));
  const uids = new Set(objects.map(({ metadata }) => metadata?.uid));
  const found: string[] = [];
  for (const object of objects) {
    const { metadata = {}, kind = '' } = object;
    const what = `${kind} ${keyString(keyOf(object))}`;
    for (const { uid, kind: ownerKind, name } of metadata.ownerReferences ?? []) {
      if (!uids.has(uid)) found.push(`${what}: its owner ${ownerKind} ${name} is gone`);
    }
    const tenant = metadata.labels?.[labels.name];
    if (tenant !== undefined && !names.has(`${metadata.namespace ?? ''}/${tenant}`)) {
      found.push(`${what}: its TenantControlPlane ${tenant} is gone`);
    }
    const store = metadata.labels?.[MANAGED_LABEL];
    // Volumes are kept on purpose.
    if (store !== undefined && !stores.has(store) && kind !== 'PersistentVolumeClaim') {
      found.push(`${what}: its DataStore is gone`);
    }
  }
  return [...found, ...orphansInStores(world, tenants)];
}

function orphansInStores(world: World, tenants: readonly TenantControlPlane[]): readonly string[] {
  const named = tenants.map(tenantNamesOf);
  const users = new Set(['root', ...named.map(({ user }) => user)]);
  const schemas = new Set(['root', ...named.map(({ schema }) => schema)]);
  return [...world.stores.all].flatMap(([where, data]) => [
    ...[...data.users.keys()].filter((user) => !users.has(user)).map((user) => `store on ${where}: user ${user}`),
    ...[...data.roles.keys()].filter((role) => !schemas.has(role)).map((role) => `store on ${where}: role ${role}`),
    ...[...data.keys.keys()]
      .filter((key) => key.startsWith('/') && !schemas.has(key.split('/')[1] ?? ''))
      .map((key) => `store on ${where}: key ${key}`),
  ]);
}

function ofKind<T extends KubeObject>(objects: readonly KubeObject[], resource: Resource<T>): readonly T[] {
  // The kind determines T.
  return objects.filter((object): object is T => object.kind === resource.kind);
}
