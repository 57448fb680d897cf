import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { newPassword } from '#test/database-server.ts';
import { configOf, type EngineServer, never } from '#test/sql/engine.ts';
import type { Driver } from '../driver.ts';
import { postgres } from './engine.fake.ts';
import { hasArrayOverflow } from './isolation-problems.ts';

// What the credentials of one tenant may do to another, asked of a real server statement by statement.
const mine = { schema: 'tenant-a', user: 'tenanta', password: newPassword() };
const theirs = { schema: 'tenant-b', user: 'tenantb', password: newPassword() };

suite('a tenant of a shared PostgreSQL', () => {
  let server: EngineServer;
  let driver: Driver;
  before(async () => {
    server = await postgres.start();
    driver = postgres.open(configOf(server, 'PostgreSQL'));
    await driver.ensureTenant(mine, never);
    await driver.ensureTenant(theirs, never);
    await server.as(theirs, 'CREATE TABLE kine (id int, name text)');
    await server.as(theirs, "INSERT INTO kine VALUES (1, 'theirs')");
  });
  after(async () => {
    driver.close();
    await server.stop();
  });

  const own = (statement: string) => server.as(mine, statement);
  /** In the database that everyone may enter. */
  const outside = (statement: string) => server.query(statement, { ...mine, database: 'postgres' });

  test('makes tables in its own database, reads and writes them', async () => {
    await own('CREATE TABLE kine (id int, name text)');
    await own("INSERT INTO kine VALUES (1, 'mine')");
    assert.deepEqual(await own('SELECT name FROM kine'), [{ name: 'mine' }]);
  });

  test('cannot enter the database of another', async () => {
    const { user, password } = mine;
    await assert.rejects(server.as({ schema: theirs.schema, user, password }, 'SELECT 1'), refusedWith('42501'));
  });

  const refused: readonly (readonly [what: string, statement: string, where: typeof own])[] = [
    ['become another tenant', 'SET ROLE tenantb', own],
    ['become the administrator', 'SET ROLE admin', own],
    ['take the session of another tenant', 'SET SESSION AUTHORIZATION tenantb', own],
    ['join another tenant', 'GRANT tenantb TO tenanta', own],
    ['make itself superuser', 'ALTER ROLE tenanta SUPERUSER', own],
    ['make itself able to make roles', 'ALTER ROLE tenanta CREATEROLE', own],
    ['change the password of another', "ALTER ROLE tenantb PASSWORD 'x'", own],
    ['read the passwords', 'SELECT * FROM pg_authid', own],
    ['make a role', 'CREATE ROLE x', own],
    ['make a database', 'CREATE DATABASE x', own],
    ['make a database from the one of another', 'CREATE DATABASE x TEMPLATE "tenant-b"', own],
    ['drop the database of another', 'DROP DATABASE "tenant-b"', own],
    ['open the database of another', 'GRANT CONNECT ON DATABASE "tenant-b" TO tenanta', own],
    ['configure the database of another', 'ALTER DATABASE "tenant-b" SET search_path = x', own],
    ['configure another role', 'ALTER ROLE tenantb SET search_path = x', own],
    ['change the mark that says whose it is', "COMMENT ON ROLE tenanta IS 'kamaji.clastix.io/schema=tenant-b'", own],
    ['drop another role', 'DROP ROLE tenantb', own],
    ['read a file of the server', "SELECT pg_read_file('PG_VERSION')", own],
    ['list files of the server', "SELECT pg_ls_dir('.')", own],
    ['copy from a file', "COPY (SELECT 1) TO '/tmp/x'", own],
    ['run a program', "COPY (SELECT 1) TO PROGRAM 'true'", own],
    ['load a library', "LOAD '/tmp/x.so'", own],
    ['make an untrusted extension', 'CREATE EXTENSION dblink', own],
    ['make a function in C', "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'", own],
    ['change the configuration', "ALTER SYSTEM SET shared_buffers = '1GB'", own],
    ['read pg_hba.conf', 'SELECT * FROM pg_hba_file_rules', own],
    ['end sessions of another', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'admin'", own],
    ['replicate everything', 'CREATE PUBLICATION p FOR ALL TABLES', own],
    ['make an event trigger', 'CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION f()', own],
    ['leave a table where the administrator works', 'CREATE TABLE trap (id int)', outside],
    [
      'leave a function where the administrator works',
      "CREATE FUNCTION now() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      outside,
    ],
    ['make a schema where the administrator works', 'CREATE SCHEMA trap', outside],
  ];
  for (const [what, statement, where] of refused) {
    test(`cannot ${what}`, async () => {
      await assert.rejects(where(statement), refusedWith('42501'));
    });
  }

  test('sees no statement of another, only that it is there', async () => {
    const session = await server.holdSession(theirs);
    const rows = await own("SELECT query FROM pg_stat_activity WHERE usename = 'tenantb'");
    session.close();
    for (const { query } of rows) assert.equal(query, '<insufficient privilege>');
  });

  test('has changed nothing by all of this', async () => {
    assert.deepEqual(await server.as(theirs, 'SELECT name FROM kine'), [{ name: 'theirs' }]);
    assert.deepEqual(await driver.isolationProblems(never), []);
  });

  test('cannot run anything of its own as the administrator who counts its keys or drops it', async () => {
    const trap = { schema: 'trap', user: 'trap', password: newPassword() };
    await driver.ensureTenant(trap, never);
    await server.as(trap, 'CREATE TABLE caught (who text)');
    await server.as(
      trap,
      `CREATE FUNCTION note() RETURNS void LANGUAGE sql VOLATILE AS $$ INSERT INTO public.caught VALUES (current_user) $$`,
    );
    // Said to be immutable, it runs whenever somebody plans a statement over the table.
    await server.as(
      trap,
      `CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
       $$ BEGIN PERFORM public.note(); RETURN true; END $$`,
    );
    await server.as(trap, 'CREATE TABLE kine (id int, name text)');
    await server.as(trap, 'CREATE INDEX trapped ON kine (name) WHERE public.trap()');
    await server.as(trap, 'ALTER DATABASE trap SET search_path = public');
    await server.query("SELECT count(*) FROM public.kine WHERE name = 'x'", { database: 'trap' });
    const caught = await server.as(trap, "SELECT who FROM caught WHERE who <> 'trap'");
    assert.ok(caught.length > 0, 'it would catch nobody');
    await server.as(trap, 'DELETE FROM caught');
    await driver.usage(trap, never);
    await driver.isolationProblems(never);
    assert.deepEqual(await server.as(trap, 'SELECT who FROM caught'), []);
    await driver.dropTenant(trap, never);
  });

  test('cannot keep itself or another tenant from being dropped', async () => {
    const before = await server.listing();
    const clinging = { schema: 'clinging', user: 'clinging', password: newPassword() };
    await driver.ensureTenant(clinging, never);
    await server.as(clinging, 'ALTER DATABASE clinging IS_TEMPLATE true');
    await server.as(theirs, 'GRANT SELECT ON kine TO clinging');
    await server.as(theirs, 'GRANT CREATE, CONNECT ON DATABASE "tenant-b" TO clinging');
    await server.as({ ...clinging, schema: theirs.schema }, 'CREATE SCHEMA clung');
    await driver.dropTenant(clinging, never);
    const after = await server.listing();
    assert.deepEqual(
      after.filter((line) => line.includes('cl')),
      before.filter((line) => line.includes('cl')),
    );
    assert.deepEqual(await server.as(theirs, 'SELECT name FROM kine'), [{ name: 'theirs' }]);
  });

  test('an administrator hears of what lets tenants reach one another, and the remedy given for it works', async () => {
    await server.query('CREATE ROLE readers');
    for (const damage of [
      'GRANT CONNECT ON DATABASE "tenant-b" TO PUBLIC',
      'GRANT readers TO tenanta',
      'ALTER ROLE tenanta CREATEDB',
    ]) {
      await server.query(damage);
      const [problem, ...others] = await driver.isolationProblems(never);
      assert.ok(problem !== undefined, `${damage} was not noticed`);
      assert.deepEqual(others, []);
      await server.query(problem.remedy);
      assert.deepEqual(await driver.isolationProblems(never), []);
    }
  });

  test('what was opened or given in excess is taken back when the tenant is made sure of', async () => {
    await server.query('GRANT CONNECT ON DATABASE "tenant-a" TO PUBLIC');
    await server.query('ALTER ROLE tenanta SUPERUSER CREATEROLE');
    await driver.ensureTenant(mine, never);
    assert.deepEqual(await driver.isolationProblems(never), []);
  });
});

for (const [version, vulnerable] of [
  [150_004, true],
  [150_005, false],
  [160_000, true],
  [170_000, false],
  [100_023, true],
] as const) {
  test(`version ${version} ${vulnerable ? 'has' : 'does not have'} CVE-2023-5869`, () => {
    assert.equal(hasArrayOverflow(version), vulnerable);
  });
}

/** PostgreSQL: 42501 is "insufficient privilege". */
function refusedWith(code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Error && 'code' in error, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}
