import type { ConnectionConfig } from '#datastore/connection.ts';
import { openDriver } from '#datastore/open-driver.ts';
import { type BenchTenant, openBareCalls } from '../datastore/bare-calls.ts';
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
    const bare = await openBareCalls(config);
    if (bare === undefined) throw new TypeError(`${config.driver} has no bare calls`);
    const driver = openDriver(config);
    const { signal } = new AbortController();
    const setUp = (tenant: BenchTenant): Promise<void> =>
      variant === 'bare' ? bare.setUp(tenant) : driver.ensureTenant(tenant, signal);
    if (variant !== 'bare') await driver.probe(signal);
    await setUp(first);
    const stop = startEffort();
    if (variant === 'sixteen') await inParallel(rest.length, async (n) => setUp(rest[n] ?? first));
    else for (const tenant of rest) await setUp(tenant);
    const effort = stop();
    // Not what is measured here: the quickest way will do.
    for (const tenant of names) await bare.remove(tenant);
    await bare.close();
    driver.close();
    return effort;
  },
);
