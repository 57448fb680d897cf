import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane, KamajiControlPlaneSpec } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { readBootstrapToken } from '#bootstrap/bootstrap-token.ts';
import { readJoinToken } from '#bootstrap/join-cloud-config.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { configMaps, pods, secrets } from '#runtime/client/builtin.ts';
import { findCondition, isConditionTrue } from '#runtime/client/conditions.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { RunningController } from './management-cluster.fake.ts';
import {
  controlPlaneOf,
  eventually,
  grant,
  MANAGER,
  startController,
  startManagementCluster,
  widgetClusters,
} from './management-cluster.fake.ts';
import { FakeTenant } from './tenant.fake.ts';

const namespace = 'default';

suite('KamajiControlPlanes, on a real API server', () => {
  let management: ControlPlane;
  let controller: RunningController;
  before(async () => {
    management = await startManagementCluster();
    controller = await startController(management, management.client);
  });
  after(async () => {
    await controller?.stop();
    await management?.stop();
  });

  const find = <T extends KubeObject>(resource: Resource<T>, name: string): Promise<T | undefined> =>
    management.client.get(resource, { namespace, name });
  const get = async <T extends KubeObject>(resource: Resource<T>, name: string): Promise<T> => {
    const found = await find(resource, name);
    assert.ok(found !== undefined, `${resource.kind} ${name} is gone`);
    return found;
  };
  /** The KamajiControlPlane, once it is as described. */
  const until = async (
    name: string,
    check: (controlPlane: KamajiControlPlane) => boolean,
  ): Promise<KamajiControlPlane> => {
    let last: KamajiControlPlane | undefined;
    const look = async () => {
      last = await find(kamajiControlPlanes, name);
      return last !== undefined && check(last) && last;
    };
    return eventually(look, () => last);
  };
  const reason = ({ status }: KamajiControlPlane, type: string) => findCondition(status?.conditions, type)?.reason;
  const message = ({ status }: KamajiControlPlane, type: string) =>
    findCondition(status?.conditions, type)?.message ?? '';

  /** A Cluster and its control plane, as core would have tied them together. */
  const createOwned = async (
    name: string,
    spec: Partial<KamajiControlPlaneSpec> = {},
    cluster: NonNullable<Cluster['spec']> = {},
    clusterName = name,
  ): Promise<FakeTenant> => {
    const controlPlaneRef = { apiGroup: kamajiControlPlanes.group, kind: kamajiControlPlanes.kind, name };
    const { metadata } = await management.client.create(clusters, {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Cluster',
      metadata: { namespace, name: clusterName },
      spec: { controlPlaneRef, ...cluster },
    });
    const owner = {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Cluster',
      name: clusterName,
      uid: metadata.uid ?? '',
    };
    const written = controlPlaneOf(namespace, name, spec);
    await management.client.create(kamajiControlPlanes, {
      ...written,
      metadata: { ...written.metadata, ownerReferences: [owner] },
    });
    await eventually(() => find(tenantControlPlanes, name));
    return new FakeTenant(management.client, { namespace, name });
  };
  const createReady = async (...given: Parameters<typeof createOwned>): Promise<FakeTenant> => {
    const tenant = await createOwned(...given);
    await tenant.becomeReady();
    await until(tenant.key.name, ({ status }) => isConditionTrue(status?.conditions, 'Ready'));
    return tenant;
  };

  test('one without a Cluster waits, and says so', async () => {
    await management.client.create(kamajiControlPlanes, controlPlaneOf(namespace, 'orphan'));
    const orphan = await until('orphan', ({ status }) => status?.conditions !== undefined);
    assert.equal(reason(orphan, 'TenantControlPlaneCreated'), 'WaitingForCluster');
    assert.equal(orphan.status?.replicas, 0);
    assert.equal(await find(tenantControlPlanes, 'orphan'), undefined);
  });

  test('one of a Cluster becomes a control plane step by step, with the infrastructure last', async () => {
    const infrastructureRef = { apiGroup: widgetClusters.group, kind: widgetClusters.kind, name: 'steps' };
    const tenant = await createOwned('steps', {}, { infrastructureRef }, 'steps-cluster');
    await management.client.create(widgetClusters, {
      apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta7',
      kind: 'WidgetCluster',
      metadata: { namespace, name: 'steps', annotations: { 'cluster.x-k8s.io/managed-by': 'kamaji' } },
      spec: {},
    });
    const created = await tenant.get();
    const start = await get(kamajiControlPlanes, 'steps');
    assert.deepEqual(start.metadata.finalizers, ['kamajicontrolplane.controlplane.cluster.x-k8s.io']);
    assert.equal(created.metadata.ownerReferences?.[0]?.uid, start.metadata.uid);
    assert.equal(created.metadata.labels?.['cluster.x-k8s.io/cluster-name'], 'steps-cluster');

    const address = await tenant.publishAddress();
    const published = await until('steps', ({ spec }) => spec.controlPlaneEndpoint !== undefined);
    assert.deepEqual(published.spec.controlPlaneEndpoint, { host: address, port: 6443 });
    // Neither the infrastructure nor the Cluster's endpoint is waited for, and nothing else is said too early.
    assert.equal(published.status?.initialization, undefined);

    const forbidden = await until('steps', (one) => reason(one, 'InfrastructureClusterPatched') === 'Forbidden');
    const role = JSON.parse(/\{.*\}$/u.exec(message(forbidden, 'InfrastructureClusterPatched'))?.[0] ?? '{}');
    assert.equal(role.metadata.labels['kamaji.clastix.io/aggregate-to-manager'], 'true');
    await grant(management.client, role.metadata.name, role.rules);
    await until('steps', (one) => reason(one, 'InfrastructureClusterPatched') === 'Succeeded');
    const infrastructure = await get(widgetClusters, 'steps');
    assert.deepEqual(infrastructure.spec?.controlPlaneEndpoint, { host: address, port: 6443 });
    assert.deepEqual(infrastructure.status, { initialization: { provisioned: true } });

    await tenant.issueCertificates();
    await until('steps', (one) => reason(one, 'CertificatesAvailable') === 'Available');
    await tenant.prepareJoining();
    const joinable = await until('steps', (one) => reason(one, 'BootstrapConfigReady') === 'BootstrapConfigReady');
    assert.equal(joinable.status?.initialization, undefined, 'no API server is Available yet');
    await tenant.runPod('steps-0', 'v1.35.4');
    await tenant.say({ Available: ['True', 'Available'], DataStoreReady: ['True', 'DataStoreReady'] });
    const initialized = await until('steps', ({ status }) => status?.initialization?.controlPlaneInitialized === true);
    assert.equal(reason(initialized, 'Ready'), 'NotReady');
    await tenant.say({ Ready: ['True', 'Ready'] });
    const ready = await until('steps', (one) => reason(one, 'Ready') === 'Ready');
    assert.deepEqual(ready.status?.versions, [{ version: 'v1.35.4', replicas: 1 }]);
    assert.equal(ready.status?.version, 'v1.35.4');
    assert.equal(ready.status?.ready, true);
    assert.equal(ready.status?.externalManagedControlPlane, true);
    assert.equal(ready.status?.observedGeneration, ready.metadata.generation);
    assert.ok(controller.events.some(({ reason, type }) => reason === 'Forbidden' && type === 'Warning'));
  });

  suite('what others read', () => {
    before(() => createReady('read', {}, {}, 'read-cluster'));

    test('kubeconfig and CA are where Cluster API looks for them, and go with the control plane', async () => {
      const owner = (await get(kamajiControlPlanes, 'read')).metadata.uid;
      const kubeconfig = await get(secrets, 'read-cluster-kubeconfig');
      const ca = await get(secrets, 'read-cluster-ca');
      const source = await get(secrets, 'read-admin-kubeconfig');
      assert.equal(kubeconfig.data?.['value'], source.data?.['admin.conf']);
      assert.deepEqual(Object.keys(ca.data ?? {}).sort(), ['tls.crt', 'tls.key']);
      for (const { type, metadata } of [kubeconfig, ca]) {
        assert.equal(type, 'cluster.x-k8s.io/secret');
        assert.equal(metadata?.labels?.['cluster.x-k8s.io/cluster-name'], 'read-cluster');
        assert.deepEqual(
          metadata?.ownerReferences?.map(({ uid, controller }) => [uid, controller]),
          [[owner, true]],
        );
      }
    });

    test('a kubeconfig that is issued anew is passed on', async () => {
      const before = await get(secrets, 'read-cluster-kubeconfig');
      await new FakeTenant(management.client, { namespace, name: 'read' }).issueCertificates('another');
      await eventually(async () => {
        const now = await get(secrets, 'read-cluster-kubeconfig');
        return now.data?.['value'] !== before.data?.['value'];
      });
    });

    test('bootstrap data hold a token that the tenant knows, and cluster-info is signed with it', async () => {
      const secret = await get(secrets, 'read-cluster-bootstrap-data');
      assert.equal(text(secret, 'format'), 'cloud-config');
      const token = readJoinToken(text(secret, 'value'));
      assert.ok(token !== undefined);
      const inTenant = await management.client.get(secrets, {
        namespace: 'kube-system',
        name: `bootstrap-token-${token.id}`,
      });
      assert.equal(readBootstrapToken(inTenant ?? {})?.secret, token.secret);
      const info = await management.client.get(configMaps, { namespace: 'kube-public', name: 'cluster-info' });
      assert.match(info?.data?.[`jws-kubeconfig-${token.id}`] ?? '', /^[\w-]+\.\.[\w-]+$/u);
    });

    test('bootstrap data that somebody spoils are restored with the same token', async () => {
      const before = await get(secrets, 'read-cluster-bootstrap-data');
      await management.client.mergePatch(
        secrets,
        { namespace, name: 'read-cluster-bootstrap-data' },
        { data: { format: Buffer.from('ignition').toString('base64') } },
      );
      await eventually(
        async () => text(await get(secrets, 'read-cluster-bootstrap-data'), 'format') === 'cloud-config',
      );
      assert.equal(text(await get(secrets, 'read-cluster-bootstrap-data'), 'value'), text(before, 'value'));
    });
  });

  test("a Secret <cluster>-ca of somebody else's is left alone, reported, and replaced when it goes", async () => {
    const data = { 'tls.crt': Buffer.from('theirs').toString('base64') };
    await management.client.create(secrets, { metadata: { namespace, name: 'taken-cluster-ca' }, data });
    const tenant = await createOwned('taken', {}, {}, 'taken-cluster');
    await tenant.becomeReady();
    const blocked = await until('taken', (one) => reason(one, 'CertificatesAvailable') === 'ForeignSecret');
    assert.match(
      message(blocked, 'CertificatesAvailable'),
      /taken-cluster-ca exists and was made by somebody else: delete it/,
    );
    assert.equal(blocked.status?.initialization, undefined);
    assert.deepEqual((await get(secrets, 'taken-cluster-ca')).data, data);
    // What does not depend on it goes on.
    await until('taken', (one) => reason(one, 'BootstrapConfigReady') === 'BootstrapConfigReady');
    await management.client.delete(secrets, { namespace, name: 'taken-cluster-ca' });
    await until('taken', ({ status }) => status?.initialization?.controlPlaneInitialized === true);
  });

  test('with the name of its Cluster, one CA Secret serves both', async () => {
    await createReady('same');
    const ca = await get(secrets, 'same-ca');
    assert.equal(ca.metadata?.ownerReferences, undefined, 'it is the one that the tenant has');
  });

  test('an endpoint given up front that is another is a conflict, and nothing is handed out', async () => {
    const tenant = await createOwned('conflict', { controlPlaneEndpoint: { host: '192.0.2.9', port: 6443 } });
    await tenant.becomeReady();
    const conflicting = await until('conflict', (one) => reason(one, 'EndpointReady') === 'EndpointConflict');
    assert.match(message(conflicting, 'EndpointReady'), /192\.0\.2\.9:6443/);
    assert.equal(conflicting.status?.initialization, undefined);
    await management.client.mergePatch(
      kamajiControlPlanes,
      { namespace, name: 'conflict' },
      { spec: { controlPlaneEndpoint: null } },
    );
    await until('conflict', ({ status }) => status?.initialization?.controlPlaneInitialized === true);
  });

  test('asleep, it keeps its version and says why it is not available', async () => {
    const tenant = await createReady('sleeper');
    await management.client.mergePatch(kamajiControlPlanes, { namespace, name: 'sleeper' }, { spec: { replicas: 0 } });
    await eventually(async () => (await tenant.get()).spec.controlPlane.deployment?.replicas === 0);
    const asleep = ['False', 'Asleep'] as const;
    const deployment = { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
    await management.client.delete(pods, { namespace, name: 'sleeper-0' });
    await tenant.say(
      { Ready: asleep, Available: asleep, BootstrapReady: asleep },
      { kubernetesResources: { deployment } },
    );
    const slept = await until('sleeper', (one) => reason(one, 'Available') === 'Asleep' && one.status?.replicas === 0);
    assert.equal(reason(slept, 'Ready'), 'Asleep');
    assert.deepEqual(slept.status?.versions, [{ version: 'v1.35.4' }]);
    assert.equal(slept.status?.initialization?.controlPlaneInitialized, true);
    assert.deepEqual([slept.status?.readyReplicas, slept.status?.upToDateReplicas], [0, 0]);
  });

  suite('at rest', () => {
    const versions = async (): Promise<readonly string[]> => {
      const kinds: readonly Resource[] = [kamajiControlPlanes, tenantControlPlanes, secrets];
      const lists = await Promise.all(kinds.map((kind) => management.client.list(kind, { namespace })));
      return lists
        .flatMap(({ items }) => items.map((one) => `${one.metadata?.name} ${one.metadata?.resourceVersion}`))
        .sort();
    };
    const requests = async () => (await management.auditEvents()).filter(({ user }) => user.username === MANAGER);

    test('a pass asks the API server nothing and writes nothing', async () => {
      const tenant = await createReady('rest');
      await settled(requests);
      const [objects, calls] = [await versions(), (await requests()).length];
      // Something that wakes the controller and changes nothing.
      await management.client.mergePatch(
        clusters,
        { namespace, name: 'rest' },
        { metadata: { annotations: { a: 'b' } } },
      );
      await tenant.say({ Progressing: ['False', 'Settled'] });
      const wakened = await versions();
      await settled(requests);
      assert.deepEqual(await versions(), wakened);
      assert.deepEqual(objects.filter((one) => !wakened.includes(one)).length, 1, 'the test itself wrote to one');
      assert.deepEqual((await requests()).slice(calls), []);
    });

    test('a new process looks every token up once, and writes nothing', async () => {
      const [objects, calls] = [await versions(), (await requests()).length];
      await controller.stop();
      controller = await startController(management, management.client);
      await settled(requests);
      assert.deepEqual(await versions(), objects);
      const verbs = (await requests()).slice(calls).map(({ verb }) => verb);
      assert.deepEqual(
        [...new Set(verbs)].filter((verb) => verb !== 'get'),
        [],
      );
    });
  });

  suite('change', () => {
    const key = { namespace, name: 'change' };
    let tenant: FakeTenant;
    before(async () => {
      tenant = await createReady('change', { addons: { coreDNS: {} }, registry: 'registry.example' });
    });

    test('what is removed from the spec is removed from the tenant', async () => {
      await management.client.mergePatch(kamajiControlPlanes, key, { spec: { addons: null } });
      await eventually(async () => (await tenant.get()).spec.addons === undefined);
    });

    test('is seen as observed only when the tenant has seen it', async () => {
      const stale = await until('change', (one) => reason(one, 'TenantControlPlaneCreated') === 'Succeeded');
      assert.notEqual(stale.status?.observedGeneration, stale.metadata.generation);
      await tenant.say({});
      await until('change', ({ status, metadata }) => status?.observedGeneration === metadata.generation);
    });

    test('a spec that the tenant refuses is reported, and the control plane looked after all the same', async () => {
      await management.client.mergePatch(kamajiControlPlanes, key, { spec: { dataStoreUsername: 'one' } });
      await eventually(async () => (await tenant.get()).spec.dataStoreUsername === 'one');
      await management.client.mergePatch(kamajiControlPlanes, key, { spec: { dataStoreUsername: null } });
      const refused = await until('change', (one) => reason(one, 'TenantControlPlaneCreated') === 'SpecRefused');
      assert.match(message(refused, 'TenantControlPlaneCreated'), /dataStoreUsername cannot be removed/);
      assert.equal(reason(refused, 'Available'), 'Available');
      await management.client.mergePatch(kamajiControlPlanes, key, { spec: { dataStoreUsername: 'one' } });
      await until('change', (one) => reason(one, 'TenantControlPlaneCreated') === 'Succeeded');
    });

    test('waits while the Cluster is paused', async () => {
      const pause = (paused: boolean) => management.client.mergePatch(clusters, key, { spec: { paused } });
      await pause(true);
      await until('change', (one) => reason(one, 'Paused') === 'Paused');
      await management.client.mergePatch(kamajiControlPlanes, key, { spec: { registry: 'other.example' } });
      await settled(() => management.auditEvents());
      assert.equal((await tenant.get()).spec.controlPlane.deployment?.registrySettings?.registry, 'registry.example');
      await pause(false);
      await until('change', (one) => reason(one, 'Paused') === 'NotPaused');
      await eventually(
        async () => (await tenant.get()).spec.controlPlane.deployment?.registrySettings?.registry === 'other.example',
      );
    });
  });

  test("another's TenantControlPlane of that name is not touched", async () => {
    const theirs = {
      apiVersion: 'kamaji.clastix.io/v1alpha1',
      kind: 'TenantControlPlane',
      metadata: { namespace, name: 'theirs' },
      spec: {
        controlPlane: { service: { serviceType: 'ClusterIP' } as const },
        kubernetes: { version: 'v1.34.0', kubelet: {} },
      },
    };
    await management.client.create(tenantControlPlanes, theirs);
    const tenant = new FakeTenant(management.client, { namespace, name: 'theirs' });
    await tenant.becomeReady();
    const { metadata } = await tenant.get();
    await createOwned('theirs');
    const refused = await until('theirs', (one) => reason(one, 'TenantControlPlaneCreated') === 'ForeignObject');
    assert.deepEqual([refused.status?.replicas, refused.status?.versions], [0, undefined]);
    assert.equal(await find(secrets, 'theirs-kubeconfig'), undefined, 'their kubeconfig is not handed out');
    await management.client.delete(kamajiControlPlanes, { namespace, name: 'theirs' });
    await eventually(async () => (await find(kamajiControlPlanes, 'theirs')) === undefined);
    assert.equal((await get(tenantControlPlanes, 'theirs')).metadata.resourceVersion, metadata.resourceVersion);
  });

  suite('deletion', () => {
    const key = { namespace, name: 'going' };
    let tenant: FakeTenant;
    const finalizers = (names: string[]) =>
      management.client.mergePatch(tenantControlPlanes, key, { metadata: { finalizers: names } });
    before(async () => {
      tenant = await createReady('going', {}, {}, 'going-cluster');
      await finalizers(['example.com/data']);
    });

    test('does not begin while the object is paused', async () => {
      const annotate = (value: string | null) =>
        management.client.mergePatch(kamajiControlPlanes, key, {
          metadata: { annotations: { 'cluster.x-k8s.io/paused': value } },
        });
      await annotate('');
      await until('going', (one) => reason(one, 'Paused') === 'Paused');
      await management.client.delete(kamajiControlPlanes, key);
      await settled(() => management.auditEvents());
      assert.equal((await tenant.get()).metadata.deletionTimestamp, undefined);
      await annotate(null);
    });

    test('waits for the tenant and says what that one waits for', async () => {
      await eventually(async () => (await tenant.get()).metadata.deletionTimestamp);
      await tenant.say({ Deleting: ['True', 'DroppingData', 'its data is being dropped'] });
      const waiting = await until('going', (one) => message(one, 'Deleting').includes('its data is being dropped'));
      assert.equal(reason(waiting, 'Deleting'), 'WaitingForTenantControlPlaneDeletion');
      assert.equal(reason(waiting, 'Ready'), 'Deleting');
      assert.ok((await find(secrets, 'going-cluster-kubeconfig')) !== undefined, 'workers may still be going');
    });

    test('ends when the tenant is gone', async () => {
      await finalizers([]);
      await eventually(async () => (await find(kamajiControlPlanes, 'going')) === undefined);
    });
  });
});

function text(secret: Secret, key: string): string {
  return Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
}

/** Waits until no request has come for a while. */
async function settled(requests: () => Promise<readonly unknown[]>): Promise<void> {
  let seen = -1;
  for (let now = (await requests()).length; now !== seen; now = (await requests()).length) {
    seen = now;
    await systemClock.sleep(500, AbortSignal.timeout(10_000));
  }
}
