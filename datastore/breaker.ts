import type { Driver } from './driver.ts';
import { DataStoreError } from './errors.ts';

/**
 * A driver whose calls about tenants fail at once after the store was silent to one of them, until a probe is answered again. Whoever calls
 * for many tenants then waits for a silent store once, and not once for each of them.
 */
export function withBreaker(driver: Driver): Driver {
  let silent: DataStoreError | undefined;
  async function unlessSilent<T>(call: () => Promise<T>): Promise<T> {
    if (silent !== undefined) {
      throw new DataStoreError('Timeout', `${silent.message}; it is not asked again until it answers a probe`, {
        cause: silent,
      });
    }
    try {
      return await call();
    } catch (error) {
      if (error instanceof DataStoreError && error.code === 'Timeout') silent = error;
      throw error;
    }
  }
  return Object.freeze<Driver>({
    ...driver,
    async probe(signal) {
      const result = await driver.probe(signal);
      silent = undefined;
      return result;
    },
    ensureTenant: (tenant, signal) => unlessSilent(() => driver.ensureTenant(tenant, signal)),
    dropTenant: (tenant, signal) => unlessSilent(() => driver.dropTenant(tenant, signal)),
    usage: (tenant, signal) => unlessSilent(() => driver.usage(tenant, signal)),
  });
}
