import type { TenantUsage } from './driver.ts';

/** A tenant's usage and when it was measured, in milliseconds of a monotonic clock. */
export interface MeasuredUsage extends TenantUsage {
  readonly at: number;
}

/** What tenants were last found to use of each DataStore, in memory only: a process that starts measures anew. */
export class UsageBook {
  readonly #stores = new Map<string, Map<string, MeasuredUsage>>();

  /** What is known of a DataStore, by `namespace/name` of the tenant. */
  of(dataStoreName: string): ReadonlyMap<string, MeasuredUsage> {
    return this.#stores.get(dataStoreName) ?? new Map();
  }

  /** Names of the DataStores of which something is known. */
  dataStores(): readonly string[] {
    return [...this.#stores.keys()];
  }

  record(dataStoreName: string, tenant: string, usage: MeasuredUsage): void {
    const store = this.#stores.get(dataStoreName) ?? new Map<string, MeasuredUsage>();
    this.#stores.set(dataStoreName, store.set(tenant, usage));
  }

  /** Forgets all tenants of a DataStore but these. */
  retain(dataStoreName: string, tenants: ReadonlySet<string>): void {
    const store = this.#stores.get(dataStoreName);
    for (const tenant of store?.keys() ?? []) {
      if (!tenants.has(tenant)) store?.delete(tenant);
    }
    if (store?.size === 0) this.#stores.delete(dataStoreName);
  }
}
