import { Client, Pool } from 'pg';
import type { ClientConfig } from 'pg';
import type { ConnectionConfig } from '../connection.ts';
import { flag } from '../sql/columns.ts';
import { hostAndPort } from '../sql/endpoint.ts';
import type { Row, SqlConnection, SqlServer, Value } from '../sql/server.ts';
import { toPostgresError } from './failure.ts';

/** Who connects, and where to. Default of the database: `postgres`, in which the driver administers. */
export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database?: string;
}

/** A server whose administrator keeps at most so many connections. */
export function openPostgresServer(
  endpoint: string,
  login: Login,
  options: { readonly tls: ConnectionConfig['tls']; readonly connections: number },
): SqlServer {
  const pool = new Pool({
    ...clientConfig(endpoint, login, options.tls),
    max: options.connections,
    idleTimeoutMillis: idleMs,
    allowExitOnIdle: true,
  });
  // A connection that ends while nobody uses it, or between two statements, is replaced by the pool.
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  return server(endpoint, {
    async acquire() {
      const client = await pool.connect();
      return { query: queryOver(client), release: (broken) => client.release(broken) };
    },
    close: () => void pool.end().catch(() => {}),
  });
}

/** A server of which each connection is a new one: to another database, or as another user. */
export function openPostgresOnce(endpoint: string, login: Login, tls: ConnectionConfig['tls']): SqlServer {
  return server(endpoint, {
    async acquire() {
      const client = new Client(clientConfig(endpoint, login, tls));
      client.on('error', () => {});
      try {
        await client.connect();
      } catch (error) {
        await client.end().catch(() => {});
        throw error;
      }
      return { query: queryOver(client), release: () => void client.end().catch(() => {}) };
    },
    close: () => {},
  });
}

function server(endpoint: string, parts: Pick<SqlServer, 'acquire' | 'close'>): SqlServer {
  const name = `PostgreSQL ${endpoint}`;
  return {
    name,
    ...parts,
    async acceptsWrites(session) {
      const [row = {}] = await session.read('SELECT pg_is_in_recovery() AS standby');
      return !flag(row, 'standby');
    },
    toError: (error) => toPostgresError(error, name),
  };
}

function clientConfig(endpoint: string, login: Login, tls: ConnectionConfig['tls']): ClientConfig {
  return {
    ...hostAndPort(endpoint),
    database: 'postgres',
    ...login,
    // Nothing that a tenant leaves in a database may be found under the name of something of PostgreSQL's own (CVE-2018-1058).
    options: '-c search_path=pg_catalog',
    application_name: 'kamaji',
    keepAlive: true,
    connectionTimeoutMillis: connectMs,
    ssl: tls === undefined ? false : tlsOptions(tls),
  };
}

function tlsOptions({ ca, client }: NonNullable<ConnectionConfig['tls']>): ClientConfig['ssl'] {
  return { ca, ...(client === undefined ? {} : { cert: client.certificate, key: client.key }) };
}

function queryOver(client: Pick<Client, 'query'>): SqlConnection['query'] {
  return async (statement: string, values: readonly Value[]): Promise<readonly Row[]> => {
    const { rows } = await client.query<Row>(statement, [...values]);
    return rows;
  };
}

const idleMs = 60_000;
// Ends attempts that nobody waits for any more; how long callers wait is `SqlServers`' affair.
const connectMs = 15_000;
