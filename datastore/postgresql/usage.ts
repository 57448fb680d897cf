import type { TenantUsage } from '../driver.ts';
import { number } from '../sql/columns.ts';
import type { Reads } from '../sql/server.ts';

/** Bytes of the tenant's whole database on disk; undefined where there is none. */
export async function databaseBytes(session: Reads, schema: string): Promise<number | undefined> {
  const [row] = await session.read('SELECT pg_database_size(oid) AS bytes FROM pg_database WHERE datname = $1', [
    schema,
  ]);
  return row === undefined ? undefined : number(row, 'bytes');
}

/**
 * Keys in the tenant's database, as the server's own statistics estimate them. The administrator never touches the tenant's tables:
 * planning a statement over them may run functions of the tenant, with the rights of whoever asks.
 */
export async function estimatedKeys(session: Reads): Promise<TenantUsage['keys']> {
  const [row] = await session.read(keysQuery);
  return row === undefined ? 0 : Math.round(number(row, 'keys'));
}

// kine keeps one row per change. How many different names there are among the rows, ANALYZE tells as a count or, negative, as a share;
// before its first run every row counts.
const keysQuery = `
  SELECT CASE
      WHEN s.n_distinct > 0 THEN least(s.n_distinct, r.rows)
      WHEN s.n_distinct < 0 THEN -s.n_distinct * r.rows
      ELSE r.rows
    END AS keys
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
  CROSS JOIN LATERAL (SELECT greatest(pg_stat_get_live_tuples(c.oid), 0)::float8 AS rows) r
  LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = 'name' AND NOT s.inherited
  WHERE c.relname = 'kine' AND c.relkind = 'r'`;
