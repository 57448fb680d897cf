import { randomUUID } from 'node:crypto';
import type { ProbeResult } from '../driver.ts';
import { flag, number, text } from '../sql/columns.ts';
import type { SqlSession } from '../sql/session.ts';
import { isRefusal } from '../sql/failure.ts';
import { refusals } from './failure.ts';

/** One statement about server and administrator, and one about identity. */
export async function probePostgres(session: SqlSession): Promise<ProbeResult> {
  const [row = {}] = await session.read(probeQuery);
  return {
    version: text(row, 'version'),
    identity: await identityOf(session),
    // PostgreSQL always enforces permissions; that it asks for no password is a matter of pg_hba.conf (isolation-problems.ts).
    authorizationEnabled: true,
    alarms: [],
    missingRights: flag(row, 'superuser')
      ? []
      : ['CREATEDB', 'CREATEROLE'].filter((right) => !flag(row, right.toLowerCase())),
    connections: { used: number(row, 'used'), limit: number(row, 'allowed') },
  };
}

const probeQuery = `
  SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
    rolsuper AS superuser, rolcreatedb AS createdb, rolcreaterole AS createrole,
    (SELECT sum(numbackends) FROM pg_stat_database) AS used,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS allowed
  FROM pg_roles WHERE rolname = current_user`;

/**
 * The identifier that `initdb` gave the server's data; standbys have the same one, a server made anew has another. Where the
 * administrator may not see it, a mark of our own in the database `postgres`.
 */
async function identityOf(session: SqlSession): Promise<string> {
  try {
    const [row = {}] = await session.read('SELECT system_identifier::text AS id FROM pg_control_system()');
    return `postgresql-${text(row, 'id')}`;
  } catch (error) {
    if (!isRefusal(error, refusals.insufficientPrivilege)) throw error;
  }
  const mark = await readMark(session);
  if (mark !== undefined) return mark;
  await session.write('CREATE SCHEMA IF NOT EXISTS kamaji');
  await session.write(
    'CREATE TABLE IF NOT EXISTS kamaji.store (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), identity text NOT NULL)',
  );
  await session.write('INSERT INTO kamaji.store (identity) VALUES ($1) ON CONFLICT DO NOTHING', [randomUUID()]);
  const made = await readMark(session);
  if (made === undefined) throw new TypeError('the mark of the store is gone right after it was made');
  return made;
}

async function readMark(session: SqlSession): Promise<string | undefined> {
  try {
    const [row] = await session.read('SELECT identity FROM kamaji.store');
    return row === undefined ? undefined : `postgresql-${text(row, 'identity')}`;
  } catch (error) {
    if (isRefusal(error, refusals.undefinedTable, refusals.undefinedSchema)) return undefined;
    throw error;
  }
}
