import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Informer } from '#runtime/cache/informer.ts';

/** Where a control plane has its data, or will have them. */
export interface Place {
  /** Names of DataStores. */
  readonly stores: readonly string[];
  readonly schema: string;
  readonly user: string;
}

/** What is known of all control planes and all stores. */
export interface Places {
  readonly tenantControlPlanes: Informer<TenantControlPlane>;
  readonly dataStores: Informer<DataStore>;
  readonly placeOf: (tenantControlPlane: TenantControlPlane) => Place;
}
