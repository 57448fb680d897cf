import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { call, rawClient } from '#datastore/etcd/attacker.fake.ts';
import { openEtcd } from '#datastore/etcd/driver.ts';
import { issue } from '#pki/authority.ts';
import { namespaces } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { installCrds } from '#test/install-crds.ts';
import { startNats } from '#test/nats-server.ts';
import { type TlsEtcd, startTlsEtcd } from '#test/tls-etcd.ts';
import { base64, enableAuthorization, eventually, namespace, store, tenant, userStore } from './objects.fake.ts';
import { type RunningController, startController } from './running-controller.fake.ts';

const never = new AbortController().signal;
const names = { schema: 'faulted', user: 'faulted' };

suite('a real etcd with a fault, as its DataStore shows it', () => {
  let controlPlane: ControlPlane;
  let etcd: TlsEtcd;
  let controller: RunningController;

  before(async () => {
    [controlPlane, etcd] = await Promise.all([startControlPlane(), startTlsEtcd()]);
    await installCrds(controlPlane);
    await controlPlane.client.create(namespaces, { metadata: { name: namespace } });
    await enableAuthorization(etcd);
    const administrator = await driver();
    await administrator.ensureTenant(names, never);
    administrator.close();
    const root = await rawClient(etcd, 'root');
    await call(root, 'KV', 'Put', { key: Buffer.from('/faulted/one'), value: Buffer.from('here') });
    root.close();
    controller = await startController(controlPlane, new Map());
    await controlPlane.client.create(dataStores, await userStore(etcd, 'faulty'));
    await until('faulty', ({ status }) => status?.ready === true);
  });
  after(async () => {
    await etcd.thaw();
    await controller.stop();
    await Promise.all([controlPlane.stop(), etcd.stop()]);
  });

  async function driver() {
    const { certificatePem: certificate, privateKeyPem: key } = await etcd.client('root');
    const tls = { ca: etcd.authority.certificatePem, client: { certificate, key } };
    return openEtcd({ driver: 'etcd', endpoints: [etcd.endpoint], tls, fingerprint: '' });
  }

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
  const reason = ({ status }: DataStore, type: string) => findCondition(status?.conditions, type)?.reason;

  /** The store heals by itself, and nothing of the tenant is lost. */
  async function heals(name: string): Promise<void> {
    await until(name, ({ status }) => status?.ready === true);
    const administrator = await driver();
    assert.deepEqual(await administrator.usage(names, never), { keys: 1, bytes: '/faulted/onehere'.length });
    administrator.close();
  }

  test('killed: refused, and back', async () => {
    await etcd.end('SIGKILL');
    const down = await until('faulty', ({ status }) => status?.ready === false);
    assert.deepEqual([reason(down, 'Reachable'), reason(down, 'Ready')], ['ConnectionRefused', 'NotReachable']);
    assert.equal(reason(down, 'Isolated'), 'Waiting');
    await etcd.start();
    await heals('faulty');
  });

  test('standing still: silent, and back, while another store and its tenants go on', async () => {
    await using other = await startTlsEtcd();
    await enableAuthorization(other);
    await etcd.freeze();
    await controlPlane.client.create(dataStores, await userStore(other, 'other'));
    await until('other', ({ status }) => status?.ready === true);
    const frozen = await until('faulty', ({ status }) => status?.ready === false);
    assert.equal(reason(frozen, 'Reachable'), 'ConnectionTimeout');
    await etcd.thaw();
    await heals('faulty');
    await controlPlane.client.delete(dataStores, { name: 'other' });
  });

  test('full: says so, takes its alarm back when there is room', async () => {
    const root = await rawClient(etcd, 'root');
    await call(root, 'Maintenance', 'Alarm', { action: 1, alarm: 1 });
    const full = await until('faulty', ({ status }) => status?.ready === false);
    assert.deepEqual([reason(full, 'CapacityAvailable'), reason(full, 'Ready')], ['StoreFull', 'StoreFull']);
    await call(root, 'Maintenance', 'Alarm', { action: 2, alarm: 1 });
    await heals('faulty');
    root.close();
  });

  const credentials: readonly [what: string, user: string, validityMs: number, type: string, reason: string][] = [
    ['of a user that it does not know', 'nobody', 3_600_000, 'Authenticated', 'CredentialsRefused'],
    ['of a user without rights', names.user, 3_600_000, 'Authenticated', 'PermissionMissing'],
    ['that have expired', 'root', -3_600_000, 'Reachable', 'CertificateInvalid'],
  ];
  for (const [what, user, validityMs, type, expected] of credentials) {
    test(`given credentials ${what}: ${expected}, and well again with the right ones`, async () => {
      const right = await userStore(etcd, 'faulty');
      const pair = await issue({
        authority: etcd.authority,
        subject: { commonName: user },
        usages: ['clientAuth'],
        validityMs: Math.abs(validityMs),
        now: new Date(validityMs < 0 ? Date.now() - 3 * 3_600_000 : Date.now()),
      });
      const clientCertificate = {
        certificate: { content: base64(pair.certificatePem) },
        privateKey: { content: base64(pair.privateKeyPem) },
      };
      await controlPlane.client.mergePatch(
        dataStores,
        { name: 'faulty' },
        { spec: { tlsConfig: { clientCertificate } } },
      );
      const wrong = await until('faulty', (one) => reason(one, type) === expected);
      assert.equal(wrong.status?.ready, false);
      await controlPlane.client.mergePatch(dataStores, { name: 'faulty' }, { spec: right.spec });
      await heals('faulty');
    });
  }

  test('a NATS becomes ready, is seen to go and to come back, and is another store when it comes back empty', async () => {
    await using nats = await startNats();
    const { username, password } = nats.administrator;
    const content = (text: string) => ({ content: base64(text) });
    const spec: DataStore['spec'] = {
      driver: 'NATS',
      endpoints: [nats.endpoint],
      basicAuth: { username: content(username), password: content(password) },
      tlsConfig: { certificateAuthority: { certificate: content(nats.authority.certificatePem) } },
    };
    await controlPlane.client.create(dataStores, store('nats', spec));
    const ready = await until('nats', ({ status }) => status?.ready === true);
    assert.equal(reason(ready, 'Isolated'), 'Isolated');
    const { identity } = ready.status ?? {};
    await nats.end();
    await until('nats', (one) => reason(one, 'Reachable') === 'ConnectionRefused');
    await nats.start();
    assert.equal((await until('nats', ({ status }) => status?.ready === true)).status?.identity, identity);
    await nats.end();
    await nats.start({ empty: true });
    await until('nats', ({ status }) => status?.ready === true && status.identity !== identity);
    await controlPlane.client.delete(dataStores, { name: 'nats' });
  });

  test('no tenant is written to because its store’s status changed', async () => {
    const created = await controlPlane.client.create(tenantControlPlanes, tenant('bystander', { dataStore: 'faulty' }));
    await until('faulty', ({ status }) => status?.usedBy?.includes('default/bystander') === true);
    await etcd.end('SIGKILL');
    await until('faulty', ({ status }) => status?.ready === false);
    await etcd.start();
    await heals('faulty');
    const after = await controlPlane.client.get(tenantControlPlanes, { namespace: 'default', name: 'bystander' });
    assert.equal(after?.metadata.resourceVersion, created.metadata.resourceVersion);
  });
});
