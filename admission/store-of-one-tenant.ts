import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Places } from './place.ts';

/**
 * Why a control plane cannot be put on the DataStore that its spec names: a NATS holds one tenant, and has another one. Who is there already
 * may be changed at will. Without the name of the other one, which may be none of this user's business.
 */
export function storeFlaw(
  object: TenantControlPlane,
  old: TenantControlPlane | undefined,
  { tenantControlPlanes, dataStores, placeOf }: Places,
): string | undefined {
  const name = object.spec.dataStore;
  if (name === undefined || name === old?.spec.dataStore) return undefined;
  if (dataStores.get({ name })?.spec.driver !== 'NATS') return undefined;
  const taken = tenantControlPlanes
    .list()
    .some((other) => other.metadata.uid !== object.metadata.uid && placeOf(other).stores.includes(name));
  if (!taken) return undefined;
  return `spec.dataStore ${name} is a NATS, which holds one control plane, and has one: name another DataStore, or make one for this control plane alone`;
}
