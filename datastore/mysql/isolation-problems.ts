import { escape, escapeId } from 'mysql2/promise';
import type { IsolationProblem } from '../driver.ts';
import { optionalText, text } from '../sql/columns.ts';
import type { SqlSession } from '../sql/session.ts';
import { isRefusal } from '../sql/failure.ts';
import { refusals } from './failure.ts';
import { grantPattern } from './tenant.ts';

/** Everything about this server by which one tenant could reach another, as far as its grant tables tell. */
export async function mysqlIsolationProblems(session: SqlSession): Promise<readonly IsolationProblem[]> {
  const found = [...(await anonymousUsers(session)), ...(await grantsToEveryone(session))];
  try {
    return [...found, ...(await strayGrants(session)), ...(await powerfulTenants(session))];
  } catch (error) {
    // No tenant was ever made here.
    if (isRefusal(error, refusals.noSuchTable, refusals.noSuchDatabase)) return found;
    throw error;
  }
}

async function anonymousUsers(session: SqlSession): Promise<readonly IsolationProblem[]> {
  const rows = await session.read("SELECT Host AS host FROM mysql.user WHERE User = '' ORDER BY Host");
  return rows.map((row) => {
    const account = `''@${escape(text(row, 'host'))}`;
    return { summary: `everyone may log in as the user ${account}`, remedy: `DROP USER ${account}` };
  });
}

/** MariaDB's role PUBLIC is everyone; older servers know the same as a user without a name. */
async function grantsToEveryone(session: SqlSession): Promise<readonly IsolationProblem[]> {
  const rows = await session.read(
    "SELECT Db AS pattern, User AS user FROM mysql.db WHERE User IN ('', 'PUBLIC') ORDER BY Db",
  );
  return rows.map((row) => {
    const pattern = text(row, 'pattern');
    const user = text(row, 'user') === '' ? "''@'%'" : 'PUBLIC';
    return {
      summary: `everyone may use the databases named like ${pattern}`,
      remedy: `REVOKE ALL PRIVILEGES ON ${escapeId(pattern, true)}.* FROM ${user}`,
    };
  });
}

async function strayGrants(session: SqlSession): Promise<readonly IsolationProblem[]> {
  const rows = await session.read(
    `SELECT d.Db AS pattern, d.Host AS host, d.User AS user, t.schema_name AS \`schema\`
     FROM mysql.db d JOIN kamaji.tenants t ON CONVERT(d.User USING utf8mb4) COLLATE utf8mb4_general_ci = t.user_name ORDER BY d.User, d.Db`,
  );
  return rows.flatMap((row) => {
    const [pattern, user, schema] = [text(row, 'pattern'), text(row, 'user'), text(row, 'schema')];
    if (pattern === grantPattern(schema)) return [];
    const account = `${escape(user)}@${escape(optionalText(row, 'host') ?? '%')}`;
    return [
      {
        summary: `the tenant user ${user} may use the databases named like ${pattern}`,
        remedy: `REVOKE ALL PRIVILEGES ON ${escapeId(pattern, true)}.* FROM ${account}`,
      },
    ];
  });
}

async function powerfulTenants(session: SqlSession): Promise<readonly IsolationProblem[]> {
  const rows = await session.read(
    `SELECT t.user_name AS user, GROUP_CONCAT(p.PRIVILEGE_TYPE ORDER BY p.PRIVILEGE_TYPE SEPARATOR ', ') AS rights
     FROM information_schema.USER_PRIVILEGES p
     JOIN kamaji.tenants t ON CONVERT(p.GRANTEE USING utf8mb4) COLLATE utf8mb4_general_ci = CONCAT('''', t.user_name, '''@''%''')
     WHERE p.PRIVILEGE_TYPE <> 'USAGE' GROUP BY t.user_name ORDER BY 1`,
  );
  return rows.map((row) => {
    const user = text(row, 'user');
    return {
      summary: `the tenant user ${user} has rights on every database: ${text(row, 'rights')}`,
      remedy: `REVOKE ALL PRIVILEGES ON *.* FROM ${escape(user)}@'%'`,
    };
  });
}
