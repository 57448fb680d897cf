import { randomUUID } from 'node:crypto';
import type { TenantNames } from '../driver.ts';
import { text } from '../sql/columns.ts';
import type { SqlSession } from '../sql/session.ts';
import { isRefusal } from '../sql/failure.ts';
import { refusals } from './failure.ts';

/** The identity of the store, made at the first look: a server's own changes with a copy of its data, or does not with an empty disk. */
export async function readOrMakeIdentity(session: SqlSession): Promise<string> {
  const present = await readIdentity(session);
  if (present !== undefined) return present;
  await makeTables(session);
  await session.write('INSERT IGNORE INTO kamaji.store (only_row, identity) VALUES (1, ?)', [randomUUID()]);
  const made = await readIdentity(session);
  if (made === undefined) throw new TypeError('the mark of the store is gone right after it was made');
  return made;
}

/** Tenants that have this schema or this user. Makes the table where there is none. */
export async function readMarks(session: SqlSession, names: TenantNames): Promise<readonly TenantNames[]> {
  const found = await tolerateMissing(() => queryMarks(session, names));
  if (found !== undefined) return found;
  await makeTables(session);
  return queryMarks(session, names);
}

/** Reserves both names; fails with `ER_DUP_ENTRY` when somebody else has one of them. */
export async function mark(session: SqlSession, { schema, user }: TenantNames): Promise<void> {
  await session.write('INSERT INTO kamaji.tenants (schema_name, user_name) VALUES (?, ?)', [schema, user]);
}

export async function unmark(session: SqlSession, { schema, user }: TenantNames): Promise<void> {
  await session.write('DELETE FROM kamaji.tenants WHERE schema_name = ? AND user_name = ?', [schema, user]);
}

// MySQL's schemas and MariaDB's users have no room for a word about whose they are.
async function makeTables(session: SqlSession): Promise<void> {
  await session.write('CREATE DATABASE IF NOT EXISTS kamaji');
  await session.write(
    'CREATE TABLE IF NOT EXISTS kamaji.store (only_row TINYINT PRIMARY KEY, identity CHAR(36) NOT NULL) ENGINE = InnoDB',
  );
  // Compared without regard to case: some servers take schemas that differ only in that for one.
  await session.write(
    `CREATE TABLE IF NOT EXISTS kamaji.tenants (schema_name VARCHAR(64) PRIMARY KEY, user_name VARCHAR(80) NOT NULL UNIQUE)
     ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`,
  );
}

async function readIdentity(session: SqlSession): Promise<string | undefined> {
  const rows = await tolerateMissing(() => session.read('SELECT identity AS identity FROM kamaji.store'));
  const row = rows?.[0];
  return row === undefined ? undefined : `mysql-${text(row, 'identity')}`;
}

async function queryMarks(session: SqlSession, { schema, user }: TenantNames): Promise<readonly TenantNames[]> {
  const rows = await session.read(
    'SELECT schema_name AS `schema`, user_name AS user FROM kamaji.tenants WHERE schema_name = ? OR user_name = ?',
    [schema, user],
  );
  return rows.map((row) => ({ schema: text(row, 'schema'), user: text(row, 'user') }));
}

async function tolerateMissing<T>(reading: () => Promise<T>): Promise<T | undefined> {
  try {
    return await reading();
  } catch (error) {
    if (isRefusal(error, refusals.noSuchTable, refusals.noSuchDatabase)) return undefined;
    throw error;
  }
}
