import type { ConnectionConfig } from './connection.ts';
import type { Driver, DriverOptions } from './driver.ts';
import { openEtcd } from './etcd/driver.ts';
import { lazyDriver } from './lazy-driver.ts';

/** A driver for the store of that configuration; nothing is connected before its first call. Throws DataStoreError where credentials are missing. */
export function openDriver(config: ConnectionConfig, options: DriverOptions = {}): Driver {
  switch (config.driver) {
    case 'etcd':
      return openEtcd(config, options);
    case 'PostgreSQL':
      return lazyDriver('PostgreSQL', async () =>
        (await import('./postgresql/driver.ts')).openPostgres(config, options),
      );
    case 'MySQL':
      return lazyDriver('MySQL', async () => (await import('./mysql/driver.ts')).openMysql(config, options));
    case 'NATS':
      return lazyDriver('NATS', async () => (await import('./nats/driver.ts')).openNats(config, options));
  }
}
