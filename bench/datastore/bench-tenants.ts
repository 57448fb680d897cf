import { randomUUID } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import type { ConnectionConfig } from '#datastore/connection.ts';
import { EtcdChannel } from '#datastore/etcd/channel.ts';
import { etcd } from '#datastore/etcd/protocol.ts';
import { defaultTenantNames } from '#datastore/naming.ts';
import type { BenchTenant } from './bare-calls.ts';

/** So many tenants under the names that the manager would give them. */
export function newTenants(count: number): readonly BenchTenant[] {
  return Array.from({ length: count }, () => {
    const uid = randomUUID();
    return { ...defaultTenantNames(uid), password: uid.replaceAll('-', '') };
  });
}

/** How much each tenant has: the keys of a control plane without nodes, about. */
export const keysPerTenant = 250;
const valueBytes = 1_024;

/** Puts keys into each tenant's place, as its API server or its kine does. A NATS is left empty: kine makes its bucket. */
export async function fill(config: ConnectionConfig, tenants: readonly BenchTenant[]): Promise<void> {
  switch (config.driver) {
    case 'etcd':
      return fillEtcd(config, tenants);
    case 'PostgreSQL':
      for (const tenant of tenants) await fillPostgres(config, tenant);
      return undefined;
    case 'MySQL':
      for (const tenant of tenants) await fillMysql(config, tenant);
      return undefined;
    case 'NATS':
      return undefined;
  }
}

async function fillEtcd({ endpoints, tls }: ConnectionConfig, tenants: readonly BenchTenant[]): Promise<void> {
  if (tls === undefined) throw new TypeError('an etcd needs TLS');
  const channel = new EtcdChannel({ endpoints, tls });
  const { signal } = new AbortController();
  const value = Buffer.alloc(valueBytes, 'x');
  // etcd takes 128 operations in a transaction.
  const pages = Array.from({ length: Math.ceil(keysPerTenant / 125) }, (_, page) => page * 125);
  for (const { schema } of tenants) {
    for (const from of pages) {
      const success = Array.from({ length: Math.min(125, keysPerTenant - from) }, (_, index) => ({
        requestPut: { key: Buffer.from(`/${schema}/registry/${from + index}`), value },
      }));
      await channel.call(etcd.txn, { compare: [], success }, signal);
    }
  }
  channel.close();
}

async function fillPostgres({ endpoints: [endpoint = ''], tls }: ConnectionConfig, tenant: BenchTenant): Promise<void> {
  const { schema: database, user, password } = tenant;
  const [host = '', port] = endpoint.split(':');
  const client = new Client({ host, port: Number(port), database, user, password, ssl: { ca: tls?.ca ?? '' } });
  await client.connect();
  await client.query('CREATE TABLE kine (id SERIAL PRIMARY KEY, name VARCHAR(630), value BYTEA)');
  await client.query('CREATE INDEX kine_name_index ON kine (name)');
  await client.query(
    "INSERT INTO kine (name, value) SELECT '/registry/' || n, decode(repeat('61', $2), 'hex') FROM generate_series(1, $1) n",
    [keysPerTenant, valueBytes],
  );
  await client.query('ANALYZE kine');
  await client.end();
}

async function fillMysql({ endpoints: [endpoint = ''] }: ConnectionConfig, tenant: BenchTenant): Promise<void> {
  const { schema: database, user, password } = tenant;
  const [host = '', port] = endpoint.split(':');
  const ssl = { rejectUnauthorized: false };
  const connection = await createConnection({ host, port: Number(port), database, user, password, ssl });
  await connection.query(
    'CREATE TABLE kine (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(630), value MEDIUMBLOB, KEY kine_name_index (name))',
  );
  const rows = Array.from({ length: keysPerTenant }, (_, n) => [`/registry/${n}`, 'x'.repeat(valueBytes)]);
  await connection.query('INSERT INTO kine (name, value) VALUES ?', [rows]);
  await connection.query('ANALYZE TABLE kine');
  await connection.end();
}
