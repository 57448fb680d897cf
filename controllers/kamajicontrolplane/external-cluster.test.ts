import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { annotations } from '#api/labels.ts';
import { formatKubeconfig } from '#bootstrap/kubeconfig.ts';
import { namespaces, secrets } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { externalName } from './external-cluster.ts';
import type { RunningController } from './management-cluster.fake.ts';
import { Fleet, startController, startManagementCluster } from './management-cluster.fake.ts';
import { eventually, FakeTenant } from './tenant.fake.ts';

const named = (namespace: string, name: string): KamajiControlPlane => ({
  apiVersion: '',
  kind: '',
  metadata: { namespace, name },
  spec: { version: 'v1.35.4' },
});

suite('the name of a control plane in another cluster', () => {
  test('is the same in every life of the object, and fits', () => {
    assert.match(externalName(named('team', 'shop')), /^kcp-team-shop-[0-9a-f]{8}$/u);
    assert.equal(externalName(named('team', 'shop')), externalName(named('team', 'shop')));
    assert.ok(externalName(named('n'.repeat(63), 'm'.repeat(63))).length <= 63);
  });

  test('is never that of another', () => {
    assert.notEqual(externalName(named('c', 'a-b')), externalName(named('c-a', 'b')));
  });
});

suite('a control plane in another cluster, on a real API server', () => {
  const remote = 'hosting';
  let management: ControlPlane;
  let controller: RunningController;
  let fleet: Fleet;
  let tenant: FakeTenant;
  before(async () => {
    management = await startManagementCluster();
    controller = await startController(management, management.client);
    fleet = new Fleet(management.client);
    await management.client.create(namespaces, { metadata: { name: remote } });
    await management.client.create(secrets, {
      metadata: { namespace: 'default', name: 'hosting' },
      data: kubeconfig(),
    });
    tenant = new FakeTenant(management.client, {
      namespace: remote,
      name: externalName(named('default', 'far')),
    });
  });
  after(async () => {
    await controller?.stop();
    await management?.stop();
  });
  const kubeconfig = () => {
    const { certificatePem, privateKeyPem } = management.admin;
    const text = formatKubeconfig({
      server: management.server,
      clusterName: 'hosting',
      userName: 'admin',
      caCertificatesPem: management.caCertificatePem,
      clientCertificatePem: certificatePem,
      clientKeyPem: privateKeyPem,
    });
    return { value: Buffer.from(text).toString('base64') };
  };
  const reference = {
    kubeconfigSecretName: 'hosting',
    kubeconfigSecretKey: 'value',
    deploymentNamespace: remote,
  };
  const spoil = () => fleet.patch(secrets, 'hosting', { data: { value: Buffer.from('a: b').toString('base64') } });

  test('is made there, owned by nobody there, and comes to be Ready here', async () => {
    await fleet.createOwned('far', { deployment: { externalClusterReference: reference } });
    await eventually(() => management.client.get(tenantControlPlanes, tenant.key));
    await tenant.becomeReady();
    const ready = await fleet.until('far', (one) => reason(one, 'Ready') === 'Ready');
    assert.deepEqual(ready.status?.versions, [{ version: 'v1.35.4', replicas: 1 }]);
    assert.equal((await tenant.get()).metadata.ownerReferences, undefined);
    assert.equal(await fleet.find(tenantControlPlanes, 'far'), undefined);
    const ca = await fleet.get(secrets, 'far-ca');
    assert.equal(ca.metadata?.ownerReferences?.[0]?.uid, ready.metadata.uid);
    assert.ok((await fleet.get(secrets, 'far-kubeconfig')).data?.['value'] !== undefined);
  });

  test('is paused there with its Cluster here', async () => {
    const paused = async () => (await tenant.get()).metadata.annotations?.[annotations.paused];
    await fleet.patch(clusters, 'far', { spec: { paused: true } });
    await eventually(async () => (await paused()) !== undefined);
    await fleet.patch(clusters, 'far', { spec: { paused: false } });
    await eventually(async () => (await paused()) === undefined);
  });

  test('whose kubeconfig is broken says so, keeps what was known, and goes on with another', async () => {
    await fleet.until('far', (one) => reason(one, 'Ready') === 'Ready');
    await spoil();
    const broken = await fleet.until(
      'far',
      (one) => reason(one, 'TenantControlPlaneCreated') === 'ExternalClusterUnavailable',
    );
    assert.deepEqual([reason(broken, 'Available'), broken.status?.replicas], ['Available', 1]);
    await fleet.patch(secrets, 'hosting', { data: kubeconfig() });
    await fleet.until('far', (one) => reason(one, 'Ready') === 'Ready');
  });

  test('is not reached by a kubeconfig of another namespace', async () => {
    await fleet.createOwned('reaching', {
      deployment: { externalClusterReference: { ...reference, kubeconfigSecretNamespace: 'kube-system' } },
    });
    const refused = await fleet.until(
      'reaching',
      (one) => reason(one, 'TenantControlPlaneCreated') === 'ExternalClusterUnavailable',
    );
    assert.match(
      findCondition(refused.status?.conditions, 'TenantControlPlaneCreated')?.message ?? '',
      /set the gate \w+, or put it into default and create/u,
    );
  });

  test('goes when it is gone there, also if the kubeconfig is broken for a while', async () => {
    const finalizers = (names: string[]) =>
      management.client.mergePatch(tenantControlPlanes, tenant.key, { metadata: { finalizers: names } });
    await finalizers(['example.com/data']);
    await fleet.delete(kamajiControlPlanes, 'far');
    await eventually(async () => (await tenant.get()).metadata.deletionTimestamp);
    await spoil();
    await fleet.until('far', (one) => reason(one, 'Deleting') === 'ExternalClusterUnavailable');
    await fleet.patch(secrets, 'hosting', { data: kubeconfig() });
    await fleet.until('far', (one) => reason(one, 'Deleting') === 'WaitingForTenantControlPlaneDeletion');
    await finalizers([]);
    await eventually(async () => (await fleet.find(kamajiControlPlanes, 'far')) === undefined);
  });
});

function reason({ status }: KamajiControlPlane, type: string): string | undefined {
  return findCondition(status?.conditions, type)?.reason;
}
