import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { newPassword } from '#test/database-server.ts';
import { configOf, type EngineServer, never } from '#test/sql/engine.ts';
import type { Driver } from '../driver.ts';
import { mariadb } from './engine.fake.ts';

// What the credentials of one tenant may do to another, asked of a real server statement by statement. The name of the first matches
// that of the second where `_` stands for any letter.
const mine = { schema: 'a_b', user: 'tenanta', password: newPassword() };
const theirs = { schema: 'axb', user: 'tenantb', password: newPassword() };

suite('a tenant of a shared MariaDB', () => {
  let server: EngineServer;
  let driver: Driver;
  before(async () => {
    server = await mariadb.start();
    driver = mariadb.open(configOf(server, 'MySQL'));
    await driver.ensureTenant(mine, never);
    await driver.ensureTenant(theirs, never);
    await server.as(theirs, 'CREATE TABLE kine (id INT, name VARCHAR(630))');
    await server.as(theirs, "INSERT INTO kine VALUES (1, 'theirs')");
  });
  after(async () => {
    driver.close();
    await server.stop();
  });

  const own = (statement: string) => server.as(mine, statement);

  test('makes tables in its own database, reads and writes them', async () => {
    await own('CREATE TABLE kine (id INT, name VARCHAR(630))');
    await own("INSERT INTO kine VALUES (1, 'mine')");
    assert.deepEqual(JSON.stringify(await own('SELECT name FROM kine')), '[{"name":"mine"}]');
  });

  test('sees no other database and no other session', async () => {
    const databases = (await own('SHOW DATABASES')).map((row) => Object.values(row)[0]);
    assert.deepEqual(databases, ['a_b', 'information_schema']);
    const session = await server.holdSession(theirs);
    const users = (await own('SELECT DISTINCT USER AS user FROM information_schema.PROCESSLIST')).map(
      ({ user }) => user,
    );
    session.close();
    assert.deepEqual(users, ['tenanta']);
  });

  for (const [what, statement] of [
    ['read the table of another whose name its own matches', 'SELECT * FROM axb.kine'],
    ['write it', "INSERT INTO axb.kine VALUES (2, 'x')"],
    ['enter that database', 'USE axb'],
    ['make a table there', 'CREATE TABLE axb.x (id INT)'],
    ['change the table there', 'ALTER TABLE axb.kine ADD COLUMN x INT'],
    ['move its own table there', 'ALTER TABLE a_b.kine RENAME axb.stolen'],
    ['drop that database', 'DROP DATABASE axb'],
    ['drop its own table, which kine never does', 'DROP TABLE a_b.kine'],
    ['read the passwords', 'SELECT * FROM mysql.global_priv'],
    ['read the marks', 'SELECT * FROM kamaji.tenants'],
    ['claim another schema', "INSERT INTO kamaji.tenants VALUES ('c', 'tenanta')"],
    ['grant itself more', "GRANT ALL ON axb.* TO tenanta@'%'"],
    ['grant others its own', "GRANT SELECT ON a_b.* TO tenantb@'%'"],
    ['make a user', "CREATE USER x@'%' IDENTIFIED BY 'x'"],
    ['change the password of another', "SET PASSWORD FOR tenantb@'%' = PASSWORD('x')"],
    ['make a database', 'CREATE DATABASE x'],
    ['make a view', 'CREATE VIEW v AS SELECT 1'],
    [
      'make a view that runs as the administrator',
      "CREATE DEFINER = admin@'%' SQL SECURITY DEFINER VIEW v AS SELECT 1",
    ],
    ['make a function', 'CREATE FUNCTION f() RETURNS INT RETURN 1'],
    ['make a trigger', 'CREATE TRIGGER t BEFORE INSERT ON kine FOR EACH ROW SET @x = 1'],
    ['make an event', 'CREATE EVENT e ON SCHEDULE EVERY 1 HOUR DO SELECT 1'],
    ['write a file of the server', "SELECT 1 INTO OUTFILE '/tmp/x'"],
    ['load a file of the server', "LOAD DATA INFILE '/etc/passwd' INTO TABLE kine"],
    ['load a plugin', "INSTALL PLUGIN x SONAME 'x.so'"],
    ['change the configuration', 'SET GLOBAL max_connections = 1'],
    ['stop the server', 'SHUTDOWN'],
    ['follow the log of all changes', 'SHOW BINARY LOGS'],
  ] as const) {
    test(`cannot ${what}`, async () => {
      await assert.rejects(own(statement), isRefusal);
    });
  }

  test('reads nothing through functions that open files', async () => {
    assert.deepEqual(JSON.stringify(await own("SELECT LOAD_FILE('/etc/passwd') AS file")), '[{"file":null}]');
  });

  test('cannot end the session of another', async () => {
    const [row = {}] = await server.query('SELECT CONNECTION_ID() AS id');
    await assert.rejects(own(`KILL ${Number(row['id'])}`));
    const session = await server.holdSession(theirs);
    const [held = {}] = await server.query(
      "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = 'tenantb'",
    );
    await assert.rejects(own(`KILL ${Number(held['id'])}`), isRefusal);
    session.close();
  });

  test('has changed nothing by all of this', async () => {
    assert.deepEqual(JSON.stringify(await server.as(theirs, 'SELECT name FROM kine')), '[{"name":"theirs"}]');
    assert.deepEqual(await driver.isolationProblems(never), []);
  });

  test('an administrator hears of what lets tenants reach one another, and the remedy given for it works', async () => {
    for (const damage of [
      "GRANT SELECT ON `a_b`.* TO tenanta@'%'",
      "GRANT SELECT ON `axb`.* TO tenanta@'%'",
      "GRANT PROCESS ON *.* TO tenanta@'%'",
      'GRANT ALL ON `test\\_%`.* TO PUBLIC',
      "CREATE USER ''@'%'",
    ]) {
      await server.query(damage);
      const [problem, ...others] = await driver.isolationProblems(never);
      assert.ok(problem !== undefined, `${damage} was not noticed`);
      assert.deepEqual(others, []);
      await server.query(problem.remedy);
      assert.deepEqual(await driver.isolationProblems(never), [], damage);
    }
  });

  test('rights in excess are taken back when the tenant is made sure of', async () => {
    await server.query("GRANT SELECT ON `a_b`.* TO tenanta@'%'");
    await server.query("GRANT ALL ON *.* TO tenanta@'%'");
    await driver.ensureTenant(mine, never);
    assert.deepEqual(await driver.isolationProblems(never), []);
    await assert.rejects(own('SELECT * FROM axb.kine'), isRefusal);
    await own('CREATE TABLE IF NOT EXISTS kine (id INT)');
    await own('SELECT * FROM kine');
  });

  test('dropping a tenant leaves the one whose name it matches alone', async () => {
    await driver.dropTenant(mine, never);
    assert.equal((await server.as(theirs, 'SELECT name FROM kine')).length, 1);
    await driver.ensureTenant(mine, never);
  });
});

