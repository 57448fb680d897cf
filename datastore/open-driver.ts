import type { ConnectionConfig } from './connection.ts';
import type { Driver, DriverOptions } from './driver.ts';
import { DataStoreError } from './errors.ts';
import { openEtcd } from './etcd/driver.ts';
import { lazyDriver } from './lazy-driver.ts';

/** A driver for the store of that configuration; nothing is connected before its first call. Throws `UnsupportedDriver`. */
export function openDriver(config: ConnectionConfig, options: DriverOptions = {}): Driver {
  switch (config.driver) {
    case 'etcd':
      return openEtcd(config, options);
    case 'PostgreSQL':
      return lazyDriver('PostgreSQL', async () =>
        (await import('./postgresql/driver.ts')).openPostgres(config, options),
      );
    default:
      throw new DataStoreError('UnsupportedDriver', `this version has no driver for ${config.driver}; use etcd`);
  }
}
