import { readFile } from 'node:fs/promises';
import type { ConnectionConfig } from '#datastore/connection.ts';
import { openEtcd } from '#datastore/etcd/driver.ts';
import type { DatabaseServer } from '#test/database-server.ts';
import { startMariadb } from '#test/mariadb-server.ts';
import { startNats } from '#test/nats-server.ts';
import { startPostgres } from '#test/postgresql-server.ts';
import { parseProcessUsage } from '#test/process-usage.ts';
import type { ServerProcess } from '#test/server-process.ts';
import { startTlsEtcd } from '#test/tls-etcd.ts';

/** Kinds of real store, by the name of what runs. */
export type StoreKind = 'etcd' | 'PostgreSQL' | 'MariaDB' | 'NATS';

/** A real store of one's own, over TLS, as a DataStore would name it. It does not wait for its disk. */
export interface BenchStore extends AsyncDisposable {
  readonly kind: StoreKind;
  readonly config: ConnectionConfig;
  /** User and system time of all its processes so far. */
  cpuSeconds(): Promise<number>;
  /** How many connections to its port are open; etcd has one to itself. */
  connections(): Promise<number>;
}

export async function startStore(kind: StoreKind): Promise<BenchStore> {
  switch (kind) {
    case 'etcd':
      return startEtcd();
    case 'PostgreSQL':
      return ofDatabase(kind, 'PostgreSQL', await startPostgres());
    case 'MariaDB':
      return ofDatabase(kind, 'MySQL', await startMariadb());
    case 'NATS':
      return ofDatabase(kind, 'NATS', await startNats());
  }
}

async function startEtcd(): Promise<BenchStore> {
  const server = await startTlsEtcd();
  const { certificatePem: certificate, privateKeyPem: key } = await server.client('root');
  const tls = { ca: server.authority.certificatePem, client: { certificate, key } };
  const config: ConnectionConfig = { driver: 'etcd', endpoints: [server.endpoint], tls, fingerprint: '' };
  const driver = openEtcd(config);
  await driver.initialize?.('bench', new AbortController().signal);
  driver.close();
  return storeOf('etcd', server, config);
}

function ofDatabase(kind: StoreKind, driver: ConnectionConfig['driver'], server: DatabaseServer): BenchStore {
  return storeOf(kind, server, {
    driver,
    endpoints: [server.endpoint],
    tls: { ca: server.authority.certificatePem },
    basicAuth: server.administrator,
    fingerprint: '',
  });
}

function storeOf(kind: StoreKind, server: ServerProcess, config: ConnectionConfig): BenchStore {
  const port = Number(config.endpoints[0]?.split(':')[1]);
  return {
    kind,
    config,
    cpuSeconds: () => cpuSecondsOf(server.pid()),
    connections: () => openConnections(port),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** PostgreSQL has a process for each connection: those that run count with those that have ended. */
async function cpuSecondsOf(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const usages = await Promise.all([pid, ...children.split(' ').filter(Boolean).map(Number)].map(usageOf));
  return usages.reduce((sum, { cpuSeconds, endedChildrenCpuSeconds }) => sum + cpuSeconds + endedChildrenCpuSeconds, 0);
}

async function usageOf(pid: number): Promise<{ cpuSeconds: number; endedChildrenCpuSeconds: number }> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8');
  try {
    return parseProcessUsage((await read('stat')) + (await read('status')));
  } catch {
    // A child that has just ended.
    return { cpuSeconds: 0, endedChildrenCpuSeconds: 0 };
  }
}

/** Established connections whose local end is that port (Linux: proc_net(5), tcp). */
async function openConnections(port: number): Promise<number> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/u));
  return lines.filter(([, address, , state]) => address?.endsWith(local) === true && state === '01').length;
}
