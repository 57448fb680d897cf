import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { readBootstrapToken } from '#bootstrap/bootstrap-token.ts';
import { readJoinToken } from '#bootstrap/join-cloud-config.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { configMaps, pods, secrets } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { RunningController } from './management-cluster.fake.ts';
import {
  Fleet,
  grant,
  MANAGER,
  startController,
  startManagementCluster,
  widgetClusters,
} from './management-cluster.fake.ts';
import { eventually, FakeTenant } from './tenant.fake.ts';

const namespace = 'default';

suite('KamajiControlPlanes, on a real API server', () => {
  let management: ControlPlane;
  let controller: RunningController;
  let fleet: Fleet;
  before(async () => {
    management = await startManagementCluster();
    controller = await startController(management, management.client);
    fleet = new Fleet(management.client);
  });
  after(async () => {
    await controller?.stop();
    await management?.stop();
  });
  const requests = async () => (await management.auditEvents()).filter(({ user }) => user.username === MANAGER);

  test('one without a Cluster waits, and says so', async () => {
    await fleet.create('orphan');
    const orphan = await fleet.until('orphan', ({ status }) => status?.conditions !== undefined);
    assert.equal(reason(orphan, 'TenantControlPlaneCreated'), 'WaitingForCluster');
    assert.equal(orphan.status?.replicas, 0);
    assert.equal(await fleet.find(tenantControlPlanes, 'orphan'), undefined);
  });

  test('one of a Cluster becomes a control plane step by step, and waits for no infrastructure', async () => {
    const infrastructureRef = { apiGroup: widgetClusters.group, kind: widgetClusters.kind, name: 'steps' };
    const tenant = await fleet.createOwned('steps', {}, { infrastructureRef }, 'steps-cluster');
    const address = await tenant.publishAddress();
    const created = await tenant.get();
    const published = await fleet.until('steps', ({ spec }) => spec.controlPlaneEndpoint !== undefined);
    assert.deepEqual(published.spec.controlPlaneEndpoint, { host: address, port: 6443 });
    assert.deepEqual(published.metadata.finalizers, ['kamajicontrolplane.controlplane.cluster.x-k8s.io']);
    assert.equal(created.metadata.ownerReferences?.[0]?.uid, published.metadata.uid);
    assert.equal(created.metadata.labels?.['cluster.x-k8s.io/cluster-name'], 'steps-cluster');
    assert.equal(published.status?.initialization, undefined);

    await tenant.issueCertificates();
    await fleet.until('steps', (one) => reason(one, 'CertificatesAvailable') === 'Available');
    await tenant.prepareJoining();
    const joinable = await fleet.until(
      'steps',
      (one) => reason(one, 'BootstrapConfigReady') === 'BootstrapConfigReady',
    );
    assert.equal(joinable.status?.initialization, undefined, 'no API server is Available yet');
    await tenant.runPod('steps-0', 'v1.35.4');
    await tenant.say({ Available: ['True', 'Available'], DataStoreReady: ['True', 'DataStoreReady'] });
    const initialized = await fleet.until('steps', isInitialized);
    assert.equal(reason(initialized, 'Ready'), 'NotReady');
    assert.equal(reason(initialized, 'InfrastructureClusterPatched'), 'Forbidden');
    await tenant.say({ Ready: ['True', 'Ready'] });
    const ready = await fleet.until('steps', (one) => reason(one, 'Ready') === 'Ready');
    assert.deepEqual(ready.status?.versions, [{ version: 'v1.35.4', replicas: 1 }]);
    assert.equal(ready.status?.version, 'v1.35.4');
    assert.equal(ready.status?.ready, true);
    assert.equal(ready.status?.externalManagedControlPlane, true);
    assert.equal(ready.status?.observedGeneration, ready.metadata.generation);
  });

  test('its infrastructure cluster of an unknown kind is filled in once that is allowed', async () => {
    const forbidden = await fleet.get(kamajiControlPlanes, 'steps');
    assert.ok(controller.events.some(({ type, reason }) => type === 'Warning' && reason === 'Forbidden'));
    const role = JSON.parse(/\{.*\}$/u.exec(message(forbidden, 'InfrastructureClusterPatched'))?.[0] ?? '{}');
    assert.equal(role.metadata.labels['kamaji.clastix.io/aggregate-to-manager'], 'true');
    await grant(management.client, role.metadata.name, role.rules);
    await fleet.until(
      'steps',
      (one) => reason(one, 'InfrastructureClusterPatched') === 'WaitingForInfrastructureCluster',
    );
    await management.client.create(widgetClusters, {
      metadata: { namespace, name: 'steps', annotations: { 'cluster.x-k8s.io/managed-by': 'kamaji' } },
      spec: {},
    });
    const { spec } = await fleet.until('steps', (one) => reason(one, 'InfrastructureClusterPatched') === 'Succeeded');
    const infrastructure = await fleet.get(widgetClusters, 'steps');
    assert.deepEqual(infrastructure.spec?.controlPlaneEndpoint, spec.controlPlaneEndpoint);
    assert.deepEqual(infrastructure.status, { initialization: { provisioned: true } });
  });

  suite('what others read', () => {
    before(() => fleet.createReady('read', {}, {}, 'read-cluster'));

    test('kubeconfig and CA are where Cluster API looks for them, and go with the control plane', async () => {
      const owner = (await fleet.get(kamajiControlPlanes, 'read')).metadata.uid;
      const kubeconfig = await fleet.get(secrets, 'read-cluster-kubeconfig');
      const ca = await fleet.get(secrets, 'read-cluster-ca');
      const source = await fleet.get(secrets, 'read-admin-kubeconfig');
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
      const before = await fleet.get(secrets, 'read-cluster-kubeconfig');
      await new FakeTenant(management.client, { namespace, name: 'read' }).issueCertificates('another');
      await eventually(async () => {
        const now = await fleet.get(secrets, 'read-cluster-kubeconfig');
        return now.data?.['value'] !== before.data?.['value'];
      });
    });

    test('bootstrap data hold a token that the tenant knows, and cluster-info is signed with it', async () => {
      const secret = await fleet.get(secrets, 'read-cluster-bootstrap-data');
      assert.equal(text(secret, 'format'), 'cloud-config');
      const token = readJoinToken(text(secret, 'value'));
      assert.ok(token !== undefined);
      const tokenKey = { namespace: 'kube-system', name: `bootstrap-token-${token.id}` };
      const inTenant = await management.client.get(secrets, tokenKey);
      assert.equal(readBootstrapToken(inTenant ?? {})?.secret, token.secret);
      const info = await management.client.get(configMaps, { namespace: 'kube-public', name: 'cluster-info' });
      assert.match(info?.data?.[`jws-kubeconfig-${token.id}`] ?? '', /^[\w-]+\.\.[\w-]+$/u);
    });

    test('bootstrap data that somebody spoils are restored with the same token', async () => {
      const before = await fleet.get(secrets, 'read-cluster-bootstrap-data');
      const format = Buffer.from('ignition').toString('base64');
      await fleet.patch(secrets, 'read-cluster-bootstrap-data', { data: { format } });
      const restored = await eventually(async () => {
        const now = await fleet.get(secrets, 'read-cluster-bootstrap-data');
        return text(now, 'format') === 'cloud-config' && now;
      });
      assert.equal(text(restored, 'value'), text(before, 'value'));
    });
  });

  test("a Secret <cluster>-ca of somebody else's is left alone, reported, and replaced when it goes", async () => {
    const data = { 'tls.crt': Buffer.from('theirs').toString('base64') };
    await management.client.create(secrets, { metadata: { namespace, name: 'taken-cluster-ca' }, data });
    const tenant = await fleet.createOwned('taken', {}, {}, 'taken-cluster');
    await tenant.becomeReady();
    const blocked = await fleet.until('taken', (one) => reason(one, 'CertificatesAvailable') === 'ForeignSecret');
    assert.match(
      message(blocked, 'CertificatesAvailable'),
      /taken-cluster-ca exists and was made by somebody else: delete it/,
    );
    assert.deepEqual((await fleet.get(secrets, 'taken-cluster-ca')).data, data);
    // What does not depend on it goes on.
    const waiting = await fleet.until('taken', (one) => reason(one, 'BootstrapConfigReady') === 'BootstrapConfigReady');
    assert.equal(waiting.status?.initialization, undefined);
    await fleet.delete(secrets, 'taken-cluster-ca');
    await fleet.until('taken', isInitialized);
  });

  test('with the name of its Cluster, one CA Secret serves both', async () => {
    await fleet.createReady('same');
    const ca = await fleet.get(secrets, 'same-ca');
    assert.equal(ca.metadata?.ownerReferences, undefined, 'it is the one that the tenant has');
  });

  test('an endpoint given up front that is another is a conflict, and nothing is handed out', async () => {
    const tenant = await fleet.createOwned('conflict', { controlPlaneEndpoint: { host: '192.0.2.9', port: 6443 } });
    await tenant.becomeReady();
    const conflicting = await fleet.until('conflict', (one) => reason(one, 'EndpointReady') === 'EndpointConflict');
    assert.match(message(conflicting, 'EndpointReady'), /192\.0\.2\.9:6443/);
    assert.equal(conflicting.status?.initialization, undefined);
    await fleet.patch(kamajiControlPlanes, 'conflict', { spec: { controlPlaneEndpoint: null } });
    await fleet.until('conflict', isInitialized);
  });

  test('asleep, it keeps its version and says why it is not available', async () => {
    const tenant = await fleet.createReady('sleeper');
    await fleet.patch(kamajiControlPlanes, 'sleeper', { spec: { replicas: 0 } });
    await eventually(async () => (await tenant.get()).spec.controlPlane.deployment?.replicas === 0);
    const asleep = ['False', 'Asleep'] as const;
    const deployment = { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
    await fleet.delete(pods, 'sleeper-0');
    await tenant.say(
      { Ready: asleep, Available: asleep, BootstrapReady: asleep },
      { kubernetesResources: { deployment } },
    );
    const { status } = await fleet.until(
      'sleeper',
      (one) => reason(one, 'Available') === 'Asleep' && one.status?.replicas === 0,
    );
    assert.equal(findCondition(status?.conditions, 'Ready')?.reason, 'Asleep');
    assert.deepEqual(status?.versions, [{ version: 'v1.35.4' }]);
    assert.equal(status?.initialization?.controlPlaneInitialized, true);
    assert.deepEqual([status?.readyReplicas, status?.upToDateReplicas], [0, 0]);
    const told = controller.events.filter(({ reason }) => reason === 'Asleep');
    assert.deepEqual([...new Set(told.map(({ type }) => type))], ['Normal']);
  });

  suite('at rest', () => {
    const versions = async (): Promise<readonly string[]> => {
      const kinds: readonly Resource[] = [kamajiControlPlanes, tenantControlPlanes, secrets];
      const lists = await Promise.all(kinds.map((kind) => management.client.list(kind, { namespace })));
      return lists
        .flatMap(({ items }) => items.map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`))
        .sort();
    };

    test('a pass asks the API server nothing and writes nothing', async () => {
      const tenant = await fleet.createReady('rest');
      await settled(requests);
      const calls = (await requests()).length;
      // What wakes the controller and changes nothing for it.
      await fleet.patch(clusters, 'rest', { metadata: { annotations: { a: 'b' } } });
      await tenant.say({ Progressing: ['False', 'Settled'] });
      const objects = await versions();
      await settled(requests);
      assert.deepEqual(await versions(), objects);
      assert.deepEqual((await requests()).slice(calls), []);
    });

    test('a new process looks every token up once, and writes nothing', async () => {
      const [objects, calls] = [await versions(), (await requests()).length];
      await controller.stop();
      controller = await startController(management, management.client);
      await settled(requests);
      assert.deepEqual(await versions(), objects);
      const writes = (await requests()).slice(calls).filter(({ verb }) => verb !== 'get');
      assert.deepEqual(writes, []);
    });
  });

  suite('change', () => {
    let tenant: FakeTenant;
    const registry = async () => (await tenant.get()).spec.controlPlane.deployment?.registrySettings?.registry;
    before(async () => {
      tenant = await fleet.createReady('change', { addons: { coreDNS: {} }, registry: 'registry.example' });
    });

    test('what is removed from the spec is removed from the tenant', async () => {
      await fleet.patch(kamajiControlPlanes, 'change', { spec: { addons: null } });
      await eventually(async () => (await tenant.get()).spec.addons === undefined);
    });

    test('is seen as observed only when the tenant has seen it', async () => {
      const stale = await fleet.get(kamajiControlPlanes, 'change');
      assert.notEqual(stale.status?.observedGeneration, stale.metadata.generation);
      await tenant.say({});
      await fleet.until('change', ({ status, metadata }) => status?.observedGeneration === metadata.generation);
    });

    test('a spec that the tenant refuses is reported, and the control plane looked after all the same', async () => {
      // What networks there are the Cluster says, so that only the tenant can tell.
      await fleet.patch(kamajiControlPlanes, 'change', { spec: { network: { dnsServiceIPs: ['192.0.2.10'] } } });
      const refused = await fleet.until('change', (one) => reason(one, 'TenantControlPlaneCreated') === 'SpecRefused');
      assert.match(
        message(refused, 'TenantControlPlaneCreated'),
        /dnsServiceIPs 192\.0\.2\.10 must lie within the Service networks/,
      );
      assert.equal(reason(refused, 'Available'), 'Available');
      await fleet.patch(kamajiControlPlanes, 'change', { spec: { network: { dnsServiceIPs: null } } });
      await fleet.until('change', (one) => reason(one, 'TenantControlPlaneCreated') === 'Succeeded');
    });

    test('waits while the Cluster is paused', async () => {
      await fleet.patch(clusters, 'change', { spec: { paused: true } });
      await fleet.until('change', (one) => reason(one, 'Paused') === 'Paused');
      await fleet.patch(kamajiControlPlanes, 'change', { spec: { registry: 'other.example' } });
      await settled(requests);
      assert.equal(await registry(), 'registry.example');
      await fleet.patch(clusters, 'change', { spec: { paused: false } });
      await fleet.until('change', (one) => reason(one, 'Paused') === 'NotPaused');
      await eventually(async () => (await registry()) === 'other.example');
    });
  });

  test('a number of pods that somebody writes into its tenant is set back, and it says who did and what to do', async () => {
    const tenant = await fleet.createReady('contested');
    const replicas = async () => (await tenant.get()).spec.controlPlane.deployment?.replicas;
    const scale = (kind: string, to: number) =>
      management.kubectl(['scale', kind, 'contested', '-n', namespace, `--replicas=${to}`]);
    await scale('kamajicontrolplane', 2);
    await eventually(async () => (await replicas()) === 2);
    assert.equal(reason(await fleet.get(kamajiControlPlanes, 'contested'), 'TenantControlPlaneCreated'), 'Succeeded');
    await scale('tenantcontrolplane', 5);
    const contested = await fleet.until(
      'contested',
      (one) => reason(one, 'TenantControlPlaneCreated') === 'ReplicasReset',
    );
    assert.match(
      message(contested, 'TenantControlPlaneCreated'),
      /kubectl wrote another number of replicas into it.*set back.*name KamajiControlPlane contested instead/u,
    );
    assert.equal(findCondition(contested.status?.conditions, 'TenantControlPlaneCreated')?.status, 'True');
    await eventually(async () => (await replicas()) === 2);
    assert.ok(controller.events.some(({ type, reason }) => type === 'Warning' && reason === 'ReplicasReset'));
  });

  test("another's TenantControlPlane of that name is not touched, and its kubeconfig not handed out", async () => {
    await management.client.create(tenantControlPlanes, {
      apiVersion: 'kamaji.clastix.io/v1alpha1',
      kind: 'TenantControlPlane',
      metadata: { namespace, name: 'theirs' },
      spec: {
        controlPlane: { service: { serviceType: 'ClusterIP' } },
        kubernetes: { version: 'v1.34.0', kubelet: {} },
      },
    });
    const tenant = new FakeTenant(management.client, { namespace, name: 'theirs' });
    await tenant.becomeReady();
    const { metadata } = await tenant.get();
    await fleet.createOwned('theirs');
    const refused = await fleet.until('theirs', (one) => reason(one, 'TenantControlPlaneCreated') === 'ForeignObject');
    assert.deepEqual([refused.status?.replicas, refused.status?.versions], [0, undefined]);
    assert.equal(await fleet.find(secrets, 'theirs-kubeconfig'), undefined);
    await fleet.delete(kamajiControlPlanes, 'theirs');
    await eventually(async () => (await fleet.find(kamajiControlPlanes, 'theirs')) === undefined);
    assert.equal((await tenant.get()).metadata.resourceVersion, metadata.resourceVersion);
  });

  suite('deletion', () => {
    let tenant: FakeTenant;
    const finalizers = (names: string[]) =>
      fleet.patch(tenantControlPlanes, 'going', { metadata: { finalizers: names } });
    before(async () => {
      tenant = await fleet.createReady('going', {}, {}, 'going-cluster');
      await finalizers(['example.com/data']);
    });

    test('does not begin while the object is paused', async () => {
      const annotate = (value: string | null) =>
        fleet.patch(kamajiControlPlanes, 'going', {
          metadata: { annotations: { 'cluster.x-k8s.io/paused': value } },
        });
      await annotate('');
      await fleet.until('going', (one) => reason(one, 'Paused') === 'Paused');
      await fleet.delete(kamajiControlPlanes, 'going');
      await settled(requests);
      assert.equal((await tenant.get()).metadata.deletionTimestamp, undefined);
      await annotate(null);
    });

    test('waits for the tenant and says what that one waits for', async () => {
      await eventually(async () => (await tenant.get()).metadata.deletionTimestamp);
      await tenant.say({ Deleting: ['True', 'DroppingData', 'its data is being dropped'] });
      const waiting = await fleet.until('going', (one) => message(one, 'Deleting').includes('is being dropped'));
      assert.equal(reason(waiting, 'Deleting'), 'WaitingForTenantControlPlaneDeletion');
      assert.equal(reason(waiting, 'Ready'), 'Deleting');
    });

    test('ends when the tenant is gone', async () => {
      await finalizers([]);
      await eventually(async () => (await fleet.find(kamajiControlPlanes, 'going')) === undefined);
    });
  });
});

function reason({ status }: KamajiControlPlane, type: string): string | undefined {
  return findCondition(status?.conditions, type)?.reason;
}

function message({ status }: KamajiControlPlane, type: string): string {
  return findCondition(status?.conditions, type)?.message ?? '';
}

function isInitialized({ status }: KamajiControlPlane): boolean {
  return status?.initialization?.controlPlaneInitialized === true;
}

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
