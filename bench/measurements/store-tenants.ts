import type { ConnectionConfig } from '#datastore/connection.ts';
import { openDriver } from '#datastore/open-driver.ts';
import { openBareCalls } from '../datastore/bare-calls.ts';
import { newTenants } from '../datastore/bench-tenants.ts';
import { inParallel } from '../in-parallel.ts';
import { defineMeasurement } from '../measurement.ts';
import { type Effort, startEffort } from './effort.ts';

export interface StoreTenantsInput {
  /** `bare`: the limit. The others set up tenants through the driver, one or sixteen at a time. */
  readonly variant: 'single' | 'sixteen' | 'bare';
  readonly config: ConnectionConfig;
  readonly tenants: number;
}

/** Effort of setting up so many tenants over connections that are open. The store is as before afterwards. */
export const measurement = defineMeasurement(
  import.meta.url,
  async ({ variant, config, tenants }: StoreTenantsInput): Promise<Effort> => {
    const names = newTenants(tenants + 1);
    const [first, ...rest] = names;
    if (first === undefined) throw new TypeError('there is one at least');
    if (variant === 'bare') {
      const bare = await openBareCalls(config);
      if (bare === undefined) throw new TypeError(`${config.driver} has no bare calls`);
      await bare.setUp(first);
      const stop = startEffort();
      for (const tenant of rest) await bare.setUp(tenant);
      const effort = stop();
      for (const tenant of names) await bare.remove(tenant);
      await bare.close();
      return effort;
    }
    const driver = openDriver(config);
    const { signal } = new AbortController();
    await driver.probe(signal);
    await driver.ensureTenant(first, signal);
    const stop = startEffort();
    if (variant === 'single') for (const tenant of rest) await driver.ensureTenant(tenant, signal);
    else await inParallel(rest.length, async (n) => driver.ensureTenant(rest[n] ?? first, signal));
    const effort = stop();
    for (const tenant of names) await driver.dropTenant(tenant, signal);
    driver.close();
    return effort;
  },
);
