import type { ProbeResult } from '../driver.ts';
import { number, text } from '../sql/columns.ts';
import type { SqlSession } from '../sql/session.ts';
import { readOrMakeIdentity } from './marks.ts';

/** A few small statements about server, administrator and connections, and one about identity. */
export async function probeMysql(session: SqlSession): Promise<ProbeResult> {
  const [self = {}] = await session.read(
    'SELECT VERSION() AS version, CURRENT_USER() AS administrator, @@global.max_connections AS allowed',
  );
  const [status = {}] = await session.read("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
  const authorizationEnabled = !isUnguarded(text(self, 'administrator'));
  const missingRights = authorizationEnabled ? await missingRightsOf(session, text(self, 'administrator')) : [];
  return {
    version: text(self, 'version').replace(/-.*$/u, ''),
    identity: await readOrMakeIdentity(session),
    authorizationEnabled,
    sizeBytes: await sizeOf(session),
    alarms: [],
    missingRights,
    connections: { used: number(status, 'Value'), limit: number(self, 'allowed') },
  };
}

/** With `skip-grant-tables` nobody is anybody: MySQL says so in words, MariaDB has neither user nor host. */
function isUnguarded(administrator: string): boolean {
  return administrator.startsWith('skip-grants ') || administrator === '@' || administrator.endsWith('@');
}

async function missingRightsOf(session: SqlSession, administrator: string): Promise<readonly string[]> {
  const at = administrator.lastIndexOf('@');
  const grantee = `'${administrator.slice(0, at)}'@'${administrator.slice(at + 1)}'`;
  const rows = await session.read(
    'SELECT PRIVILEGE_TYPE AS `right`, IS_GRANTABLE AS grantable FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?',
    [grantee],
  );
  const held = new Set(rows.map((row) => text(row, 'right')));
  const missing = NEEDED.filter((right) => !held.has(right));
  if (!ENDS_SESSIONS.some((right) => held.has(right))) missing.push('CONNECTION_ADMIN');
  if (!rows.some((row) => text(row, 'grantable') === 'YES')) missing.push('GRANT OPTION');
  return missing;
}

const NEEDED: readonly string[] = 'SELECT,INSERT,UPDATE,DELETE,CREATE,DROP,ALTER,INDEX,CREATE USER,PROCESS'.split(',');

/** Any of these ends sessions of others: MySQL 8, MariaDB 10.5, and older ones. */
const ENDS_SESSIONS: readonly string[] = ['CONNECTION_ADMIN', 'CONNECTION ADMIN', 'SUPER'];

async function sizeOf(session: SqlSession): Promise<number> {
  const [row = {}] = await session.read(
    'SELECT COALESCE(SUM((clustered_index_size + sum_of_other_index_sizes) * @@innodb_page_size), 0) AS bytes FROM mysql.innodb_table_stats',
  );
  return number(row, 'bytes');
}
