import type { TenantNames } from '../driver.ts';
import { flag, number, optionalText, text } from '../sql/columns.ts';
import type { Reads } from '../sql/server.ts';

/** What a server has under the names of a tenant. */
export interface TenantState {
  readonly role: RoleState | undefined;
  readonly database: DatabaseState | undefined;
  /** Who administers. */
  readonly administrator: { readonly name: string; readonly isSuperuser: boolean };
  /** How many connections one tenant may have: half of them all, so that it cannot keep all others out. */
  readonly connectionShare: number;
}

export interface RoleState {
  /** The comment on it, by which we know our own. */
  readonly comment: string | undefined;
  /** Attributes that a tenant must not have, as `ALTER ROLE` takes them away: `NOSUPERUSER`. */
  readonly excess: readonly string[];
  readonly canLogin: boolean;
  /** How many connections it may have; undefined where nobody has set a limit. */
  readonly connectionLimit: number | undefined;
  /** Whether the administrator may act for it, which an administrator who is no superuser must. */
  readonly administered: boolean;
}

export interface DatabaseState {
  readonly owner: string;
  readonly allowsConnections: boolean;
  /** Whether everyone may connect, or make temporary tables. */
  readonly open: boolean;
}

/** Marks a role as the user of the tenant with that schema. A tenant can neither set nor change it. */
export function ownershipComment(schema: string): string {
  return `${OWNERSHIP_PREFIX}${schema}`;
}

/** What {@link ownershipComment} begins with, on every role of a tenant. */
export const OWNERSHIP_PREFIX = 'kamaji.clastix.io/schema=';

/** Looks both names up. */
export async function readTenantState(session: Reads, { schema, user }: TenantNames): Promise<TenantState> {
  const [roleRow] = await session.read(roleQuery, [user]);
  const [databaseRow] = await session.read(databaseQuery, [schema]);
  const [self = {}] = await session.read(selfQuery);
  return {
    role:
      roleRow === undefined
        ? undefined
        : {
            comment: optionalText(roleRow, 'comment'),
            excess: Object.keys(attributes)
              .filter((column) => flag(roleRow, column))
              .map((column) => `NO${column.toUpperCase()}`),
            canLogin: flag(roleRow, 'login'),
            connectionLimit: number(roleRow, 'connections') < 0 ? undefined : number(roleRow, 'connections'),
            administered: flag(roleRow, 'administered'),
          },
    database:
      databaseRow === undefined
        ? undefined
        : {
            owner: text(databaseRow, 'owner'),
            allowsConnections: flag(databaseRow, 'allows'),
            open: flag(databaseRow, 'open'),
          },
    administrator: { name: text(self, 'name'), isSuperuser: flag(self, 'superuser') },
    connectionShare: number(self, 'share'),
  };
}

/** Columns of pg_roles by the word that `CREATE ROLE` has for them. */
const attributes = {
  superuser: 'rolsuper',
  createdb: 'rolcreatedb',
  createrole: 'rolcreaterole',
  replication: 'rolreplication',
  bypassrls: 'rolbypassrls',
} as const;

const roleQuery = `
  SELECT shobj_description(oid, 'pg_authid') AS comment, rolcanlogin AS login, rolconnlimit AS connections, pg_has_role(current_user, oid, 'USAGE') AS administered,
    ${Object.entries(attributes)
      .map(([word, column]) => `${column} AS ${word}`)
      .join(', ')}
  FROM pg_roles WHERE rolname = $1`;

const databaseQuery = `
  SELECT pg_get_userbyid(datdba) AS owner, datallowconn AS allows,
    has_database_privilege('public', oid, 'CONNECT') OR has_database_privilege('public', oid, 'TEMPORARY') AS open
  FROM pg_database WHERE datname = $1`;

const selfQuery = `
  SELECT rolname AS name, rolsuper AS superuser, greatest(20, current_setting('max_connections')::int / 2) AS share
  FROM pg_roles WHERE rolname = current_user`;
