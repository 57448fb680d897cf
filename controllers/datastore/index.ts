import type { Logger } from 'winston';
import type { DataStorePool } from '#datastore/pool.ts';
import type { Cache } from '#runtime/cache/informer.ts';
import type { Client } from '#runtime/client/client.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ControllerOptions } from '#runtime/controller/reconciler.ts';

export interface DataStoreControllerOptions {
  readonly client: Client;
  readonly cache: Cache;
  /** Shared with everything else that talks to stores. */
  readonly pool: DataStorePool;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where managed stores run (POD_NAMESPACE). */
  readonly managerNamespace: string;
  /** The flag `--datastore`: name of the DataStore of tenants that name none. */
  readonly defaultDataStore?: string;
  /** The flag `--managed-datastore`: make the default DataStore when the first tenant needs one. */
  readonly makeDefaultDataStore: boolean;
}

/** The controller of DataStores. Declares its informers on the cache: call before the cache starts. */
export function setupDataStoreController(options: DataStoreControllerOptions): ControllerOptions {
  return {
    name: 'datastore',
    sources: [],
    reconcile: () => Promise.reject(new Error(`${options.managerNamespace}: not yet`)),
  };
}
