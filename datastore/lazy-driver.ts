import type { Driver, DriverName } from './driver.ts';
import { DataStoreError } from './errors.ts';

/**
 * A driver whose code is loaded at its first call, so that a manager without such a store does not hold its libraries in memory.
 * `load` runs once; when it fails, the next call runs it again.
 */
export function lazyDriver(driver: DriverName, load: () => Promise<Driver>): Driver {
  let loading: Promise<Driver> | undefined;
  let closed = false;
  const loaded = async (): Promise<Driver> => {
    if (closed) throw new DataStoreError('ConnectionRefused', `the connections to this ${driver} were closed`);
    loading ??= load();
    try {
      return await loading;
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
  return Object.freeze<Driver>({
    driver,
    probe: async (signal) => (await loaded()).probe(signal),
    ensureTenant: async (tenant, signal) => (await loaded()).ensureTenant(tenant, signal),
    dropTenant: async (tenant, signal) => (await loaded()).dropTenant(tenant, signal),
    usage: async (tenant, signal) => (await loaded()).usage(tenant, signal),
    isolationProblems: async (signal) => (await loaded()).isolationProblems(signal),
    tryRoom: async (signal) => (await loaded()).tryRoom?.(signal),
    close() {
      closed = true;
      loading?.then(
        (opened) => opened.close(),
        () => {},
      );
    },
  });
}
