import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels, PROJECT } from '#api/labels.ts';
import { MANAGED_LABEL, managedNames } from '#datastore/managed.ts';
import { dataStoresOf } from '#datastore/scheduling.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import type {
  NetworkPolicy,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  Secret,
  Service,
  StatefulSet,
  StorageClass,
} from '#runtime/client/builtin.ts';
import {
  networkPolicies,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  secrets,
  services,
  statefulSets,
  storageClasses,
} from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';

/** The informers that a pass reads from. */
export interface Informers {
  readonly dataStores: Informer<DataStore>;
  readonly tenantControlPlanes: Informer<TenantControlPlane>;
  /** These five hold what carries our label, in all namespaces: other controllers watch the same. */
  readonly secrets: Informer<Secret>;
  readonly services: Informer<Service>;
  readonly podDisruptionBudgets: Informer<PodDisruptionBudget>;
  readonly networkPolicies: Informer<NetworkPolicy>;
  /** These hold what belongs to managed stores, in the manager's namespace. */
  readonly statefulSets: Informer<StatefulSet>;
  readonly pods: Informer<Pod>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly storageClasses: Informer<StorageClass>;
}

/** Everything that one pass decides on, read once at its beginning. */
export interface Gathered {
  readonly dataStore: DataStore;
  /** Tenants that have data on the store or are about to, by namespace and name. */
  readonly tenants: readonly TenantControlPlane[];
  /** Present for a store that we run. */
  readonly managed: ManagedObjects | undefined;
}

/** The objects of a managed store that exist, as the caches have them. */
export interface ManagedObjects {
  readonly statefulSet: StatefulSet | undefined;
  readonly service: Service | undefined;
  readonly peersService: Service | undefined;
  readonly podDisruptionBudget: PodDisruptionBudget | undefined;
  readonly networkPolicy: NetworkPolicy | undefined;
  /** By name. */
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly pods: readonly Pod[];
  readonly claims: readonly PersistentVolumeClaim[];
  readonly storageClasses: readonly StorageClass[];
}

const BY_DATA_STORE = 'dataStore';
const BY_STORE_LABEL = 'managedDataStore';

/** Declares the informers; call before the cache starts. */
export function declareInformers(cache: Cache, managerNamespace: string): Informers {
  const ours = { labelSelector: `${labels.project}=${PROJECT}` };
  const managed = {
    namespace: managerNamespace,
    labelSelector: MANAGED_LABEL,
    indexes: { [BY_STORE_LABEL]: storeLabel },
  };
  return {
    dataStores: cache.informer(dataStores),
    tenantControlPlanes: cache.informer(tenantControlPlanes, { indexes: { [BY_DATA_STORE]: dataStoresOf } }),
    secrets: cache.informer(secrets, ours),
    services: cache.informer(services, ours),
    podDisruptionBudgets: cache.informer(podDisruptionBudgets, ours),
    networkPolicies: cache.informer(networkPolicies, ours),
    statefulSets: cache.informer(statefulSets, managed),
    pods: cache.informer(pods, managed),
    claims: cache.informer(persistentVolumeClaims, managed),
    storageClasses: cache.informer(storageClasses),
  };
}

/** Reads the world of one DataStore; undefined when there is none of that name. */
export function gather(informers: Informers, key: ObjectKey, managerNamespace: string): Gathered | undefined {
  const dataStore = informers.dataStores.get(key);
  if (dataStore === undefined) return undefined;
  return {
    dataStore,
    tenants: informers.tenantControlPlanes
      .byIndex(BY_DATA_STORE, key.name)
      .toSorted((one, other) => (tenantKey(one) < tenantKey(other) ? -1 : 1)),
    managed: dataStore.spec.managed === undefined ? undefined : gatherManaged(informers, key.name, managerNamespace),
  };
}

/** `namespace/name`, as `status.usedBy` lists tenants. */
export function tenantKey({ metadata }: TenantControlPlane): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

function gatherManaged(informers: Informers, dataStoreName: string, namespace: string): ManagedObjects {
  const names = managedNames(dataStoreName);
  const here = (name: string): ObjectKey => ({ namespace, name });
  const found = [names.caSecret, names.peerCaSecret, names.serverSecret, names.peerSecret, names.clientSecret].flatMap(
    (name): [string, Secret][] => {
      const secret = informers.secrets.get(here(name));
      return secret === undefined ? [] : [[name, secret]];
    },
  );
  return {
    statefulSet: informers.statefulSets.get(here(names.base)),
    service: informers.services.get(here(names.base)),
    peersService: informers.services.get(here(names.peers)),
    podDisruptionBudget: informers.podDisruptionBudgets.get(here(names.base)),
    networkPolicy: informers.networkPolicies.get(here(names.base)),
    secrets: new Map(found),
    pods: informers.pods.byIndex(BY_STORE_LABEL, names.base),
    claims: informers.claims.byIndex(BY_STORE_LABEL, names.base),
    storageClasses: informers.storageClasses.list(),
  };
}

function storeLabel({ metadata }: { readonly metadata?: { readonly labels?: { readonly [key: string]: string } } }) {
  const label = metadata?.labels?.[MANAGED_LABEL];
  return label === undefined ? [] : [label];
}
