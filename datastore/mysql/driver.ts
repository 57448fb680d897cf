import type { ConnectionConfig } from '../connection.ts';
import type { Driver, DriverOptions } from '../driver.ts';
import { DataStoreError } from '../errors.ts';
import { assertTenantNames } from '../naming.ts';
import { SqlServers } from '../sql/servers.ts';
import { opens, type TryLogin, withPassword } from '../sql/tenant-login.ts';
import { mysqlIsolationProblems } from './isolation-problems.ts';
import { probeMysql } from './probe.ts';
import { tryRoomOfMysql } from './room.ts';
import { type Login, openMysqlOnce, openMysqlServer } from './server.ts';
import { dropMysqlTenant, ensureMysqlTenant } from './tenant.ts';
import { mysqlUsage } from './usage.ts';

export interface MysqlOptions extends DriverOptions {
  /** Budget of making a connection and of reading, over all servers. Default 15 000. */
  readonly timeoutMs?: number;
}

const CONNECTIONS = 4;

/** The driver of a MySQL or MariaDB under an administrator with global rights. No connection is opened before the first call. */
export function openMysql(config: ConnectionConfig, options: MysqlOptions = {}): Driver {
  const { tls, endpoints, basicAuth } = config;
  if (basicAuth === undefined) {
    throw new DataStoreError(
      'AuthenticationFailed',
      'MySQL needs the user and password of its administrator: set spec.basicAuth',
    );
  }
  const administrator: Login = { user: basicAuth.username, password: basicAuth.password };
  const servers = new SqlServers(
    endpoints.map((endpoint) => openMysqlServer(endpoint, administrator, { tls, connections: CONNECTIONS })),
    { ...options, connections: CONNECTIONS },
  );
  return Object.freeze<Driver>({
    driver: 'MySQL',
    probe: (signal) => servers.use(signal, probeMysql),
    async ensureTenant(tenant, signal) {
      assertTenantNames('MySQL', tenant);
      const access = withPassword(tenant);
      const tryLogin: TryLogin = ({ user, password, schema: database }) => {
        const asTenant = endpoints.map((endpoint) => openMysqlOnce(endpoint, { user, password, database }, tls));
        return opens(new SqlServers(asTenant, { ...options, connections: 1 }), signal);
      };
      await servers.use(signal, (session) => ensureMysqlTenant(session, access, tryLogin));
    },
    async dropTenant(tenant, signal) {
      assertTenantNames('MySQL', tenant);
      await servers.use(signal, (session) => dropMysqlTenant(session, tenant));
    },
    async usage(tenant, signal) {
      assertTenantNames('MySQL', tenant);
      return servers.use(signal, (session) => mysqlUsage(session, tenant.schema));
    },
    isolationProblems: (signal) => servers.use(signal, mysqlIsolationProblems),
    tryRoom: (signal) => servers.use(signal, tryRoomOfMysql),
    close: () => servers.close(),
  });
}
