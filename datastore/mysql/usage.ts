import type { TenantUsage } from '../driver.ts';
import { number } from '../sql/columns.ts';
import type { Reads } from '../sql/server.ts';

/**
 * What InnoDB's own statistics say of the tenant's tables: a few rows, however large the tables are. They follow changes of a tenth
 * within seconds. kine keeps one row per change; how many different names are among them is what its index by name knows.
 */
export async function mysqlUsage(session: Reads, schema: string): Promise<TenantUsage> {
  const [size = {}] = await session.read(
    `SELECT COALESCE(SUM((clustered_index_size + sum_of_other_index_sizes) * @@innodb_page_size), 0) AS bytes
     FROM mysql.innodb_table_stats WHERE database_name = ?`,
    [schema],
  );
  const [names = {}] = await session.read(
    `SELECT COALESCE(MAX(stat_value), 0) AS \`keys\` FROM mysql.innodb_index_stats
     WHERE database_name = ? AND table_name = 'kine' AND index_name = 'kine_name_index' AND stat_name = 'n_diff_pfx01'`,
    [schema],
  );
  return { keys: number(names, 'keys'), bytes: number(size, 'bytes') };
}
