import type { ConnectionConfig } from './connection.ts';
import type { Driver, DriverOptions } from './driver.ts';
import { DataStoreError } from './errors.ts';
import { openEtcd } from './etcd/driver.ts';

/** A driver for the store of that configuration; nothing is connected before its first call. Throws `UnsupportedDriver`. */
export function openDriver(config: ConnectionConfig, options: DriverOptions = {}): Driver {
  if (config.driver === 'etcd') return openEtcd(config, options);
  throw new DataStoreError('UnsupportedDriver', `this version has no driver for ${config.driver}; use etcd`);
}
