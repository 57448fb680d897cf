import type { ConnectionConfig } from '../connection.ts';
import type { Driver, DriverOptions } from '../driver.ts';
import { DataStoreError } from '../errors.ts';
import { assertTenantNames } from '../naming.ts';
import { Gate } from '../sql/gate.ts';
import { SqlServers } from '../sql/servers.ts';
import { opens, type TryLogin, withPassword } from '../sql/tenant-login.ts';
import { postgresIsolationProblems } from './isolation-problems.ts';
import { probePostgres } from './probe.ts';
import { tryRoomOfPostgres } from './room.ts';
import { openPostgresOnce, openPostgresServer, type Login } from './server.ts';
import { dropPostgresTenant, ensurePostgresTenant, type InDatabase } from './tenant.ts';
import { databaseBytes, estimatedKeys } from './usage.ts';

export interface PostgresOptions extends DriverOptions {
  /** Budget of making a connection and of reading, over all servers. Default 15 000. */
  readonly timeoutMs?: number;
}

// Together the four connections that one store may take: those that are kept, and one that leads into a tenant's database.
const KEPT_CONNECTIONS = 3;

/**
 * The driver of a PostgreSQL whose administrator is a superuser, or has CREATEDB and CREATEROLE. No connection is opened before the
 * first call.
 */
export function openPostgres(config: ConnectionConfig, options: PostgresOptions = {}): Driver {
  const { tls, endpoints, basicAuth } = config;
  if (basicAuth === undefined) {
    throw new DataStoreError(
      'AuthenticationFailed',
      'PostgreSQL needs the user and password of its administrator: set spec.basicAuth',
    );
  }
  const administrator: Login = { user: basicAuth.username, password: basicAuth.password };
  const servers = new SqlServers(
    endpoints.map((endpoint) => openPostgresServer(endpoint, administrator, { tls, connections: KEPT_CONNECTIONS })),
    { ...options, connections: KEPT_CONNECTIONS },
  );
  const elsewhere = (login: Login): SqlServers =>
    new SqlServers(
      endpoints.map((endpoint) => openPostgresOnce(endpoint, login, tls)),
      { ...options, connections: 1 },
    );
  const gate = new Gate(1);
  return Object.freeze<Driver>({
    driver: 'PostgreSQL',
    probe: (signal) => servers.use(signal, probePostgres),
    async ensureTenant(tenant, signal) {
      assertTenantNames('PostgreSQL', tenant);
      const access = withPassword(tenant);
      const tryLogin: TryLogin = ({ user, password, schema }) =>
        gate.pass(signal, () => opens(elsewhere({ user, password, database: schema }), signal));
      await servers.use(signal, (session) => ensurePostgresTenant(session, access, tryLogin));
    },
    async dropTenant(tenant, signal) {
      assertTenantNames('PostgreSQL', tenant);
      const inDatabase: InDatabase = (database, work) =>
        gate.pass(signal, () => elsewhere({ ...administrator, database }).use(signal, work));
      await servers.use(signal, (session) => dropPostgresTenant(session, tenant, inDatabase));
    },
    async usage(tenant, signal) {
      assertTenantNames('PostgreSQL', tenant);
      const bytes = await servers.use(signal, (session) => databaseBytes(session, tenant.schema));
      if (bytes === undefined) return { keys: 0, bytes: 0 };
      const database = elsewhere({ ...administrator, database: tenant.schema });
      const keys = await gate.pass(signal, () => database.use(signal, estimatedKeys));
      return { keys, bytes };
    },
    isolationProblems: (signal) => servers.use(signal, postgresIsolationProblems),
    tryRoom: (signal) => servers.use(signal, tryRoomOfPostgres),
    close: () => servers.close(),
  });
}
