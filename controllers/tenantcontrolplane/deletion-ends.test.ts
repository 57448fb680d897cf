import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import { namespaces, secrets } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { freePorts } from '#test/ports.ts';
import { LEAVE_DATA } from './phases/deletion.ts';
import type { World } from './world.fake.ts';
import { NAMESPACE, startWorld, STORE } from './world.fake.ts';

suite('the deletion of a control plane ends, on a real API server and a real etcd', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  /** One with data on a DataStore of its own; answers also whether a name in the store is of it. */
  const settled = async (name: string, dataStore = name) => {
    if (dataStore !== STORE.name) await world.dataStore(dataStore);
    const key = await world.tenant(name, { dataStore });
    const { metadata, spec } = await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const isOfIt = (one: string): boolean => one === spec.dataStoreUsername || one.includes(metadata.uid ?? '');
    assert.ok((await world.etcd()).users.some(isOfIt));
    return { key, isOfIt };
  };
  const isGone = async (key: ObjectKey): Promise<boolean> =>
    (await world.client.get(tenantControlPlanes, key)) === undefined;
  const gone = (key: ObjectKey): Promise<void> => world.eventually(`${key.name} is gone`, () => isGone(key));
  const remove = (key: ObjectKey) => world.client.delete(tenantControlPlanes, key);
  const leave = (key: ObjectKey) =>
    world.client.mergePatch(tenantControlPlanes, key, { metadata: { annotations: { [LEAVE_DATA]: 'true' } } });
  const leavesNothing = async (isOfIt: (name: string) => boolean): Promise<void> => {
    const { users, roles } = await world.etcd();
    assert.ok(![...users, ...roles].some(isOfIt));
  };
  const wayOut = /annotate it with kamaji\.clastix\.io\/leave-data=true/u;
  const deleting = async (key: ObjectKey, reason: string): Promise<string> => {
    const { status } = await world.reason(key, 'Deleting', reason);
    const message = status?.conditions?.find(({ type }) => type === 'Deleting')?.message ?? '';
    assert.match(message, wayOut);
    return message;
  };

  test('with the store down: it waits, says so, and goes on when that is back', async () => {
    const { key, isOfIt } = await settled('down');
    const store = await world.client.get(dataStores, { name: 'down' });
    const [closed = 0] = await freePorts(1);
    await world.client.mergePatch(dataStores, { name: 'down' }, { spec: { endpoints: [`127.0.0.1:${closed}`] } });
    await remove(key);
    assert.match(await deleting(key, 'WaitingForDataStore'), /DataStore down could not be dropped/u);
    const endpoints = store?.spec.endpoints ?? [];
    await world.client.mergePatch(dataStores, { name: 'down' }, { spec: { endpoints } });
    await gone(key);
    await leavesNothing(isOfIt);
  });

  test('with the DataStore gone: it waits for that, and goes on when it is made again', async () => {
    const { key, isOfIt } = await settled('missing');
    await world.client.delete(dataStores, { name: 'missing' });
    await remove(key);
    assert.match(await deleting(key, 'DataStoreMissing'), /DataStore missing, which does not exist/u);
    await world.dataStore('missing');
    await gone(key);
    await leavesNothing(isOfIt);
  });

  test('with the DataStore gone for good: whoever gives the data up is told what stays behind', async () => {
    const { key, isOfIt } = await settled('given-up');
    await world.client.delete(dataStores, { name: 'given-up' });
    await remove(key);
    await deleting(key, 'DataStoreMissing');
    await leave(key);
    await gone(key);
    const told = () => world.notes(key).find(({ reason }) => reason === 'DataLeft');
    await world.eventually('it is told', async () => told() !== undefined);
    const { type, note } = told() ?? {};
    assert.equal(type, 'Warning');
    const [user = ''] = (await world.etcd()).users.filter(isOfIt);
    assert.ok(note?.includes(`user ${user} stay on DataStore given-up`), note);
  });

  test('with another store behind the name: nothing is dropped there', async () => {
    const { key, isOfIt } = await settled('exchanged');
    await world.declareStore('exchanged', { ready: true, identity: 'another' });
    await world.reason(key, 'DataStoreReady', 'DataStoreMismatch');
    await remove(key);
    await deleting(key, 'DataStoreMismatch');
    await leave(key);
    await gone(key);
    assert.ok((await world.etcd()).users.some(isOfIt));
  });

  test('with the store’s credentials gone: it waits for these', async () => {
    const { key, isOfIt } = await settled('locked');
    const store = await world.client.get(dataStores, { name: 'locked' });
    const clientCertificate = store?.spec.tlsConfig?.clientCertificate;
    const lost = { secretReference: { namespace: NAMESPACE, name: 'lost', keyPath: 'tls.key' }, content: null };
    await world.client.mergePatch(
      dataStores,
      { name: 'locked' },
      { spec: { tlsConfig: { clientCertificate: { privateKey: lost } } } },
    );
    await remove(key);
    assert.match(await deleting(key, 'CredentialsMissing'), /lost/u);
    const privateKey = { ...clientCertificate?.privateKey, secretReference: null };
    await world.client.mergePatch(
      dataStores,
      { name: 'locked' },
      { spec: { tlsConfig: { clientCertificate: { privateKey } } } },
    );
    await gone(key);
    await leavesNothing(isOfIt);
  });

  test('with its own credentials gone, and all its other Secrets', async () => {
    const { key, isOfIt } = await settled('bare', STORE.name);
    await world.restart(async () => {
      const { items } = await world.client.list(secrets, {
        namespace: NAMESPACE,
        labelSelector: 'kamaji.clastix.io/name=bare',
      });
      assert.ok(items.length > 0);
      for (const { metadata } of items) {
        await world.client.delete(secrets, { namespace: NAMESPACE, name: metadata?.name ?? '' });
      }
      await remove(key);
    });
    await gone(key);
    await leavesNothing(isOfIt);
  });

  test('with the manager ended on the way, more than once', async () => {
    const { key, isOfIt } = await settled('interrupted');
    await world.client.delete(dataStores, { name: 'interrupted' });
    await remove(key);
    await deleting(key, 'DataStoreMissing');
    await world.restart();
    await world.restart(() => world.dataStore('interrupted'));
    await gone(key);
    await leavesNothing(isOfIt);
  });

  test('with its namespace on the way out', async () => {
    const { key, isOfIt } = await settled('last', STORE.name);
    await world.client.delete(namespaces, { name: NAMESPACE });
    // What the namespace controller does.
    await remove(key);
    await gone(key);
    await leavesNothing(isOfIt);
  });
});
