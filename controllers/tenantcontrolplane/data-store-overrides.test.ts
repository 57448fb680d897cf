import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import type { EtcdChannelOptions } from '#datastore/etcd/channel.ts';
import { openEtcd } from '#datastore/etcd/driver.ts';
import { namespaces } from '#runtime/client/builtin.ts';
import type { KubeObject, ObjectKey, Resource } from '#runtime/client/resource.ts';
import { readEtcdContents } from '#test/etcd-contents.ts';
import { freePorts } from '#test/ports.ts';
import { startTlsEtcd, type TlsEtcd } from '#test/tls-etcd.ts';
import { NAMESPACE, startWorld, type World } from './world.fake.ts';

const never = new AbortController().signal;
const STORE_OF_EVENTS = 'store-of-events';

/** Events of the core group, which are what `/events` means. */
const coreEvents: Resource<KubeObject & { involvedObject: object; reason: string }> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

suite('a TenantControlPlane whose events are on another etcd, which has an authority of its own', () => {
  const key: ObjectKey = { namespace: NAMESPACE, name: 'split' };
  let world: World;
  let other: TlsEtcd;
  let root: EtcdChannelOptions;
  before(async () => {
    [world, other] = await Promise.all([startWorld(), startTlsEtcd()]);
    const { certificatePem: certificate, privateKeyPem: clientKey } = await other.client('root');
    const { certificatePem: ca, privateKeyPem: caKey } = other.authority;
    root = { endpoints: [other.endpoint], tls: { ca, client: { certificate, key: clientKey } } };
    const driver = openEtcd({ driver: 'etcd', ...root, fingerprint: '' });
    await driver.initialize?.(STORE_OF_EVENTS, never);
    driver.close();
    const inline = (text: string) => ({ content: Buffer.from(text).toString('base64') });
    await world.client.create(dataStores, {
      apiVersion: 'kamaji.clastix.io/v1alpha1',
      kind: 'DataStore',
      metadata: { name: 'events' },
      spec: {
        driver: 'etcd',
        endpoints: [other.endpoint],
        tlsConfig: {
          certificateAuthority: { certificate: inline(ca), privateKey: inline(caKey) },
          clientCertificate: { certificate: inline(certificate), privateKey: inline(clientKey) },
        },
      },
    });
    await world.declareStore('events', { ready: true, identity: STORE_OF_EVENTS });
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await other?.stop();
  });

  test('keeps them there, and all the rest on its own store', async () => {
    const [port = 0] = await freePorts(1);
    await world.tenant(key.name, {
      dataStoreOverrides: [{ resource: '/events', dataStore: 'events' }],
      networkProfile: { address: world.address, port },
    });
    await world.reason(key, 'DataStoreReady', 'DataStoreReady');
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const tenant = await world.run(key);
    await tenant.client.create(namespaces, { metadata: { name: 'there' } });
    const involvedObject = { kind: 'Namespace', namespace: 'there', name: 'there' };
    await tenant.client.create(coreEvents, {
      metadata: { namespace: 'there', name: 'happened' },
      involvedObject,
      reason: 'Happened',
    });
    const { spec } = await world.get(key);
    const prefix = `/${spec.dataStoreSchema ?? ''}`;
    const event = `${prefix}/events/there/happened`;
    const elsewhere = (await readEtcdContents(root, never)).keys;
    assert.ok(elsewhere.includes(event), elsewhere.join('\n'));
    assert.ok(elsewhere.every((one) => !one.startsWith(prefix) || one.startsWith(`${prefix}/events/`)));
    const own = (await world.etcd()).keys;
    assert.ok(own.includes(`${prefix}/namespaces/there`));
    assert.ok(!own.includes(event));
  });

  test('leaves nothing on either when it is deleted', async () => {
    const { spec } = await world.get(key);
    await world.client.delete(tenantControlPlanes, key);
    await world.eventually('it is gone', async () => (await world.client.get(tenantControlPlanes, key)) === undefined);
    for (const { keys, users, roles } of [await world.etcd(), await readEtcdContents(root, never)]) {
      const left = [...keys, ...users, ...roles].filter(
        (one) => one.includes(spec.dataStoreSchema ?? '') || one === spec.dataStoreUsername,
      );
      assert.deepEqual(left, []);
    }
  });
});
