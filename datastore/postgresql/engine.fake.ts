import { Client, escapeIdentifier } from 'pg';
import { newPassword } from '#test/database-server.ts';
import { startPostgres } from '#test/postgresql-server.ts';
import type { Engine, EngineServer } from '#test/sql/engine.ts';
import { openPostgres } from './driver.ts';

/** PostgreSQL for the tests that every SQL store passes. */
export const postgres: Engine = {
  driver: 'PostgreSQL',
  version: /^15\.\d+$/u,
  start: async (settings = {}) => {
    const server = await startPostgres({ settings });
    const as: EngineServer['as'] = ({ schema: database, user, password }, statement) =>
      server.query(statement, { database, user, password });
    return {
      ...server,
      as,
      async listing() {
        const rows = await server.query(LISTING);
        return rows.map((row) => String(row['line']));
      },
      async holdSession({ schema: database, user, password }) {
        const client = new Client({ host: '127.0.0.1', port: server.port, database, user, password });
        client.on('error', () => {});
        const ended = new Promise<void>((resolve) => void client.once('end', () => resolve()));
        await client.connect();
        return { ended, close: () => void client.end() };
      },
      async weakAdministrator() {
        const password = newPassword();
        await server.query(`CREATE ROLE weak LOGIN PASSWORD '${password}'`);
        return { username: 'weak', password };
      },
      demandCertificate: () =>
        server.admit([
          `hostssl all ${server.administrator.username} 127.0.0.1/32 scram-sha-256 clientcert=verify-full`,
          'host all all 127.0.0.1/32 scram-sha-256',
        ]),
      foreignUser: async (name) =>
        void (await server.query(`CREATE ROLE ${escapeIdentifier(name)} LOGIN PASSWORD 'x'`)),
      foreignDatabase: async (name) => void (await server.query(`CREATE DATABASE ${escapeIdentifier(name)}`)),
    };
  },
  open: openPostgres,
  connectionLimitSettings: { max_connections: '8' },
};

const LISTING = `
  SELECT concat_ws(' ', 'database', datname, pg_get_userbyid(datdba), datallowconn, datacl::text) AS line FROM pg_database
  UNION ALL
  SELECT concat_ws(' ', 'role', rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, shobj_description(oid, 'pg_authid')) FROM pg_roles
  UNION ALL
  SELECT concat_ws(' ', 'member', pg_get_userbyid(member), pg_get_userbyid(roleid)) FROM pg_auth_members
  ORDER BY 1`;
