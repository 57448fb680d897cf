import { createConnection, escape, escapeId } from 'mysql2/promise';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { ConnectionConfig } from '#datastore/connection.ts';
import type { TenantAccess } from '#datastore/driver.ts';
import { EtcdChannel } from '#datastore/etcd/channel.ts';
import { tenantPermission, tenantRange } from '#datastore/etcd/keys.ts';
import { etcd } from '#datastore/etcd/protocol.ts';

export type BenchTenant = Required<TenantAccess>;

/**
 * The limit: what has to be said to a store at the least, by somebody who knows that the names are free and that nobody else is there,
 * one call after another over one connection.
 */
export interface BareCalls {
  setUp(tenant: BenchTenant): Promise<void>;
  remove(tenant: BenchTenant): Promise<void>;
  /** The one question about what a tenant has that needs no connection of its own. */
  ask(tenant: BenchTenant): Promise<void>;
  close(): Promise<void>;
}

/** Undefined where a store has no such calls: a NATS holds one tenant. */
export async function openBareCalls(config: ConnectionConfig): Promise<BareCalls | undefined> {
  switch (config.driver) {
    case 'etcd':
      return ofEtcd(config);
    case 'PostgreSQL':
      return ofPostgres(config);
    case 'MySQL':
      return ofMysql(config);
    case 'NATS':
      return undefined;
  }
}

async function ofEtcd({ endpoints, tls }: ConnectionConfig): Promise<BareCalls> {
  if (tls === undefined) throw new TypeError('an etcd needs TLS');
  const channel = new EtcdChannel({ endpoints, tls });
  const { signal } = new AbortController();
  return {
    async setUp({ schema, user }) {
      await channel.call(etcd.userAdd, { name: user, options: { noPassword: true } }, signal);
      await channel.call(etcd.roleAdd, { name: schema }, signal);
      await channel.call(etcd.roleGrantPermission, { name: schema, perm: tenantPermission(schema) }, signal);
      await channel.call(etcd.userGrantRole, { user, role: schema }, signal);
    },
    async remove({ schema, user }) {
      await channel.call(etcd.userDelete, { name: user }, signal);
      await channel.call(etcd.roleDelete, { role: schema }, signal);
    },
    async ask({ schema }) {
      await channel.call(etcd.range, { ...tenantRange(schema), countOnly: true }, signal);
    },
    close: async () => channel.close(),
  };
}

async function ofPostgres({ endpoints, tls, basicAuth }: ConnectionConfig): Promise<BareCalls> {
  const client = new Client({
    ...hostAndPort(endpoints),
    database: 'postgres',
    ...login(basicAuth),
    ssl: { ca: tls?.ca ?? '' },
  });
  await client.connect();
  return {
    async setUp({ schema, user, password }) {
      const [role, database] = [escapeIdentifier(user), escapeIdentifier(schema)];
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${escapeLiteral(password)}`);
      await client.query(`CREATE DATABASE ${database} OWNER ${role} TEMPLATE template0`);
      await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    },
    async remove({ schema, user }) {
      await client.query(`DROP DATABASE ${escapeIdentifier(schema)}`);
      await client.query(`DROP ROLE ${escapeIdentifier(user)}`);
    },
    async ask({ schema }) {
      await client.query('SELECT pg_database_size($1)', [schema]);
    },
    close: () => client.end(),
  };
}

async function ofMysql({ endpoints, tls, basicAuth }: ConnectionConfig): Promise<BareCalls> {
  const connection = await createConnection({
    ...hostAndPort(endpoints),
    ...login(basicAuth),
    // That it is the right server does not matter to the limit.
    ssl: { ca: tls?.ca ?? '', rejectUnauthorized: false },
  });
  return {
    async setUp({ schema, user, password }) {
      const account = `${escape(user)}@'%'`;
      await connection.query(`CREATE USER ${account} IDENTIFIED BY ${escape(password)}`);
      await connection.query(`CREATE DATABASE ${escapeId(schema)}`);
      await connection.query(`GRANT ALL ON ${escapeId(schema)}.* TO ${account}`);
    },
    async remove({ schema, user }) {
      await connection.query(`DROP DATABASE ${escapeId(schema)}`);
      await connection.query(`DROP USER ${escape(user)}@'%'`);
    },
    async ask({ schema }) {
      await connection.query('SELECT SUM(clustered_index_size) FROM mysql.innodb_table_stats WHERE database_name = ?', [
        schema,
      ]);
    },
    close: () => connection.end(),
  };
}

function hostAndPort([endpoint = '']: readonly string[]): { host: string; port: number } {
  const [host = '', port] = endpoint.split(':');
  return { host, port: Number(port) };
}

function login(basicAuth: ConnectionConfig['basicAuth']): { user: string; password: string } {
  return { user: basicAuth?.username ?? '', password: basicAuth?.password ?? '' };
}
