import { tenantControlPlanes } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { finalizers } from '#api/labels.ts';
import { tenantNamesOf } from '#datastore/scheduling.ts';
import type { Client } from '#runtime/client/client.ts';
import { keyOf } from '#runtime/client/resource.ts';

/**
 * Writes down what the tenant is called in its store, and that it will have to be cleaned up there, before anything is
 * made there: from then on the spec counts, also after a move or restore under another UID. One patch, conditional on the
 * resourceVersion, and none when all of it stands.
 */
export async function recordIdentity(
  tenantControlPlane: TenantControlPlane,
  dataStore: DataStore,
  client: Client,
  signal: AbortSignal,
): Promise<TenantControlPlane> {
  const { metadata, spec } = tenantControlPlane;
  const { schema, user } = tenantNamesOf(tenantControlPlane);
  const held = metadata.finalizers ?? [];
  const missing = {
    ...(spec.dataStore === undefined ? { dataStore: dataStore.metadata.name } : {}),
    ...(spec.dataStoreSchema === undefined ? { dataStoreSchema: schema } : {}),
    ...(spec.dataStoreUsername === undefined ? { dataStoreUsername: user } : {}),
  };
  const hasFinalizer = held.includes(finalizers.tenantControlPlane);
  if (hasFinalizer && Object.keys(missing).length === 0) return tenantControlPlane;
  return client.mergePatch(
    tenantControlPlanes,
    keyOf(tenantControlPlane),
    {
      metadata: {
        resourceVersion: metadata.resourceVersion,
        ...(hasFinalizer ? {} : { finalizers: [...held, finalizers.tenantControlPlane] }),
      },
      ...(Object.keys(missing).length === 0 ? {} : { spec: missing }),
    },
    { signal },
  );
}
