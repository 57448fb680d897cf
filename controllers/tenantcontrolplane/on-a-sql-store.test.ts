import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Driver } from '#datastore/driver.ts';
import { mariadb } from '#datastore/mysql/engine.fake.ts';
import { postgres } from '#datastore/postgresql/engine.fake.ts';
import { configMaps, deployments, namespaces, secrets } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { freePorts } from '#test/ports.ts';
import { configOf, type EngineServer, type EngineTenant, never } from '#test/sql/engine.ts';
import { type RunningTenant, secretText } from './running-tenant.fake.ts';
import { sqlDataStore } from './sql-data-store.fake.ts';
import { NAMESPACE, startWorld, type World } from './world.fake.ts';

suite('a TenantControlPlane on a SQL store, through kine', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  for (const engine of [postgres, mariadb]) {
    suite(engine.driver, () => {
      const name = engine.driver.toLowerCase();
      const key: ObjectKey = { namespace: NAMESPACE, name };
      let server: EngineServer;
      let driver: Driver;
      let untouched: readonly string[];
      /** One at a time: all of them have the same port. */
      let running: RunningTenant;
      before(async () => {
        server = await engine.start();
        driver = engine.open(configOf(server, engine.driver));
        const { identity } = await driver.probe(never);
        // Also what the driver itself keeps there has been made.
        await driver.dropTenant({ schema: 'none', user: 'none' }, never);
        untouched = await server.listing();
        // kine's driver for MySQL takes one address.
        const endpoints = engine.driver === 'PostgreSQL' ? ['127.0.0.1:1', server.endpoint] : [server.endpoint];
        await world.client.create(dataStores, sqlDataStore(name, engine.driver, endpoints, server));
        await world.declareStore(name, { ready: true, identity });
      });
      after(async () => {
        driver.close();
        await server.stop();
      });

      test('gets a user and a database of its own, and Secrets that hold nothing else', async () => {
        const [port = 0] = await freePorts(1);
        await world.tenant(name, {
          dataStore: name,
          networkProfile: { address: world.address, port },
          // Several tenants run on this machine at a time.
          controlPlane: { deployment: { extraArgs: { kine: ['--metrics-bind-address=0'] } } },
        });
        const { spec } = await world.reason(key, 'DataStoreReady', 'DataStoreReady');
        await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
        const names = namesOfControlPlane(name);
        const config = await secretOf(names.datastoreConfig);
        assert.deepEqual(Object.keys(config).sort(), ['DB_CONNECTION_STRING', 'DB_PASSWORD', 'DB_SCHEMA', 'DB_USER']);
        assert.equal(config['DB_SCHEMA'], spec.dataStoreSchema);
        assert.equal(config['DB_USER'], spec.dataStoreUsername);
        assert.match(config['DB_PASSWORD'] ?? '', /^[0-9a-f]{48}$/u);
        assert.deepEqual(await secretOf(names.datastoreCertificate), { 'ca.crt': server.authority.certificatePem });
      });

      test('keeps what is written through its API server over a restart of everything', async () => {
        const first = await world.run(key, ['kine', 'kube-apiserver']);
        await first.client.create(namespaces, { metadata: { name: 'kept' } });
        const data = { text: 'x'.repeat(100_000) };
        await first.client.create(configMaps, { metadata: { namespace: 'kept', name: 'large' }, data });
        await first.stop();
        await server.end('SIGKILL');
        await server.start();
        running = await world.run(key, ['kine', 'kube-apiserver']);
        const found = await running.client.get(configMaps, { namespace: 'kept', name: 'large' });
        assert.deepEqual(found?.data, data);
        await running.client.delete(configMaps, { namespace: 'kept', name: 'large' });
        await world.eventually('the store knows how much there is', async () => (await usageOf()).bytes > 0);
      });

      const spoiled: readonly (readonly [what: string, spoil: (secret: ObjectKey) => Promise<unknown>])[] = [
        [
          'overwritten',
          (secret) => world.client.mergePatch(secrets, secret, { data: { DB_PASSWORD: encoded('overwritten') } }),
        ],
        ['deleted', (secret) => world.client.delete(secrets, secret)],
      ];
      for (const [what, spoil] of spoiled) {
        test(`has new credentials when their Secret was ${what}, new pods to use them, and loses nothing`, async () => {
          const secret = { namespace: NAMESPACE, name: namesOfControlPlane(name).datastoreConfig };
          const kept = { namespace: 'kept', name: `before-it-was-${what}` };
          await running.client.create(configMaps, { metadata: kept, data: { text: what } });
          const before = await secretOf(secret.name);
          const template = await templateOf(key);
          await spoil(secret);
          await world.eventually('the pods are to be replaced', async () => (await templateOf(key)) !== template);
          const after = await secretOf(secret.name);
          assert.match(after['DB_PASSWORD'] ?? '', /^[0-9a-f]{48}$/u);
          assert.notEqual(after['DB_PASSWORD'], before['DB_PASSWORD']);
          assert.deepEqual({ ...after, DB_PASSWORD: '' }, { ...before, DB_PASSWORD: '' });
          await server.as(loginOf(after), 'SELECT 1');
          await assert.rejects(server.as(loginOf(before), 'SELECT 1'));
          await running.stop();
          running = await world.run(key, ['kine', 'kube-apiserver']);
          assert.deepEqual((await running.client.get(configMaps, kept))?.data, { text: what });
        });
      }

      test('never holds the credentials of the administrator in its namespace', async () => {
        const { items } = await world.client.list(secrets, { namespace: NAMESPACE });
        const texts = items.flatMap(({ data = {} }) => Object.values(data).map((text) => Buffer.from(text, 'base64')));
        assert.ok(texts.length > 0);
        const { items: pods } = await world.client.list(deployments, { namespace: NAMESPACE });
        const all = `${texts.join('\n')}${JSON.stringify(pods)}`;
        assert.ok(!all.includes(server.administrator.password));
        assert.ok(!all.includes(server.authority.privateKeyPem));
        const password = (await secretOf(namesOfControlPlane(name).datastoreConfig))['DB_PASSWORD'] ?? '';
        assert.ok(!JSON.stringify(pods).includes(password));
      });

      test('leaves the store as it was when it is deleted, while its API server still runs', async () => {
        await world.client.delete(tenantControlPlanes, key);
        const isGone = async (): Promise<boolean> => (await world.client.get(tenantControlPlanes, key)) === undefined;
        await world.eventually(`${name} is gone`, isGone);
        assert.deepEqual(await server.listing(), untouched);
      });

      async function secretOf(secret: string): Promise<Readonly<Record<string, string>>> {
        const { data = {} } = (await world.client.get(secrets, { namespace: NAMESPACE, name: secret })) ?? {};
        const items = Object.keys(data).map(async (item) => {
          return [item, await secretText(world.client, { namespace: NAMESPACE, name: secret }, item)] as const;
        });
        return Object.fromEntries(await Promise.all(items));
      }

      async function templateOf({ name: deployment }: ObjectKey): Promise<string> {
        const found = await world.client.get(deployments, { namespace: NAMESPACE, name: deployment });
        return JSON.stringify(found?.spec?.template);
      }

      async function usageOf() {
        const { spec } = await world.get(key);
        return driver.usage({ schema: spec.dataStoreSchema ?? '', user: spec.dataStoreUsername ?? '' }, never);
      }
    });
  }
});

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

function loginOf(config: Readonly<Record<string, string>>): EngineTenant {
  const { DB_SCHEMA: schema = '', DB_USER: user = '', DB_PASSWORD: password = '' } = config;
  return { schema, user, password };
}
