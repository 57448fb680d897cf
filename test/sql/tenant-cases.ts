import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { Driver } from '#datastore/driver.ts';
import { newPassword } from '../database-server.ts';
import { configOf, type Engine, type EngineServer, type EngineTenant, failsWith, never, opener } from './engine.ts';

/** Everything that holds of tenants on every SQL store. */
export function testTenants(engine: Engine): void {
  suite(`tenants of a ${engine.driver}`, () => {
    let server: EngineServer;
    const drivers = opener(engine);
    let driver: Driver;
    let serial = 0;
    let tenant: EngineTenant = { schema: '', user: '', password: '' };
    before(async () => {
      server = await engine.start();
      driver = drivers.open(configOf(server, engine.driver));
      await driver.probe(never);
    });
    beforeEach(() => {
      serial += 1;
      const uid = `${String(serial).padStart(8, '0')}-0000-4000-8000-000000000000`;
      tenant = { schema: uid, user: uid.replaceAll('-', ''), password: newPassword() };
    });
    after(async () => {
      drivers.closeAll();
      await server.stop();
    });

    test('a probe tells version, connections and an identity that survives a restart but not an empty disk', async () => {
      await using another = await engine.start();
      const other = drivers.open(configOf(another, engine.driver));
      const first = await other.probe(never);
      assert.match(first.version, engine.version);
      assert.equal(first.authorizationEnabled, true);
      assert.deepEqual(first.missingRights, []);
      assert.ok(first.connections !== undefined && first.connections.used > 0);
      assert.ok(first.connections.limit > first.connections.used);
      await another.end('SIGKILL');
      await another.start();
      assert.equal((await other.probe(never)).identity, first.identity);
      assert.notEqual((await driver.probe(never)).identity, first.identity);
      await another.end();
      await another.start({ empty: true });
      assert.notEqual((await other.probe(never)).identity, first.identity);
    });

    test('a tenant is made, is made again without change, and leaves nothing when dropped', async () => {
      const before = await server.listing();
      await driver.ensureTenant(tenant, never);
      const made = await server.listing();
      assert.notDeepEqual(made, before);
      await driver.ensureTenant(tenant, never);
      assert.deepEqual(await server.listing(), made);
      await server.as(tenant, 'CREATE TABLE kine (id INT PRIMARY KEY, name VARCHAR(630))');
      await server.as(tenant, "INSERT INTO kine VALUES (1, '/registry/one')");
      assert.equal((await server.as(tenant, 'SELECT name FROM kine')).length, 1);
      await driver.dropTenant(tenant, never);
      assert.deepEqual(await server.listing(), before);
      await driver.dropTenant(tenant, never);
      assert.deepEqual(await server.listing(), before);
    });

    test('another password replaces the one that the store knew', async () => {
      await driver.ensureTenant(tenant, never);
      const renewed = { ...tenant, password: newPassword() };
      await driver.ensureTenant(renewed, never);
      await server.as(renewed, 'SELECT 1');
      await assert.rejects(server.as(tenant, 'SELECT 1'));
    });

    test('a session that a tenant holds ends when it is dropped', async () => {
      await driver.ensureTenant(tenant, never);
      const session = await server.holdSession(tenant);
      await driver.dropTenant(tenant, never);
      await session.ended;
    });

    test('a schema of another user is refused, and the refused tenant can be dropped without touching it', async () => {
      await driver.ensureTenant(tenant, never);
      const before = await server.listing();
      const intruder = { ...tenant, user: `${tenant.user.slice(1)}x` };
      await assert.rejects(driver.ensureTenant(intruder, never), failsWith('NameConflict', tenant.password));
      await driver.dropTenant(intruder, never);
      assert.deepEqual(await server.listing(), before);
    });

    test('a user of another schema is refused, and the refused tenant can be dropped without touching it', async () => {
      await driver.ensureTenant(tenant, never);
      const before = await server.listing();
      const intruder = { ...tenant, schema: `${tenant.schema}-x` };
      await assert.rejects(driver.ensureTenant(intruder, never), failsWith('NameConflict', tenant.password));
      await driver.dropTenant(intruder, never);
      assert.deepEqual(await server.listing(), before);
    });

    test('a user and a database that were never ours are refused and kept', async () => {
      await server.foreignUser('application');
      await server.foreignDatabase('accounting');
      const before = await server.listing();
      for (const names of [
        { user: 'application' },
        { schema: 'accounting' },
        { user: 'application', schema: 'accounting' },
      ]) {
        const intruder = { ...tenant, ...names };
        await assert.rejects(driver.ensureTenant(intruder, never), failsWith('NameConflict'));
        await driver.dropTenant(intruder, never);
        assert.deepEqual(await server.listing(), before);
      }
    });

    test('the administrator cannot be made a tenant', async () => {
      const before = await server.listing();
      const intruder = { ...tenant, user: server.administrator.username };
      await assert.rejects(driver.ensureTenant(intruder, never), failsWith('NameConflict'));
      await driver.dropTenant(intruder, never);
      assert.deepEqual(await server.listing(), before);
    });

    test('of two tenants that take the same names at the same time at most one gets them', async () => {
      const rival = { ...tenant, user: `${tenant.user.slice(1)}r`, password: newPassword() };
      const outcomes = await Promise.allSettled([
        driver.ensureTenant(tenant, never),
        driver.ensureTenant(rival, never),
      ]);
      assert.ok(outcomes.filter(({ status }) => status === 'fulfilled').length <= 1);
      const opened = await Promise.allSettled([server.as(tenant, 'SELECT 1'), server.as(rival, 'SELECT 1')]);
      assert.ok(opened.filter(({ status }) => status === 'fulfilled').length <= 1);
      // What is left of both is what their deletion finds.
      await driver.dropTenant(tenant, never);
      await driver.dropTenant(rival, never);
    });

    test('the same tenant made by several calls at once is made', async () => {
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => driver.ensureTenant(tenant, never)));
      for (const outcome of outcomes) if (outcome.status === 'rejected') failsWith('Unavailable')(outcome.reason);
      await driver.ensureTenant(tenant, never);
      await server.as(tenant, 'SELECT 1');
    });

    test('twenty tenants made at once each get their own, over four connections', async () => {
      const tenants = Array.from({ length: 20 }, (_, index) => ({
        schema: `many_${index}`,
        user: `many${index}`,
        password: newPassword(),
      }));
      await Promise.all(tenants.map((one) => driver.ensureTenant(one, never)));
      const { connections } = await driver.probe(never);
      assert.ok(connections !== undefined && connections.used <= 4, `${connections?.used} connections`);
      for (const one of tenants) await server.as(one, 'SELECT 1');
      await Promise.all(tenants.map((one) => driver.dropTenant(one, never)));
      assert.deepEqual(
        (await server.listing()).filter((line) => line.includes('many')),
        [],
      );
    });

    test('a tenant that takes all the connections it can get keeps nobody else out', async () => {
      const neighbour = { schema: 'neighbour', user: 'neighbour', password: newPassword() };
      await driver.ensureTenant(tenant, never);
      await driver.ensureTenant(neighbour, never);
      const { connections } = await driver.probe(never);
      assert.ok(connections !== undefined);
      const sessions: { close(): void }[] = [];
      const takeAll = async (): Promise<void> => {
        for (;;) sessions.push(await server.holdSession(tenant));
      };
      await assert.rejects(takeAll, /too many connections|max_user_connections/u);
      assert.ok(sessions.length <= connections.limit / 2 + 2, `${sessions.length} of ${connections.limit}`);
      await server.as(neighbour, 'SELECT 1');
      await driver.probe(never);
      for (const session of sessions) session.close();
      await driver.dropTenant(tenant, never);
      await driver.dropTenant(neighbour, never);
    });

    test('a process that lost its leadership begins no change, and may still look', async () => {
      const state = { leads: true };
      const beforeWrite = (): void => {
        if (!state.leads) throw new Error('not the leader');
      };
      const fenced = drivers.open(configOf(server, engine.driver), { beforeWrite });
      await fenced.ensureTenant(tenant, never);
      const before = await server.listing();
      state.leads = false;
      await fenced.probe(never);
      const another = { ...tenant, schema: `${tenant.schema}-2`, user: 'fenced' };
      for (const attempt of [() => fenced.ensureTenant(another, never), () => fenced.dropTenant(tenant, never)]) {
        await assert.rejects(attempt, /not the leader/u);
      }
      assert.deepEqual(await server.listing(), before);
    });

    for (const [schema, user] of [
      ['a/b', 'user'],
      ['', 'user'],
      ['schema', 'a"b'],
      ["schema' OR '1'='1", 'user'],
      ['schema', 'a`b'],
      ['schema', 'ü'],
      ['s'.repeat(65), 'user'],
    ] as const) {
      test(`the names ${JSON.stringify(schema.slice(0, 20))} and ${JSON.stringify(user)} never reach the store`, async () => {
        const bad = { schema, user, password: newPassword() };
        await assert.rejects(driver.ensureTenant(bad, never), failsWith('InvalidName'));
        await assert.rejects(driver.dropTenant(bad, never), failsWith('InvalidName'));
        await assert.rejects(driver.usage(bad, never), failsWith('InvalidName'));
      });
    }

    test('usage of a tenant that has nothing is nothing, and grows with what kine writes', async () => {
      assert.deepEqual(await driver.usage(tenant, never), { keys: 0, bytes: 0 });
      await driver.ensureTenant(tenant, never);
      await server.as(tenant, 'CREATE TABLE kine (id INT PRIMARY KEY, name VARCHAR(630))');
      await server.as(tenant, 'CREATE INDEX kine_name_index ON kine (name)');
      const rows = Array.from({ length: 200 }, (_, row) => `(${row}, '/registry/${row % 50}')`);
      await server.as(tenant, `INSERT INTO kine VALUES ${rows.join(', ')}`);
      await server.as(tenant, engine.driver === 'MySQL' ? 'ANALYZE TABLE kine' : 'ANALYZE kine');
      const { keys, bytes } = await driver.usage(tenant, never);
      assert.equal(keys, 50);
      assert.ok(bytes > 0);
    });

    test('an administrator without rights is told which ones are missing', async () => {
      const weak = drivers.open(configOf(server, engine.driver, { basicAuth: await server.weakAdministrator() }));
      const outcome = await weak.probe(never).then(
        ({ missingRights }) => missingRights,
        (error: unknown) => (failsWith('PermissionDenied')(error), ['PermissionDenied']),
      );
      assert.notDeepEqual(outcome, []);
      await assert.rejects(weak.ensureTenant(tenant, never), failsWith('PermissionDenied', tenant.password));
    });

    test('nothing is known against a store as it comes', async () => {
      assert.deepEqual(await driver.isolationProblems(never), []);
    });
  });
}
