import type { Reads } from '../sql/server.ts';

/**
 * Has the server write a temporary file of about half a megabyte beside its databases, by a question whose answer does not fit into the
 * memory that it is given: a full disk shows, and nothing is left in a table or in the log. Of a file for each table that is
 * written to, the server says nothing before.
 */
export async function tryRoomOfPostgres(session: Reads): Promise<void> {
  await session.read("SELECT set_config('work_mem', '64kB', false), set_config('temp_tablespaces', '', false)");
  await session.read('SELECT count(*) FROM generate_series(1, 30000)');
}
