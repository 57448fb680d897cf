import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { dataStores } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { call, rawClient } from '#datastore/etcd/attacker.fake.ts';
import type { Driver } from '#datastore/driver.ts';
import { mariadb } from '#datastore/mysql/engine.fake.ts';
import { postgres } from '#datastore/postgresql/engine.fake.ts';
import { namespaces } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { newPassword } from '#test/database-server.ts';
import { installCrds } from '#test/install-crds.ts';
import { mountSmallDisk } from '#test/small-disk.ts';
import { configOf, type Engine, type EngineServer, failsWith, never } from '#test/sql/engine.ts';
import { startTlsEtcd } from '#test/tls-etcd.ts';
import { base64, enableAuthorization, eventually, namespace, store, userStore } from './objects.fake.ts';
import { type RunningController, startController } from './running-controller.fake.ts';

const MiB = 2 ** 20;

suite('real stores that run full, as their DataStores show it', () => {
  let controlPlane: ControlPlane;
  let controller: RunningController;
  before(async () => {
    controlPlane = await startControlPlane();
    await installCrds(controlPlane);
    await controlPlane.client.create(namespaces, { metadata: { name: namespace } });
    controller = await startController(controlPlane, new Map());
  });
  after(async () => {
    await controller?.stop();
    await controlPlane?.stop();
  });

  async function until(name: string, check: (dataStore: DataStore) => boolean): Promise<DataStore> {
    let last: DataStore | undefined;
    await eventually(
      async () => {
        last = await controlPlane.client.get(dataStores, { name });
        return last !== undefined && check(last);
      },
      () => JSON.stringify(last?.status, undefined, 1),
    );
    assert.ok(last !== undefined);
    return last;
  }
  const isReady = ({ status }: DataStore): boolean => status?.ready === true;
  const reasons = ({ status }: DataStore): readonly (string | undefined)[] =>
    ['CapacityAvailable', 'Ready', 'Reachable'].map((type) => findCondition(status?.conditions, type)?.reason);
  const full = ['StoreFull', 'StoreFull', 'Reachable'];

  test('an etcd at its quota: full, and ready by itself once it was compacted and defragmented', async () => {
    await using etcd = await startTlsEtcd({ quotaBytes: 8 * MiB });
    await enableAuthorization(etcd);
    await controlPlane.client.create(dataStores, await userStore(etcd, 'etcd'));
    await until('etcd', isReady);
    const root = await rawClient(etcd, 'root');
    const put = (key: string, bytes: number) =>
      call(root, 'KV', 'Put', { key: Buffer.from(key), value: Buffer.alloc(bytes, 'x') });
    await put('/kept', 10);
    // In small pieces: an etcd that refused a large one may still have so much room that the controller takes its alarm back.
    await assert.rejects(async () => {
      for (;;) await put('/large', MiB / 16);
    }, /database space exceeded/u);
    const dataStore = await until('etcd', (one) => one.status?.ready === false);
    assert.deepEqual(reasons(dataStore), full);
    assert.match(findCondition(dataStore.status?.conditions, 'Ready')?.message ?? '', /give it more room, compact/u);

    await call(root, 'KV', 'DeleteRange', { key: Buffer.from('/large') });
    const { header } = await call(root, 'KV', 'Range', { key: Buffer.from('/kept') });
    const revision = typeof header === 'object' && header !== null && 'revision' in header ? header.revision : 0;
    await call(root, 'KV', 'Compact', { revision });
    await call(root, 'Maintenance', 'Defragment', {});
    await until('etcd', isReady);
    await put('/another', 10);
    root.close();
    await controlPlane.client.delete(dataStores, { name: 'etcd' });
  });

  for (const [engine, mebibytes] of [
    [postgres, 96],
    [mariadb, 128],
  ] as const) {
    test(`a ${engine.driver} whose disk is full: says so, loses nothing, is ready by itself when there is room`, async () => {
      await using disk = await mountSmallDisk(mebibytes);
      const server = await disk.holding(() => engine.start());
      const driver = engine.open(configOf(server, engine.driver));
      try {
        await fillAndEmpty(engine, server, driver, disk);
      } finally {
        driver.close();
        await server.stop();
      }
    });
  }

  async function fillAndEmpty(
    engine: Engine,
    server: EngineServer,
    driver: Driver,
    disk: { fill(): Promise<void>; empty(): Promise<void> },
  ): Promise<void> {
    const name = engine.driver.toLowerCase();
    const tenant = { schema: 'tenant', user: 'tenant', password: newPassword() };
    await driver.probe(never);
    await driver.ensureTenant(tenant, never);
    await server.as(tenant, 'CREATE TABLE kine (id INT PRIMARY KEY, name VARCHAR(630))');
    await server.as(tenant, "INSERT INTO kine VALUES (1, '/registry/one')");
    await controlPlane.client.create(dataStores, dataStoreOf(name, engine, server));
    await until(name, isReady);
    await disk.fill();
    const dataStore = await until(name, (one) => one.status?.ready === false);
    assert.deepEqual(reasons(dataStore), full);
    assert.match(
      findCondition(dataStore.status?.conditions, 'Ready')?.message ?? '',
      /its disk is full: give the server/u,
    );
    await assert.rejects(driver.tryRoom?.(never) ?? Promise.resolve(), failsWith('QuotaExceeded'));
    await disk.empty();
    await until(name, isReady);
    const rows = await server.as(tenant, 'SELECT name FROM kine');
    assert.deepEqual(
      rows.map((row) => row['name']),
      ['/registry/one'],
    );
    await server.as(tenant, "INSERT INTO kine VALUES (2, '/registry/two')");
    await controlPlane.client.delete(dataStores, { name });
  }
});

function dataStoreOf(name: string, { driver }: Engine, server: EngineServer): DataStore {
  const content = (text: string) => ({ content: base64(text) });
  const { username, password } = server.administrator;
  return store(name, {
    driver,
    endpoints: [server.endpoint],
    basicAuth: { username: content(username), password: content(password) },
    tlsConfig: { certificateAuthority: { certificate: content(server.authority.certificatePem) } },
  });
}
