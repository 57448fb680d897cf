import { isIP, Socket } from 'node:net';
import { type ConnectionOptions, createConnection, createPool, type RowDataPacket } from 'mysql2/promise';
import type { ConnectionConfig } from '../connection.ts';
import { text } from '../sql/columns.ts';
import { hostAndPort } from '../sql/endpoint.ts';
import type { Row, SqlConnection, SqlServer, Value } from '../sql/server.ts';
import { toMysqlError } from './failure.ts';

/** Who connects. */
export interface Login {
  readonly user: string;
  readonly password: string;
  /** Default: none. */
  readonly database?: string;
}

/** A server whose administrator keeps at most so many connections. */
export function openMysqlServer(
  endpoint: string,
  login: Login,
  options: { readonly tls: ConnectionConfig['tls']; readonly connections: number },
): SqlServer {
  const { connections: connectionLimit, tls } = options;
  const pool = createPool({
    ...connectionOptions(endpoint, login, tls),
    connectionLimit,
    maxIdle: 0,
    idleTimeout: idleMs,
  });
  return server(endpoint, {
    async acquire() {
      const connection = await pool.getConnection();
      try {
        // Escaping and the meaning of quotes must not depend on how the server is configured.
        await connection.query("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'");
      } catch (error) {
        connection.destroy();
        throw error;
      }
      const release = (broken: boolean): void => (broken ? connection.destroy() : connection.release());
      return { query: queryOver(connection), release };
    },
    close: () => void pool.end().catch(() => {}),
  });
}

/** A server of which each connection is a new one: as another user. */
export function openMysqlOnce(endpoint: string, login: Login, tls: ConnectionConfig['tls']): SqlServer {
  return server(endpoint, {
    async acquire() {
      const connection = await createConnection(connectionOptions(endpoint, login, tls));
      connection.on('error', () => {});
      return { query: queryOver(connection), release: () => connection.destroy() };
    },
    close: () => {},
  });
}

function server(endpoint: string, parts: Pick<SqlServer, 'acquire' | 'close'>): SqlServer {
  const name = `MySQL ${endpoint}`;
  return {
    name,
    ...parts,
    // Users with certain rights may write to a standby, which then is none any more.
    async acceptsWrites(session) {
      const [row = {}] = await session.read(
        'SELECT CAST(@@global.read_only AS CHAR) AS standby, CAST(@@global.innodb_read_only AS CHAR) AS frozen',
      );
      return ['standby', 'frozen'].every((column) => ['0', 'OFF'].includes(text(row, column)));
    },
    toError: (error) => toMysqlError(error, name),
  };
}

function connectionOptions(endpoint: string, login: Login, tls: ConnectionConfig['tls']): ConnectionOptions {
  const { host, port } = hostAndPort(endpoint);
  return {
    host,
    port,
    ...login,
    stream: () => connectTo(host, port),
    connectTimeout: connectMs,
    supportBigNumbers: true,
    ...(tls === undefined ? {} : { ssl: tlsOptions(tls) }),
  };
}

/**
 * mysql2 checks the certificate of a server that is addressed by IP against the name that Node knows the socket by. Node gives sockets
 * one only where it resolved a name; without any it takes `localhost`.
 */
function connectTo(host: string, port: number): Socket {
  const socket = Object.assign(new Socket(), isIP(host) === 0 ? {} : { _host: host });
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  return socket.connect(port, host);
}

function tlsOptions({ ca, client }: NonNullable<ConnectionConfig['tls']>): NonNullable<ConnectionOptions['ssl']> {
  const own = client === undefined ? {} : { cert: client.certificate, key: client.key };
  return { ca, ...own, rejectUnauthorized: true, verifyIdentity: true };
}

interface Queries {
  query<Rows extends RowDataPacket[]>(statement: string, values: Value[]): Promise<[Rows, unknown]>;
}

function queryOver(connection: Queries): SqlConnection['query'] {
  return async (statement: string, values: readonly Value[]): Promise<readonly Row[]> => {
    const [rows] = await connection.query<RowDataPacket[]>(statement, [...values]);
    // Of a statement without rows it is a summary.
    return Array.isArray(rows) ? rows : [];
  };
}

const idleMs = 60_000;
// Ends attempts that nobody waits for any more; how long callers wait is `SqlServers`' affair.
const connectMs = 15_000;
