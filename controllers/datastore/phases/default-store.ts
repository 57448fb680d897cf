import { dataStores } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { DEFAULT_DATA_STORE_ANNOTATION, MANAGED_DATA_STORE, needsManagedDataStore } from '#datastore/scheduling.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { Informers } from '../gather.ts';

/** The DataStore that is made for tenants that name none. */
export function defaultDataStore(): DataStore {
  return {
    apiVersion: `${dataStores.group}/${dataStores.version}`,
    kind: dataStores.kind,
    metadata: { name: MANAGED_DATA_STORE, annotations: { [DEFAULT_DATA_STORE_ANNOTATION]: 'true' } },
    spec: { driver: 'etcd', managed: { replicas: 1 } },
  };
}

/** Makes it when a tenant waits for one. Returns whether it was made. */
export async function makeDefaultDataStore(
  informers: Informers,
  client: Client,
  defaultName: string | undefined,
): Promise<boolean> {
  const present = informers.dataStores.list();
  const wanted = informers.tenantControlPlanes
    .list()
    .some((tenant) => needsManagedDataStore(tenant, present, defaultName));
  if (!wanted) return false;
  try {
    await client.create(dataStores, defaultDataStore());
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.isAlreadyExists) return false;
    throw error;
  }
}
