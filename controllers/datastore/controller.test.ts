import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { issue } from '#pki/authority.ts';
import {
  type Secret,
  namespaces,
  networkPolicies,
  persistentVolumeClaims,
  podDisruptionBudgets,
  secrets,
  services,
  statefulSets,
} from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { testBinaries } from '#test/binaries.ts';
import { type Program, startProgram, waitUntil } from '#test/child-processes.ts';
import { freePorts } from '#test/ports.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { installCrds } from '#test/install-crds.ts';
import { type TlsEtcd, startTlsEtcd } from '#test/tls-etcd.ts';
import {
  base64,
  createStorageClass,
  enableAuthorization,
  eventually,
  here,
  namespace,
  setMembersReady,
  store,
  tenant,
  userStore,
} from './objects.fake.ts';
import { type RunningController, startController } from './running-controller.fake.ts';

suite('DataStores, on a real API server and real etcds', () => {
  let controlPlane: ControlPlane;
  let etcd: TlsEtcd;
  let controller: RunningController;
  let silent: Server;
  /** Where the endpoint of a managed store really is: no DNS and no pods here. */
  const redirected = new Map<string, string>();

  before(async () => {
    [controlPlane, etcd] = await Promise.all([startControlPlane(), startTlsEtcd()]);
    await installCrds(controlPlane);
    await controlPlane.client.create(namespaces, { metadata: { name: namespace } });
    controller = await startController(controlPlane, redirected);
    // Reads and never answers.
    silent = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    assert.ok(address !== null && typeof address === 'object');
    const { spec } = await userStore(etcd, 'silent');
    // Its answer is waited for by the last test: a silent store is one only after ten seconds.
    await controlPlane.client.create(
      dataStores,
      store('silent', { ...spec, endpoints: [`127.0.0.1:${address.port}`] }),
    );
  });
  after(async () => {
    silent.close();
    await controller.stop();
    await Promise.all([controlPlane.stop(), etcd.stop()]);
  });

  const get = async (name: string): Promise<DataStore> => {
    const found = await controlPlane.client.get(dataStores, { name });
    assert.ok(found !== undefined, `DataStore ${name} is gone`);
    return found;
  };
  const reasons = ({ status }: DataStore, ...types: string[]): (string | undefined)[] =>
    types.map((type) => findCondition(status?.conditions, type)?.reason);
  const until = async (name: string, check: (dataStore: DataStore) => boolean): Promise<DataStore> => {
    let last: DataStore | undefined;
    await eventually(
      async () => {
        last = await get(name);
        return check(last);
      },
      () => JSON.stringify(last?.status, undefined, 1),
    );
    return get(name);
  };

  suite('a store that the user brings', () => {
    test('is not ready while it enforces no authorization', async () => {
      await controlPlane.client.create(dataStores, await userStore(etcd, 'mine'));
      const store = await until(
        'mine',
        ({ status }) => findCondition(status?.conditions, 'Authenticated') !== undefined,
      );
      assert.deepEqual(reasons(store, 'Reachable', 'Authenticated', 'Ready'), [
        'Reachable',
        'AuthorizationDisabled',
        'NotAuthenticated',
      ]);
      assert.equal(store.status?.ready, false);
      assert.deepEqual(store.metadata.finalizers, ['kamaji.clastix.io/TenantControlPlane']);
    });

    test('becomes ready when it does, and has an identity', async () => {
      await enableAuthorization(etcd);
      const store = await until('mine', ({ status }) => status?.ready === true);
      assert.match(store.status?.identity ?? '', /^etcd-[0-9a-f]+$/u);
      assert.deepEqual(reasons(store, 'Ready', 'Reachable', 'Authenticated', 'kamaji.clastix.io/DataStoreValidation'), [
        'Ready',
        'Reachable',
        'Authenticated',
        'DataStoreValid',
      ]);
    });

    test('writes nothing while nothing changes', async () => {
      const { resourceVersion } = (await get('mine')).metadata;
      const before = controller.probes();
      await eventually(() => Promise.resolve(controller.probes() > before + 2));
      assert.equal((await get('mine')).metadata.resourceVersion, resourceVersion);
    });

    test('is seen to be down, and to be back by itself with the same identity', async () => {
      const { identity } = (await get('mine')).status ?? {};
      await etcd.end();
      const down = await until('mine', ({ status }) => status?.ready === false);
      assert.deepEqual(reasons(down, 'Reachable', 'Ready'), ['ConnectionRefused', 'NotReachable']);
      await etcd.start();
      const up = await until('mine', ({ status }) => status?.ready === true);
      assert.equal(up.status?.identity, identity);
    });

    test('lists the tenants that use it, by spec, by status and as override, and outlives its deletion until they go', async () => {
      const { client } = controlPlane;
      await client.create(tenantControlPlanes, tenant('by-spec', { dataStore: 'mine' }));
      await client.create(
        tenantControlPlanes,
        tenant('by-override', {
          dataStore: 'elsewhere',
          dataStoreOverrides: [{ resource: '/events', dataStore: 'mine' }],
        }),
      );
      await until('mine', ({ status }) => status?.usedBy?.length === 2);
      await client.delete(dataStores, { name: 'mine' });
      const deleting = await until('mine', ({ metadata }) => metadata.deletionTimestamp !== undefined);
      assert.deepEqual(deleting.status?.usedBy, ['default/by-override', 'default/by-spec']);
      const inUse = await until(
        'mine',
        (store) => reasons(store, 'kamaji.clastix.io/DataStoreAllowedDeletion')[0] === 'DataStoreInUse',
      );
      assert.equal(inUse.status?.ready, true);
      for (const name of ['by-spec', 'by-override']) {
        await client.delete(tenantControlPlanes, { namespace: 'default', name });
      }
      await eventually(async () => (await client.get(dataStores, { name: 'mine' })) === undefined);
    });

    test('with a Secret that does not exist says which, and heals when it does', async () => {
      const { client } = controlPlane;
      const { spec } = await userStore(etcd, 'unused');
      const { certificatePem, privateKeyPem } = await etcd.client('root');
      const inSecret = (keyPath: string) => ({ secretReference: { namespace, name: 'my-root', keyPath } });
      const clientCertificate = { certificate: inSecret('tls.crt'), privateKey: inSecret('tls.key') };
      assert.ok(spec.tlsConfig !== undefined);
      await client.create(dataStores, {
        ...store('by-secret', { ...spec, tlsConfig: { ...spec.tlsConfig, clientCertificate } }),
      });
      const validation = 'kamaji.clastix.io/DataStoreValidation';
      const missing = await until('by-secret', (one) => reasons(one, validation)[0] === 'SecretNotFound');
      assert.match(findCondition(missing.status?.conditions, 'Ready')?.message ?? '', /kamaji-system\/my-root/u);
      const data = { 'tls.crt': base64(certificatePem) };
      await client.create(secrets, { metadata: { namespace, name: 'my-root' }, data });
      await until('by-secret', (one) => reasons(one, validation)[0] === 'SecretKeyMissing');
      await client.mergePatch(secrets, { namespace, name: 'my-root' }, { data: { 'tls.key': base64(privateKeyPem) } });
      await until('by-secret', ({ status }) => status?.ready === true);
    });

    test('that is another one than its tenant was created on is a mismatch', async () => {
      const { client } = controlPlane;
      const created = await client.create(tenantControlPlanes, tenant('moved', { dataStore: 'by-secret' }));
      const storage = { dataStoreName: 'by-secret', identity: 'etcd-another' };
      await client.mergePatch(
        tenantControlPlanes,
        { namespace: 'default', name: created.metadata.name ?? '' },
        { status: { storage } },
        { subresource: 'status' },
      );
      const mismatch = await until('by-secret', (one) => reasons(one, 'Ready')[0] === 'DataStoreMismatch');
      assert.equal(mismatch.status?.ready, false);
      assert.match(findCondition(mismatch.status?.conditions, 'Ready')?.message ?? '', /default\/moved/u);
      await client.delete(tenantControlPlanes, { namespace: 'default', name: 'moved' });
      await until('by-secret', ({ status }) => status?.ready === true);
      await client.delete(dataStores, { name: 'by-secret' });
    });

    test('whose host does not exist says so, whatever its kind', async () => {
      const password = { content: base64('x') };
      await controlPlane.client.create(
        dataStores,
        store('nats', {
          driver: 'NATS',
          endpoints: ['no-such-host.invalid:4222'],
          basicAuth: { username: password, password },
        }),
      );
      await until('nats', (one) => reasons(one, 'Reachable')[0] === 'NameNotFound');
      await controlPlane.client.delete(dataStores, { name: 'nats' });
    });

    test('that is paused is left alone', async () => {
      const paused = await userStore(etcd, 'paused');
      const annotations = { 'kamaji.clastix.io/paused': '' };
      await controlPlane.client.create(dataStores, { ...paused, metadata: { ...paused.metadata, annotations } });
      const left = await until('paused', (one) => reasons(one, 'Paused')[0] === 'Paused');
      assert.equal(left.status?.ready, undefined);
      await controlPlane.client.mergePatch(
        dataStores,
        { name: 'paused' },
        { metadata: { annotations: { 'kamaji.clastix.io/paused': null } } },
      );
      await until('paused', ({ status }) => status?.ready === true);
      await controlPlane.client.delete(dataStores, { name: 'paused' });
    });
  });

  suite('the store that we run', () => {
    let member: Program | undefined;
    after(() => member?.end());

    test('is made when the first tenant that names none appears, and not before', async () => {
      assert.equal(await controlPlane.client.get(dataStores, { name: 'default' }), undefined);
      await controlPlane.client.create(tenantControlPlanes, tenant('first', {}));
      await eventually(async () => (await controlPlane.client.get(dataStores, { name: 'default' })) !== undefined);
      const made = await get('default');
      assert.deepEqual(made.spec, { driver: 'etcd', managed: { replicas: 1 } });
      assert.equal(made.metadata.annotations?.['kamaji.clastix.io/default-datastore'], 'true');
    });

    test('waits for a StorageClass and never falls back to a volume that does not last', async () => {
      const waiting = await until('default', (one) => reasons(one, 'ManagedReady')[0] === 'NoStorageClass');
      assert.deepEqual(reasons(waiting, 'Ready', 'Reachable'), ['ManagedNotReady', 'Waiting']);
      assert.equal(await controlPlane.client.get(statefulSets, here('default-etcd')), undefined);
      await createStorageClass(controlPlane, 'standard');
      await until('default', (one) => reasons(one, 'ManagedReady')[0] === 'WaitingForMembers');
      const set = await controlPlane.client.get(statefulSets, here('default-etcd'));
      assert.equal(set?.spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests?.['storage'], '10Gi');
      assert.equal(set?.metadata?.ownerReferences, undefined);
    });

    test('becomes ready with authorization on when its member runs, started as the StatefulSet says', async () => {
      const port = await startMember();
      redirected.set('default-etcd.kamaji-system.svc:2379', `127.0.0.1:${port}`);
      await setMembersReady(controlPlane, 'default-etcd', 1);
      const ready = await until('default', ({ status }) => status?.ready === true);
      assert.deepEqual(reasons(ready, 'ManagedReady', 'Reachable', 'Authenticated'), [
        'ManagedReady',
        'Reachable',
        'Authenticated',
      ]);
      assert.match(ready.status?.identity ?? '', /^[0-9a-f-]{36}$/u);
      assert.deepEqual(ready.status?.usedBy, []);
    });

    test('is adopted without a single write by a manager that starts anew', async () => {
      const versions = async (): Promise<string[]> => {
        const lists = await Promise.all(managedKinds.map((kind) => controlPlane.client.list(kind, { namespace })));
        return lists.flatMap(({ items }) =>
          items.map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`),
        );
      };
      const before = await versions();
      const { resourceVersion } = (await get('default')).metadata;
      await controller.stop();
      controller = await startController(controlPlane, redirected);
      await eventually(() => Promise.resolve(controller.probes() > 2));
      assert.deepEqual(await versions(), before);
      assert.equal((await get('default')).metadata.resourceVersion, resourceVersion);
    });

    test('renews a certificate that runs out', async () => {
      const { client } = controlPlane;
      const authority = await client.get(secrets, here('default-etcd-ca'));
      const live = await client.get(secrets, here('default-etcd-root-client'));
      assert.ok(live !== undefined && authority !== undefined);
      const pem = ({ data }: Secret, key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString();
      const soon = await issue({
        authority: { certificatePem: pem(authority, 'tls.crt'), privateKeyPem: pem(authority, 'tls.key') },
        subject: { commonName: 'root' },
        usages: ['clientAuth'],
        validityMs: 1_000,
        now: new Date(Date.now() - 60_000),
      });
      const data = { 'tls.crt': base64(soon.certificatePem), 'tls.key': base64(soon.privateKeyPem) };
      await client.mergePatch(secrets, here('default-etcd-root-client'), { data });
      const renewed = await eventually(async () => {
        const secret = await client.get(secrets, here('default-etcd-root-client'));
        return secret?.data?.['tls.crt'] !== data['tls.crt'] && secret;
      });
      const { validTo } = new X509Certificate(pem(renewed, 'tls.crt'));
      assert.ok(Date.parse(validTo) - Date.now() > 300 * 24 * 3600 * 1000);
      await until('default', ({ status }) => status?.ready === true);
    });

    test('restores what someone deletes or changes, but never its authority', async () => {
      const { client } = controlPlane;
      const authority = await client.get(secrets, here('default-etcd-ca'));
      await client.delete(secrets, here('default-etcd-server'));
      await client.delete(services, here('default-etcd'));
      await client.mergePatch(networkPolicies, here('default-etcd'), { spec: { ingress: null } });
      await eventually(async () => {
        const [server, service, policy] = await Promise.all([
          client.get(secrets, here('default-etcd-server')),
          client.get(services, here('default-etcd')),
          client.get(networkPolicies, here('default-etcd')),
        ]);
        return server !== undefined && service !== undefined && policy?.spec?.ingress?.length === 2;
      });
      assert.deepEqual((await client.get(secrets, here('default-etcd-ca')))?.data, authority?.data);
    });

    test('keeps its volumes when it is deleted, and nothing else', async () => {
      const { client } = controlPlane;
      await client.create(persistentVolumeClaims, {
        metadata: {
          ...here('data-default-etcd-0'),
          labels: { 'kamaji.clastix.io/managed-datastore': 'default-etcd' },
        },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
      });
      // No tenant waits for a default store any more.
      await client.delete(tenantControlPlanes, { namespace: 'default', name: 'first' });
      await client.delete(dataStores, { name: 'default' });
      await eventually(async () => (await client.get(dataStores, { name: 'default' })) === undefined);
      const left = async (): Promise<string[]> => {
        const kinds = [...managedKinds, persistentVolumeClaims];
        const selector = { namespace, labelSelector: 'kamaji.clastix.io/managed-datastore' };
        const lists = await Promise.all(kinds.map((kind) => client.list(kind, selector)));
        return lists.flatMap(({ items }, index) =>
          items.map(({ metadata }) => `${kinds[index]?.kind} ${metadata?.name}`),
        );
      };
      await eventually(async () => (await left()).length === 1);
      assert.deepEqual(await left(), ['PersistentVolumeClaim data-default-etcd-0']);
    });

    test('with three members has a disruption budget and a list of all of them', async () => {
      const { client } = controlPlane;
      await client.create(
        dataStores,
        store('big.store', { driver: 'etcd', managed: { replicas: 3, storage: { size: '40Gi' } } }),
      );
      const made = await eventually(async () => {
        const { items } = await client.list(statefulSets, { namespace });
        return items.find(({ spec }) => spec?.replicas === 3);
      });
      const base = made.metadata?.name ?? '';
      assert.match(base, /^big-store-[0-9a-f]{10}-etcd$/u);
      const { args = [] } = made.spec?.template.spec?.containers[0] ?? {};
      const cluster = args.find((argument) => argument.startsWith('--initial-cluster=')) ?? '';
      assert.equal(cluster.match(/https:/gu)?.length, 3);
      assert.ok(args.includes(`--quota-backend-bytes=${8 * 2 ** 30}`));
      assert.ok((await client.get(podDisruptionBudgets, here(base))) !== undefined);
      await client.mergePatch(dataStores, { name: 'big.store' }, { spec: { managed: { replicas: 5 } } });
      const kept = await until('big.store', ({ status }) =>
        /replicas stays 3/u.test(findCondition(status?.conditions, 'ManagedReady')?.message ?? ''),
      );
      assert.equal(kept.status?.ready, false);
      await client.delete(dataStores, { name: 'big.store' });
      await eventually(async () => (await client.get(dataStores, { name: 'big.store' })) === undefined);
    });

    test('does not take over an object of someone else', async () => {
      const { client } = controlPlane;
      await client.create(secrets, { metadata: here('taken-etcd-ca'), data: { 'tls.crt': base64('theirs') } });
      await client.create(dataStores, store('taken', { driver: 'etcd', managed: { replicas: 1 } }));
      const foreign = await until('taken', (one) => reasons(one, 'ManagedReady')[0] === 'ForeignObject');
      assert.match(
        findCondition(foreign.status?.conditions, 'Ready')?.message ?? '',
        /Secret kamaji-system\/taken-etcd-ca/u,
      );
      await client.delete(dataStores, { name: 'taken' });
      await eventually(async () => (await client.get(dataStores, { name: 'taken' })) === undefined);
      assert.deepEqual((await client.get(secrets, here('taken-etcd-ca')))?.data, { 'tls.crt': base64('theirs') });
    });

    test('in pods only is refused with several members', async () => {
      const { client } = controlPlane;
      await client.create(dataStores, store('lossy', { driver: 'etcd', managed: { replicas: 3, ephemeral: true } }));
      await until('lossy', (one) => reasons(one, 'kamaji.clastix.io/DataStoreValidation')[0] === 'ContentInvalid');
      await client.delete(dataStores, { name: 'lossy' });
    });

    test('of the user that is silent is unreachable', async () => {
      const store = await until('silent', ({ status }) => status?.ready === false);
      assert.deepEqual(reasons(store, 'Reachable'), ['ConnectionTimeout']);
    });

    /** Runs etcd with the arguments and the Secrets of the StatefulSet; only paths and addresses are those of this machine. */
    async function startMember(): Promise<number> {
      const set = await controlPlane.client.get(statefulSets, here('default-etcd'));
      const { args = [] } = set?.spec?.template.spec?.containers[0] ?? {};
      const { directory } = controlPlane;
      for (const kind of ['server', 'peer']) {
        const secret = await controlPlane.client.get(secrets, here(`default-etcd-${kind}`));
        for (const [key, value] of Object.entries(secret?.data ?? {})) {
          await writeFile(join(directory, `${kind}-${key}`), Buffer.from(value, 'base64'), { mode: 0o600 });
        }
      }
      const [client = 0, peer = 0, health = 0] = await freePorts(3);
      const here_ = args.map((argument) =>
        argument
          .replaceAll('$(POD_NAME)', 'default-etcd-0')
          .replace('/var/lib/etcd', join(directory, 'member'))
          .replaceAll(/\/etc\/etcd\/(server|peer)\//gu, `${directory}/$1-`)
          .replace('0.0.0.0:2379', `127.0.0.1:${client}`)
          .replace('0.0.0.0:2380', `127.0.0.1:${peer}`)
          .replace('0.0.0.0:2381', `127.0.0.1:${health}`),
      );
      const { etcd: file } = await testBinaries(['etcd'], new AbortController().signal);
      const program = await startProgram('member', file, here_, join(directory, 'member.log'));
      member = program;
      for (const path of ['/readyz', '/livez']) {
        const url = `http://127.0.0.1:${health}${path}`;
        await waitUntil(
          program,
          () =>
            fetch(url).then(
              ({ ok }) => ok,
              () => false,
            ),
          { timeoutMs: 30_000 },
        );
      }
      return client;
    }
  });
});

const managedKinds: readonly Resource[] = [statefulSets, services, secrets, podDisruptionBudgets, networkPolicies];
