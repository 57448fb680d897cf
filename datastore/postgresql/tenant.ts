import { escapeIdentifier, escapeLiteral } from 'pg';
import type { TenantAccess, TenantNames } from '../driver.ts';
import { DataStoreError } from '../errors.ts';
import { text } from '../sql/columns.ts';
import type { SqlSession } from '../sql/session.ts';
import type { TryLogin } from '../sql/tenant-login.ts';
import { isRefusal } from '../sql/failure.ts';
import { refusals } from './failure.ts';
import { scramVerifier } from './scram.ts';
import type { RoleState, TenantState } from './tenant-state.ts';
import { ownershipComment, readTenantState } from './tenant-state.ts';

/**
 * Role and database of a tenant. The role carries a comment of ours that names the schema, and owns the database: that is how a
 * tenant's names are told from someone else's. Throws `NameConflict` where they are.
 */
export async function ensurePostgresTenant(
  session: SqlSession,
  tenant: Required<TenantAccess>,
  tryLogin: TryLogin,
): Promise<void> {
  const state = await readTenantState(session, tenant);
  refuseForeignNames(tenant, state);
  if (!isOurs(state.role, tenant) && state.role !== undefined && !(await tryLogin(tenant))) {
    throw conflict(`the role ${tenant.user} exists and does not accept the password of this tenant`);
  }
  await ensureRole(session, tenant, state);
  await ensureDatabase(session, tenant, state);
}

/**
 * Locks the tenant out, ends its sessions, then removes database and role. The role says whose data it is, so it goes last: a crash in
 * between leaves a state that the next call finishes.
 */
