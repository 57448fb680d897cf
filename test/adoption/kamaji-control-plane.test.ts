import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import type { RunningController } from '#controllers/kamajicontrolplane/management-cluster.fake.ts';
import {
  Fleet,
  startController,
  startManagementCluster,
} from '#controllers/kamajicontrolplane/management-cluster.fake.ts';
import { eventually, FakeTenant } from '#controllers/kamajicontrolplane/tenant.fake.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { isConditionTrue } from '#runtime/client/conditions.ts';
import type { ControlPlane } from '../control-plane.ts';
import { asUpstream } from './leave-tenant.ts';

const namespace = 'default';
const name = 'heir';
const PROVIDER = 'cluster-api-control-plane-provider-kamaji';

suite('a KamajiControlPlane of upstream’s provider', () => {
  let management: ControlPlane;
  let controller: RunningController;
  let fleet: Fleet;
  let left: { readonly tenant: string | undefined; readonly kubeconfig: Secret; readonly ca: Secret };

  before(async () => {
    management = await startManagementCluster();
    fleet = new Fleet(management.client);
    const owner = await asUpstream(management, (client) => leaveControlPlane(client), PROVIDER);
    const tenant = new FakeTenant(management.client, { namespace, name });
    await tenant.becomeReady();
    await asUpstream(management, (client) => leaveSecrets(client, owner), PROVIDER);
    const controlPlaneEndpoint = { host: await addressOf(fleet), port: 6443 };
    await fleet.patch(kamajiControlPlanes, name, { spec: { controlPlaneEndpoint } });
    left = {
      tenant: (await tenant.get()).metadata.uid,
      kubeconfig: await fleet.get(secrets, 'grown-kubeconfig'),
      ca: await fleet.get(secrets, 'grown-ca'),
    };
    controller = await startController(management, management.client);
    await fleet.until(name, ({ status }) => isConditionTrue(status?.conditions, 'Ready'));
  });
  after(async () => {
    await controller?.stop();
    await management?.stop();
  });

  test('keeps its TenantControlPlane, with what that is called in its store', async () => {
    const { metadata, spec } = await fleet.get(tenantControlPlanes, name);
    assert.equal(metadata.uid, left.tenant);
    assert.deepEqual([spec.dataStore, spec.dataStoreSchema], ['store', 'default_heir']);
    assert.equal(spec.addons?.konnectivity, undefined);
  });

  test('keeps its endpoint', async () => {
    const { spec } = await fleet.get(kamajiControlPlanes, name);
    assert.deepEqual(spec.controlPlaneEndpoint, { host: await addressOf(fleet), port: 6443 });
  });

  test('keeps the Secrets that Cluster API reads', async () => {
    for (const before of [left.kubeconfig, left.ca]) {
      const now = await fleet.get(secrets, before.metadata?.name ?? '');
      assert.deepEqual([now.metadata?.uid, now.data], [before.metadata?.uid, before.data]);
    }
  });

  test('still follows its own spec', async () => {
    await fleet.patch(kamajiControlPlanes, name, { spec: { replicas: 3 } });
    await eventually(async () => {
      const { spec } = await fleet.get(tenantControlPlanes, name);
      return spec.controlPlane.deployment?.replicas === 3;
    });
  });
});

async function addressOf(fleet: Fleet): Promise<string> {
  return (await fleet.get(tenantControlPlanes, name)).status?.controlPlaneEndpoint?.split(':')[0] ?? '';
}

/** Cluster, control plane and tenant, as upstream's provider leaves them (the reference of Cluster API, section 1). */
async function leaveControlPlane(client: Client): Promise<KamajiControlPlane> {
  const cluster = await client.create(clusters, {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'Cluster',
    metadata: { namespace, name: 'grown' },
    spec: { controlPlaneRef: { apiGroup: kamajiControlPlanes.group, kind: kamajiControlPlanes.kind, name } },
  });
  const controlPlane = await client.create(kamajiControlPlanes, {
    apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
    kind: 'KamajiControlPlane',
    metadata: {
      namespace,
      name,
      labels: { 'cluster.x-k8s.io/cluster-name': 'grown' },
      ownerReferences: [
        { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: 'grown', uid: cluster.metadata.uid ?? '' },
      ],
    },
    spec: { version: 'v1.35.4', replicas: 1, dataStoreName: 'store', network: { serviceType: 'ClusterIP' } },
  });
  await client.create(tenantControlPlanes, {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: {
      namespace,
      name,
      labels: { 'cluster.x-k8s.io/cluster-name': 'grown' },
      ownerReferences: [ownerOf(controlPlane)],
    },
    spec: {
      dataStore: 'store',
      // By upstream's webhook, on behalf of the provider.
      dataStoreSchema: 'default_heir',
      dataStoreUsername: 'default_heir',
      controlPlane: {
        deployment: { replicas: 1, registrySettings: { registry: 'registry.k8s.io' } },
        service: { serviceType: 'ClusterIP' },
      },
      kubernetes: { version: 'v1.35.4', kubelet: { cgroupfs: 'systemd' } },
      networkProfile: { port: 6443 },
      addons: {},
    },
  });
  return controlPlane;
}

async function leaveSecrets(client: Client, controlPlane: KamajiControlPlane): Promise<void> {
  const textOf = async (secret: string, key: string): Promise<string> =>
    (await client.get(secrets, { namespace, name: `${name}-${secret}` }))?.data?.[key] ?? '';
  const contents = {
    kubeconfig: { value: await textOf('admin-kubeconfig', 'admin.conf') },
    ca: { 'tls.crt': await textOf('ca', 'ca.crt'), 'tls.key': await textOf('ca', 'ca.key') },
  };
  for (const [kind, data] of Object.entries(contents)) {
    await client.create(secrets, {
      metadata: {
        namespace,
        name: `grown-${kind}`,
        labels: {
          'cluster.x-k8s.io/cluster-name': 'grown',
          'kamaji.clastix.io/component': 'capi',
          'kamaji.clastix.io/secret': kind,
          'kamaji.clastix.io/cluster': 'grown',
          'kamaji.clastix.io/tcp': name,
        },
        ownerReferences: [ownerOf(controlPlane)],
      },
      type: 'cluster.x-k8s.io/secret',
      data,
    });
  }
}

function ownerOf({ metadata }: KamajiControlPlane) {
  return {
    apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
    kind: 'KamajiControlPlane',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
