import { escapeId } from 'mysql2/promise';
import type { TenantAccess, TenantNames } from '../driver.ts';
import { DataStoreError } from '../errors.ts';
import { number, text } from '../sql/columns.ts';
import type { SqlSession } from '../sql/session.ts';
import type { TryLogin } from '../sql/tenant-login.ts';
import { isRefusal } from '../sql/failure.ts';
import { refusals } from './failure.ts';
import { mark, readMarks, unmark } from './marks.ts';

/**
 * User, schema and grants of a tenant. A mark of ours names both, and is made before them: that is how a tenant's names are told from
 * someone else's. Throws `NameConflict` where they are.
 */
export async function ensureMysqlTenant(
  session: SqlSession,
  tenant: Required<TenantAccess>,
  tryLogin: TryLogin,
): Promise<void> {
  const marked = await isMarked(session, tenant);
  const hosts = await hostsOf(session, tenant.user);
  const hasDatabase = await databaseExists(session, tenant.schema);
  if (!marked) {
    await refuseForeignNames(tenant, hosts, hasDatabase, tryLogin);
    await claim(refusals.duplicateKey, mark(session, tenant));
  }
  const account = [tenant.user, ANYWHERE, tenant.password, await connectionsOf(session, tenant.user)];
  if (hosts.includes(ANYWHERE)) {
    await session.write('ALTER USER ?@? IDENTIFIED BY ? WITH MAX_USER_CONNECTIONS ? ACCOUNT UNLOCK', account);
  } else {
    const statement = 'CREATE USER ?@? IDENTIFIED BY ? WITH MAX_USER_CONNECTIONS ?';
    await claim(refusals.cannotUser, session.write(statement, account));
  }
  if (!hasDatabase) await session.write(`CREATE DATABASE IF NOT EXISTS ${escapeId(tenant.schema, true)}`);
  await ensureGrants(session, tenant);
}

/**
 * Locks the tenant out, ends its sessions, then removes schema and user. The mark says whose data it is, so it goes last: a crash in
 * between leaves a state that the next call finishes.
 */
export async function dropMysqlTenant(session: SqlSession, tenant: TenantNames): Promise<void> {
  const marks = await readMarks(session, tenant);
  if (!marks.some((one) => isSame(one, tenant))) return;
  const { schema, user } = tenant;
  if ((await hostsOf(session, user)).includes(ANYWHERE)) {
    await tolerate(refusals.cannotUser, session.write('ALTER USER ?@? ACCOUNT LOCK', [user, ANYWHERE]));
  }
  await endSessions(session, user);
  await session.write(`DROP DATABASE IF EXISTS ${escapeId(schema, true)}`);
  await session.write('DROP USER IF EXISTS ?@?', [user, ANYWHERE]);
  await unmark(session, tenant);
}

/** The schema as `GRANT` and `mysql.db` have it: there `_` and `%` match other letters, too, unless they are escaped. */
export function grantPattern(schema: string): string {
  return schema.replaceAll(/[_%\\]/gu, String.raw`\$&`);
}

async function isMarked(session: SqlSession, tenant: TenantNames): Promise<boolean> {
  const marks = await readMarks(session, tenant);
  const other = marks.find((one) => !isSame(one, tenant));
  if (other !== undefined) {
    const what = other.user === tenant.user ? `user ${other.user}` : `schema ${other.schema}`;
    throw conflict(
      `the ${what} belongs to the tenant with schema ${other.schema} and user ${other.user}; choose other names`,
    );
  }
  return marks.length > 0;
}

async function refuseForeignNames(
  tenant: Required<TenantAccess>,
  hosts: readonly string[],
  hasDatabase: boolean,
  tryLogin: TryLogin,
): Promise<void> {
  if (hosts.length === 0 && !hasDatabase) return;
  // Also what upstream Kamaji made: its tenants keep their passwords.
  const ours = hasDatabase && hosts.length === 1 && hosts[0] === ANYWHERE && (await tryLogin(tenant));
  if (ours) return;
  const what = hasDatabase ? `database ${tenant.schema}` : `user ${tenant.user}`;
  throw conflict(
    `the ${what} exists and was not made for this tenant; choose another ${hasDatabase ? 'dataStoreSchema' : 'dataStoreUsername'}, ` +
      'or, if it is meant, add schema and user to the table kamaji.tenants',
  );
}

/** The right one first: a tenant that runs never is without. */
async function ensureGrants(session: SqlSession, { schema, user }: TenantNames): Promise<void> {
  const wanted = grantPattern(schema);
  await session.write(`GRANT ${TENANT_RIGHTS} ON ${escapeId(wanted, true)}.* TO ?@?`, [user, ANYWHERE]);
  const rows = await session.read('SELECT Db AS pattern FROM mysql.db WHERE User = ? AND Host = ?', [user, ANYWHERE]);
  for (const pattern of rows.map((row) => text(row, 'pattern'))) {
    if (pattern === wanted) continue;
    await session.write(`REVOKE ALL PRIVILEGES ON ${escapeId(pattern, true)}.* FROM ?@?`, [user, ANYWHERE]);
  }
  const [{ count } = {}] = await session.read(
    "SELECT COUNT(*) AS count FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ? AND PRIVILEGE_TYPE <> 'USAGE'",
    [`'${user}'@'${ANYWHERE}'`],
  );
  if (Number(count) > 0) await session.write('REVOKE ALL PRIVILEGES ON *.* FROM ?@?', [user, ANYWHERE]);
}

/** What kine needs; without DROP it cannot lose its table. */
const TENANT_RIGHTS = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX';

const ANYWHERE = '%';

async function endSessions(session: SqlSession, user: string): Promise<void> {
  const rows = await session.read('SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ?', [user]);
  for (const row of rows) {
    await tolerate(refusals.noSuchThread, session.write('KILL CONNECTION ?', [number(row, 'id')]));
  }
}

async function hostsOf(session: SqlSession, user: string): Promise<readonly string[]> {
  const rows = await session.read('SELECT Host AS host FROM mysql.user WHERE User = ?', [user]);
  return rows.map((row) => text(row, 'host'));
}

/**
 * How many connections a tenant may have: what somebody has set, or else half of all that the server has, so that it cannot keep all others
 * out.
 */
async function connectionsOf(session: SqlSession, user: string): Promise<number> {
  const [all = {}] = await session.read('SELECT @@global.max_connections AS connections');
  const rows = await session.read(
    'SELECT max_user_connections AS connections FROM mysql.user WHERE User = ? AND Host = ?',
    [user, ANYWHERE],
  );
  const set = rows.map((row) => number(row, 'connections')).find((connections) => connections > 0);
  return set ?? Math.max(20, Math.floor(number(all, 'connections') / 2));
}

async function databaseExists(session: SqlSession, schema: string): Promise<boolean> {
  const rows = await session.read('SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?', [schema]);
  return rows.length > 0;
}

/** What was free a moment ago and is taken now: another tenant is just making it, or another call for this one. */
async function claim(taken: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isRefusal(error, taken)) throw error;
    throw new DataStoreError('Unavailable', 'the names were taken by another call at the same moment; trying again', {
      cause: error,
    });
  }
}

async function tolerate(reason: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isRefusal(error, reason)) throw error;
  }
}

function isSame(one: TenantNames, other: TenantNames): boolean {
  return one.schema === other.schema && one.user === other.user;
}

function conflict(message: string): DataStoreError {
  return new DataStoreError('NameConflict', message);
}
