import type { ConnectionConfig } from '#datastore/connection.ts';
import { openDriver } from '#datastore/open-driver.ts';
import { type BenchTenant, openBareCalls } from '../datastore/bare-calls.ts';
import { inParallel } from '../in-parallel.ts';
import { defineMeasurement } from '../measurement.ts';
import { startEffort } from './effort.ts';

export interface StoreFleetInput {
  readonly stores: readonly { readonly config: ConnectionConfig; readonly tenants: readonly BenchTenant[] }[];
  readonly rounds: number;
}

/** Where the parent looks at a store, before anything else is asked of it. */
export interface Moment {
  /** `set-up` asks the parent to give the tenants something to have. `bare`: the limit has been measured. */
  readonly at: 'set-up' | 'begin' | 'usage' | 'bare';
  /** Which store; absent at `set-up`. */
  readonly store?: number;
  readonly seconds?: number;
}

/**
 * Sets up the tenants of several stores at once, sixteen at a time, while each store is asked how it is. Then finds out what each tenant
 * has, store by store and tenant by tenant as the DataStore controller does, and by bare questions. Answers how many tenants there are.
 */
export const measurement = defineMeasurement<StoreFleetInput, number, Moment>(
  import.meta.url,
  async ({ stores, rounds }, pause) => {
    const { signal } = new AbortController();
    const open = stores.map(({ config, tenants }) => ({ config, tenants, driver: openDriver(config) }));
    const all = open.flatMap(({ driver, tenants }, store) => tenants.map((tenant) => ({ driver, store, tenant })));
    // All stores are busy to the end.
    const spread = all.toSorted((one, other) => one.tenant.user.localeCompare(other.tenant.user));
    await Promise.all(open.map(({ driver }) => driver.probe(signal)));
    await inParallel(spread.length, async (n) => {
      const one = spread[n];
      if (one === undefined) return;
      await one.driver.ensureTenant(one.tenant, signal);
      if (n % 16 === 0) await one.driver.probe(signal);
    });
    await pause({ at: 'set-up' });
    for (let round = 0; round < rounds; round++) {
      for (const [store, { config, driver, tenants }] of open.entries()) {
        await pause({ at: 'begin', store });
        const ours = startEffort();
        for (const tenant of tenants) await driver.usage(tenant, signal);
        await pause({ at: 'usage', store, seconds: ours().seconds });
        const bare = await openBareCalls(config);
        const least = startEffort();
        for (const tenant of tenants) await bare?.ask(tenant);
        await pause({ at: 'bare', store, seconds: least().seconds });
        await bare?.close();
      }
    }
    for (const { driver } of open) driver.close();
    return all.length;
  },
);
