import type { SqlSession } from '../sql/session.ts';

/**
 * Makes a table of nothing and removes it: its file is the smallest thing that does not fit onto a full disk. Rows would not do, since they
 * go where others have been deleted.
 */
export async function tryRoomOfMysql(session: SqlSession): Promise<void> {
  await session.write('DROP TABLE IF EXISTS kamaji.room');
  await session.write('CREATE TABLE kamaji.room (nothing TINYINT) ENGINE = InnoDB');
  await session.write('DROP TABLE kamaji.room');
}
