import { createConnection } from 'mysql2/promise';
import { newPassword } from '#test/database-server.ts';
import { startMariadb } from '#test/mariadb-server.ts';
import type { Engine, EngineServer } from '#test/sql/engine.ts';
import { openMysql } from './driver.ts';

/** MariaDB for the tests that every SQL store passes. */
export const mariadb: Engine = {
  driver: 'MySQL',
  version: /^10\.11\.\d+$/u,
  start: async (settings = {}) => {
    const server = await startMariadb({ settings });
    const as: EngineServer['as'] = ({ schema: database, user, password }, statement) =>
      server.query(statement, { database, user, password });
    return {
      ...server,
      as,
      async listing() {
        const lists = await Promise.all(LISTINGS.map((statement) => server.query(statement)));
        return lists.flat().map((row) => JSON.stringify(Object.values(row)));
      },
      async holdSession({ schema: database, user, password }) {
        const connection = await createConnection({ host: '127.0.0.1', port: server.port, database, user, password });
        const ended = new Promise<void>((resolve) => void connection.on('error', () => resolve()));
        return { ended, close: () => connection.destroy() };
      },
      async weakAdministrator() {
        const password = newPassword();
        await server.query(`CREATE USER weak@'%' IDENTIFIED BY '${password}'`);
        return { username: 'weak', password };
      },
      demandCertificate: async () =>
        void (await server.query(`ALTER USER '${server.administrator.username}'@'%' REQUIRE X509`)),
      foreignUser: async (name) => void (await server.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'x'`)),
      foreignDatabase: async (name) => void (await server.query(`CREATE DATABASE \`${name}\``)),
    };
  },
  open: openMysql,
  connectionLimitSettings: { 'max-connections': '10' },
};

const LISTINGS = [
  'SHOW DATABASES',
  // Without its password, which changes whenever a tenant is made sure of.
  "SELECT Host, User, JSON_REMOVE(Priv, '$.authentication_string', '$.password_last_changed', '$.account_locked') FROM mysql.global_priv ORDER BY 1, 2",
  'SELECT * FROM mysql.db ORDER BY Host, Db, User',
  'SELECT * FROM kamaji.tenants ORDER BY 1',
];