export async function dropPostgresTenant(
  session: SqlSession,
  tenant: TenantNames,
  inDatabase: InDatabase,
): Promise<void> {
  const { role, database, administrator } = await readTenantState(session, tenant);
  if (role === undefined || !isOurs(role, tenant)) return;
  const user = escapeIdentifier(tenant.user);
  await administer(session, tenant.user, administrator, role);
  await session.write(`ALTER ROLE ${user} NOLOGIN`);
  await session.write('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [tenant.user]);
  if (database?.owner === tenant.user) await dropDatabase(session, escapeIdentifier(tenant.schema));
  // What it made or was given outside of its own database: before version 15 everyone may make tables in the database postgres.
  await session.write(`DROP OWNED BY ${user}`);
  for (const name of await databasesWithTraces(session, tenant.user)) {
    await inDatabase(name, (there) => there.write(`DROP OWNED BY ${user}`));
  }
  await session.write(`DROP ROLE IF EXISTS ${user}`);
}

/** Does something as the administrator in another database than `postgres`. */
export type InDatabase = (name: string, work: (session: SqlSession) => Promise<void>) => Promise<void>;

/** Where the role has objects or rights; another tenant may have given it some, and a role that has any cannot be dropped. */
async function databasesWithTraces(session: SqlSession, user: string): Promise<readonly string[]> {
  const rows = await session.read(
    `SELECT DISTINCT d.datname AS name FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.refobjid
     WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname = $1 AND d.datallowconn`,
    [user],
  );
  return rows.map((row) => text(row, 'name'));
}

async function dropDatabase(session: SqlSession, database: string): Promise<void> {
  // No new session can begin, so that none is left when the database goes (PostgreSQL 13: WITH (FORCE)). As its owner the tenant may
  // have made it a template, which cannot be dropped.
  await session.write(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false IS_TEMPLATE false`);
  const [row = {}] = await session.read("SELECT current_setting('server_version_num')::int >= 130000 AS forcible");
  await session.write(`DROP DATABASE IF EXISTS ${database}${row['forcible'] === true ? ' WITH (FORCE)' : ''}`);
}

function refuseForeignNames({ schema, user }: TenantNames, { role, database, administrator }: TenantState): void {
  if (user === administrator.name || user.startsWith('pg_')) {
    throw conflict(`the role ${user} is PostgreSQL's own or the administrator's; choose another dataStoreUsername`);
  }
  if (role?.comment !== undefined && !isOurs(role, { schema, user })) {
    throw conflict(
      `the role ${user} belongs to another (${JSON.stringify(role.comment)}); choose another dataStoreUsername`,
    );
  }
  if (database !== undefined && database.owner !== user) {
    throw conflict(
      `the database ${schema} belongs to the role ${database.owner}; choose another dataStoreSchema, or, if it is meant, ` +
        `make ${user} its owner`,
    );
  }
  if (role !== undefined && role.comment === undefined && database === undefined) {
    throw conflict(
      `the role ${user} exists and was not made for this tenant; choose another dataStoreUsername, or, if it is meant: ` +
        `COMMENT ON ROLE ${escapeIdentifier(user)} IS ${escapeLiteral(ownershipComment(schema))}`,
    );
  }
}

async function ensureRole(
  session: SqlSession,
  { schema, user, password }: Required<TenantAccess>,
  { role, administrator, connectionShare }: TenantState,
): Promise<void> {
  const name = escapeIdentifier(user);
  const secret = `PASSWORD ${escapeLiteral(scramVerifier(password))}`;
  const limit = `CONNECTION LIMIT ${connectionShare}`;
  if (role === undefined) {
    await session.write('BEGIN');
    await claim(session.write(`CREATE ROLE ${name} LOGIN ${NO_EXCESS} ${limit} ${secret}`));
    await session.write(`COMMENT ON ROLE ${name} IS ${escapeLiteral(ownershipComment(schema))}`);
    await session.write('COMMIT');
  } else {
    const limits = role.connectionLimit === undefined ? [limit] : [];
    await session.write(`ALTER ROLE ${name} ${['LOGIN', ...role.excess, ...limits].join(' ')} ${secret}`);
    if (role.comment === undefined) {
      await session.write(`COMMENT ON ROLE ${name} IS ${escapeLiteral(ownershipComment(schema))}`);
    }
  }
  await administer(session, user, administrator, role);
}

/** An administrator who is no superuser makes and removes a role's database, and ends its sessions, as a member of that role. */
async function administer(
  session: SqlSession,
  user: string,
  administrator: TenantState['administrator'],
  role: RoleState | undefined,
): Promise<void> {
  if (administrator.isSuperuser || role?.administered === true) return;
  await session.write(`GRANT ${escapeIdentifier(user)} TO ${escapeIdentifier(administrator.name)}`);
}

async function ensureDatabase(
  session: SqlSession,
  { schema, user }: TenantNames,
  { database }: TenantState,
): Promise<void> {
  const name = escapeIdentifier(schema);
  if (database === undefined) {
    // template0: nothing that an administrator keeps in template1 is a tenant's business, and nobody is ever connected to it.
    await claim(session.write(`CREATE DATABASE ${name} OWNER ${escapeIdentifier(user)} ${NEW_DATABASE}`));
  }
  if (database?.open !== false) await session.write(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  // Until here nobody gets in, not even for the moment in which PUBLIC may.
  if (database?.allowsConnections !== true) await session.write(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
}

/** kine's keys are compared byte by byte; `C` exists on every server, with every encoding. */
const NEW_DATABASE = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' ALLOW_CONNECTIONS false";

const NO_EXCESS = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

/**
 * A name that was free a moment ago: either another tenant is just taking it, or an earlier attempt of ours succeeded without our
 * hearing of it. The next call sees which.
 */
async function claim(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isRefusal(error, refusals.duplicateObject, refusals.duplicateDatabase, refusals.uniqueViolation)) {
      throw error;
    }
    throw new DataStoreError('Unavailable', 'the names were made by another call at the same moment; trying again', {
      cause: error,
    });
  }
}

function isOurs(role: RoleState | undefined, { schema }: TenantNames): boolean {
  return role?.comment === ownershipComment(schema);
}

function conflict(message: string): DataStoreError {
  return new DataStoreError('NameConflict', message);
}
