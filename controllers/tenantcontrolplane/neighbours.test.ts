import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { dataStores } from '#api/kinds.ts';
import type { Driver, TenantAccess } from '#datastore/driver.ts';
import { defaultTenantNames } from '#datastore/naming.ts';
import { postgres } from '#datastore/postgresql/engine.fake.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { newPassword } from '#test/database-server.ts';
import { freePorts } from '#test/ports.ts';
import { startUsers } from '#test/rollout/users.ts';
import { configOf, type EngineServer, never } from '#test/sql/engine.ts';
import { sqlDataStore } from './sql-data-store.fake.ts';
import { NAMESPACE, startWorld, type World } from './world.fake.ts';

/** Of each of three kinds of user; a fourth writes and watches as often. */
const PER_SECOND = 5;
const TENANTS = 100;

suite('a tenant whose API server serves twenty requests a second', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  test('on an etcd does not notice that a hundred others are set up there', async () => {
    const driver = world.administrator();
    try {
      await servesMeanwhile({}, ['kube-apiserver'], driver);
    } finally {
      driver.close();
    }
  });

  suite('on a PostgreSQL, through kine', () => {
    let server: EngineServer;
    before(async () => {
      server = await postgres.start();
    });
    after(() => server?.stop());

    test('does not notice that a hundred others are set up there', async () => {
      const driver = postgres.open(configOf(server, 'PostgreSQL'));
      try {
        const { identity } = await driver.probe(never);
        await world.client.create(dataStores, sqlDataStore('postgresql', 'PostgreSQL', [server.endpoint], server));
        await world.declareStore('postgresql', { ready: true, identity });
        await servesMeanwhile({ dataStore: 'postgresql' }, ['kine', 'kube-apiserver'], driver);
      } finally {
        driver.close();
      }
    });
  });

  async function servesMeanwhile(
    parts: { readonly dataStore?: string },
    containers: readonly string[],
    driver: Driver,
  ): Promise<void> {
    const key: ObjectKey = { namespace: NAMESPACE, name: `busy-${parts.dataStore ?? 'etcd'}` };
    const [port = 0] = await freePorts(1);
    await world.tenant(key.name, { ...parts, networkProfile: { address: world.address, port } });
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const tenant = await world.run(key, containers);
    await tenant.kubectl(['get', 'namespaces']);
    const kubeconfig = join(tenant.directory, 'admin.conf');
    let losses: readonly string[] = [];
    {
      await using users = await startUsers(kubeconfig, PER_SECOND, never);
      let requests = 0;
      // Where a hundred take less than the five seconds that a hundred requests do, a hundred more are set up.
      do {
        await Promise.all(newTenants().map((one) => driver.ensureTenant(one, never)));
        const { probes, events, losses: now } = await users.take();
        losses = [...losses, ...now];
        requests += Object.values(probes).reduce((sum, one) => sum + one.requests, events.written);
      } while (requests < 100);
      losses = [...losses, ...(await users.take()).losses];
    }
    assert.deepEqual(losses, []);
    await tenant.stop();
  }
});

function newTenants(): readonly TenantAccess[] {
  return Array.from({ length: TENANTS }, () => ({
    ...defaultTenantNames(crypto.randomUUID()),
    password: newPassword(),
  }));
}
