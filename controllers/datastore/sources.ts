import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { dataStoresOf, MANAGED_DATA_STORE } from '#datastore/scheduling.ts';
import type { InformerEvent } from '#runtime/cache/informer.ts';
import type { KubeObject, ObjectKey } from '#runtime/client/resource.ts';
import type { Source } from '#runtime/controller/reconciler.ts';
import { watchSource } from '#runtime/controller/sources.ts';
import type { Informers } from './gather.ts';
import { dataStoreKeys } from './managed/settings.ts';

/** What wakes the controller of DataStores, besides the time of the next probe. */
export function sourcesOf(informers: Informers): readonly Source[] {
  const ofStore = { map: dataStoreKeys };
  return [
    // Our own writes to status are no reason for another pass.
    watchSource(informers.dataStores, { predicate: isNews }),
    watchSource(informers.tenantControlPlanes, { map: keysOfTenant, predicate: changesItsStores }),
    watchSource(informers.statefulSets, ofStore),
    watchSource(informers.services, ofStore),
    watchSource(informers.secrets, ofStore),
    watchSource(informers.podDisruptionBudgets, { ...ofStore, predicate: isNews }),
    watchSource(informers.networkPolicies, ofStore),
    watchSource(informers.pods, ofStore),
    watchSource(informers.claims, ofStore),
    watchSource(informers.storageClasses, { map: () => managedStores(informers) }),
  ];
}

function keysOfTenant(tenant: TenantControlPlane): readonly ObjectKey[] {
  const named = dataStoresOf(tenant);
  return (named.length === 0 ? [MANAGED_DATA_STORE] : named).map((name) => ({ name }));
}

/** Tenants write their status often; only what a DataStore shows of them counts. */
function changesItsStores(event: InformerEvent<TenantControlPlane>): boolean {
  if (event.type !== 'updated') return true;
  const relevant = (tenant: TenantControlPlane): string =>
    JSON.stringify([dataStoresOf(tenant), tenant.status?.storage?.identity, tenant.metadata.deletionTimestamp]);
  return relevant(event.old) !== relevant(event.object);
}

/** Whether anything but the status changed. */
function isNews(event: InformerEvent<KubeObject>): boolean {
  if (event.type !== 'updated') return true;
  const news = ({ metadata }: KubeObject): string =>
    JSON.stringify([
      metadata?.generation,
      metadata?.deletionTimestamp,
      metadata?.finalizers,
      metadata?.labels,
      metadata?.annotations,
    ]);
  return news(event.old) !== news(event.object);
}

function managedStores({ dataStores }: Informers): readonly ObjectKey[] {
  return dataStores
    .list()
    .filter(({ spec }) => spec.managed !== undefined)
    .map(({ metadata }) => ({ name: metadata.name ?? '' }));
}
