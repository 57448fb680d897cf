import { escapeIdentifier } from 'pg';
import type { IsolationProblem } from '../driver.ts';
import { flag, number, text } from '../sql/columns.ts';
import type { Reads, Row } from '../sql/server.ts';
import { isRefusal } from '../sql/failure.ts';
import { refusals } from './failure.ts';
import { OWNERSHIP_PREFIX } from './tenant-state.ts';

/** Everything about this server by which one tenant could reach another, as far as its catalogs tell. */
export async function postgresIsolationProblems(session: Reads): Promise<readonly IsolationProblem[]> {
  return [
    ...(await versionProblems(session)),
    ...(await openDatabases(session)),
    ...(await powerfulTenants(session)),
    ...(await trustedAddresses(session)),
  ];
}

/** First minor release of each major one in which CVE-2023-5869 is closed; later major ones never had it. */
const firstSafeMinor: ReadonlyMap<number, number> = new Map([
  [11, 22],
  [12, 17],
  [13, 13],
  [14, 10],
  [15, 5],
  [16, 1],
]);

/** Whether a version, as `server_version_num` gives it, has CVE-2023-5869. */
export function hasArrayOverflow(versionNumber: number): boolean {
  const major = Math.floor(versionNumber / 10_000);
  const safe = firstSafeMinor.get(major);
  return safe === undefined ? major < 11 : versionNumber % 10_000 < safe;
}

async function versionProblems(session: Reads): Promise<readonly IsolationProblem[]> {
  const [row = {}] = await session.read(
    "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS name",
  );
  if (!hasArrayOverflow(number(row, 'number'))) return [];
  return [
    {
      summary: `PostgreSQL ${text(row, 'name')} lets every user who may log in write into the server's memory (CVE-2023-5869)`,
      remedy: 'install the newest minor release',
    },
  ];
}

async function openDatabases(session: Reads): Promise<readonly IsolationProblem[]> {
  const rows = await session.read(
    `SELECT d.datname AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
     WHERE starts_with(shobj_description(r.oid, 'pg_authid'), $1) AND has_database_privilege('public', d.oid, 'CONNECT')
     ORDER BY 1`,
    [OWNERSHIP_PREFIX],
  );
  return rows.map((row) => {
    const name = text(row, 'name');
    return {
      summary: `everyone may connect to the tenant database ${name}`,
      remedy: `REVOKE CONNECT ON DATABASE ${escapeIdentifier(name)} FROM PUBLIC`,
    };
  });
}

async function powerfulTenants(session: Reads): Promise<readonly IsolationProblem[]> {
  const rows = await session.read(
    `SELECT r.rolname AS name,
       r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS attributes,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1) AS roles
     FROM pg_roles r WHERE starts_with(shobj_description(r.oid, 'pg_authid'), $1) ORDER BY 1`,
    [OWNERSHIP_PREFIX],
  );
  return rows.flatMap((row) => [...attributeProblem(row), ...membershipProblem(row)]);
}

function attributeProblem(row: Row): readonly IsolationProblem[] {
  if (!flag(row, 'attributes')) return [];
  const name = text(row, 'name');
  return [
    {
      summary: `the tenant role ${name} has rights beyond its database`,
      remedy: `ALTER ROLE ${escapeIdentifier(name)} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`,
    },
  ];
}

function membershipProblem(row: Row): readonly IsolationProblem[] {
  const roles: unknown = row['roles'];
  if (!Array.isArray(roles) || roles.length === 0) return [];
  const name = text(row, 'name');
  const granted = roles.map((role) => escapeIdentifier(String(role))).join(', ');
  return [
    {
      summary: `the tenant role ${name} is a member of ${granted}`,
      remedy: `REVOKE ${granted} FROM ${escapeIdentifier(name)}`,
    },
  ];
}

/** Lines of pg_hba.conf by which a client needs no password. Only superusers may see them. */
async function trustedAddresses(session: Reads): Promise<readonly IsolationProblem[]> {
  try {
    const rows = await session.read(
      `SELECT line_number AS line, coalesce(address, 'all') AS address FROM pg_hba_file_rules
       WHERE auth_method = 'trust' AND type LIKE 'host%' AND coalesce(address, 'all') NOT IN ('127.0.0.1', '::1', 'localhost')
         AND NOT 'replication' = ANY (database) ORDER BY 1`,
    );
    return rows.map((row) => ({
      summary: `line ${number(row, 'line')} of pg_hba.conf lets everyone at ${text(row, 'address')} be any user without a password`,
      remedy: 'write scram-sha-256 instead of trust, then SELECT pg_reload_conf()',
    }));
  } catch (error) {
    if (isRefusal(error, refusals.insufficientPrivilege)) return [];
    throw error;
  }
}