suite('half-done tenants of a MariaDB', () => {
  let server: EngineServer;
  let driver: Driver;
  const tenant = { schema: 'half-done', user: 'halfdone', password: newPassword() };
  before(async () => {
    server = await mariadb.start();
    driver = mariadb.open(configOf(server, 'MySQL'));
    await driver.probe(never);
    await driver.dropTenant(tenant, never);
  });
  after(async () => {
    driver.close();
    await server.stop();
  });

  for (const [left, undo] of [
    ['only the mark', ['DROP DATABASE `half-done`', "DROP USER halfdone@'%'"]],
    ['a user without a database', ['DROP DATABASE `half-done`', "REVOKE ALL ON `half-done`.* FROM halfdone@'%'"]],
    ['a database without rights in it', ["REVOKE ALL ON `half-done`.* FROM halfdone@'%'"]],
    ['a user that is locked out', ["ALTER USER halfdone@'%' ACCOUNT LOCK"]],
    ['a database without its user', ["DROP USER halfdone@'%'"]],
  ] as const) {
    test(`a crash that left ${left} is got over, and such a tenant can be dropped`, async () => {
      const before = await server.listing();
      await driver.ensureTenant(tenant, never);
      for (const statement of undo) await server.query(statement);
      await driver.ensureTenant(tenant, never);
      await server.as(tenant, 'CREATE TABLE kine (id INT)');
      for (const statement of undo) await server.query(statement);
      await driver.dropTenant(tenant, never);
      assert.deepEqual(await server.listing(), before);
    });
  }

  test('what upstream Kamaji made is taken up by the password that its Secret has, and by no other', async () => {
    const old = { schema: 'tenants_old', user: '0f3b2c1d-aaaa-4bbb-8ccc-1234567890ab', password: newPassword() };
    await server.query('CREATE DATABASE tenants_old');
    await server.query(`CREATE USER '${old.user}'@'%' IDENTIFIED BY '${old.password}'`);
    // Unescaped, as upstream grants: also on every other database that matches.
    await server.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX ON tenants_old.* TO '${old.user}'@'%'`,
    );
    const stranger = { ...old, password: newPassword() };
    await assert.rejects(driver.ensureTenant(stranger, never), { code: 'NameConflict' });
    await driver.dropTenant(old, never);
    await server.as(old, 'SELECT 1');
    await driver.ensureTenant(old, never);
    await server.as(old, 'CREATE TABLE kine (id INT)');
    assert.deepEqual(await driver.isolationProblems(never), []);
    await driver.dropTenant(old, never);
  });

  test('the rights that the documentation asks for are enough, and are all needed', async () => {
    await using empty = await mariadb.start();
    const basicAuth = { username: 'kamaji', password: newPassword() };
    await empty.query(`CREATE USER kamaji@'%' IDENTIFIED BY '${basicAuth.password}'`);
    const limited = mariadb.open(configOf(empty, 'MySQL', { basicAuth }));
    const { missingRights } = await limited.probe(never).catch(() => ({ missingRights: ['SELECT'] }));
    assert.notDeepEqual(missingRights, []);
    const rights = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, CREATE USER, PROCESS, CONNECTION ADMIN';
    await empty.query(`GRANT ${rights} ON *.* TO kamaji@'%' WITH GRANT OPTION`);
    // MariaDB looks rights up when a session begins.
    limited.close();
    const enough = mariadb.open(configOf(empty, 'MySQL', { basicAuth }));
    assert.deepEqual((await enough.probe(never)).missingRights, []);
    await enough.ensureTenant(tenant, never);
    const session = await empty.holdSession(tenant);
    await enough.ensureTenant(tenant, never);
    await enough.usage(tenant, never);
    await enough.dropTenant(tenant, never);
    await session.ended;
    for (const right of rights.split(', ')) {
      await empty.query(`REVOKE ${right} ON *.* FROM kamaji@'%'`);
      const without = mariadb.open(configOf(empty, 'MySQL', { basicAuth }));
      const outcome = await without.probe(never).catch((error: unknown) => error);
      assert.ok(
        outcome instanceof Error || JSON.stringify(outcome).includes(right.replace('ION ADMIN', 'ION_ADMIN')),
        right,
      );
      without.close();
      await empty.query(`GRANT ${right} ON *.* TO kamaji@'%' WITH GRANT OPTION`);
    }
    enough.close();
  });

  test('a server that accepts no changes is not written to', async () => {
    await using open = await mariadb.start({ 'read-only': 'ON' });
    const standby = mariadb.open(configOf(open, 'MySQL'));
    await assert.rejects(standby.probe(never), { code: 'Unavailable' });
    await open.query('SET GLOBAL read_only = OFF');
    await standby.probe(never);
    standby.close();
  });

  test('a server that asks for no permissions says so', async () => {
    await using open = await mariadb.start({ 'skip-grant-tables': 'ON' });
    const unguarded = mariadb.open(configOf(open, 'MySQL'));
    assert.equal((await unguarded.probe(never)).authorizationEnabled, false);
    unguarded.close();
  });
});

/** MySQL says of some things that they are not allowed, of others that they are not there. */
function isRefusal(error: unknown): true {
  assert.ok(error instanceof Error && 'code' in error, String(error));
  assert.match(String(error.code), /DENIED|NOT_OWNER|CANNOT_|ER_BAD_DB_ERROR/u, error.message);
  return true;
}
