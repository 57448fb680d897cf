import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes, machines, tenantControlPlanes } from '#api/kinds.ts';
import { annotations, PAUSED_WITH_CONTROL_PLANE } from '#api/labels.ts';
import { namespaces, secrets } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { KubeObject, OwnerReference, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { RunningController } from './management-cluster.fake.ts';
import { Fleet, startController, startManagementCluster } from './management-cluster.fake.ts';
import { eventually, FakeTenant } from './tenant.fake.ts';

suite('The life of a KamajiControlPlane, on a real API server', () => {
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
  const annotated = (resource: Resource, name: string, carried: Record<string, string | null>) =>
    fleet.patch(resource, name, { metadata: { annotations: carried } });
  const untilCarried = (tenant: FakeTenant, check: (carried: Readonly<Record<string, string>>) => boolean) =>
    eventually(async () => check((await tenant.get()).metadata.annotations ?? {}));

  suite('a pause of the Cluster', () => {
    let tenant: FakeTenant;
    before(async () => {
      tenant = await fleet.createReady('pause');
    });
    const pause = async (paused: boolean) => {
      await fleet.patch(clusters, 'pause', { spec: { paused } });
      await fleet.until('pause', (one) => reason(one, 'Paused') === (paused ? 'Paused' : 'NotPaused'));
    };

    test('pauses the TenantControlPlane too, and only then lets clusterctl move it', async () => {
      assert.equal((await tenant.get()).metadata.annotations?.[annotations.blockMove], '');
      await pause(true);
      const { metadata } = await tenant.get();
      assert.equal(metadata.annotations?.[annotations.paused], PAUSED_WITH_CONTROL_PLANE);
      assert.equal(metadata.annotations?.[annotations.blockMove], undefined);
    });

    test('ends for the TenantControlPlane as well', async () => {
      await pause(false);
      const carried = (await tenant.get()).metadata.annotations;
      assert.deepEqual([carried?.[annotations.paused], carried?.[annotations.blockMove]], [undefined, '']);
    });

    test('does not end a pause that the user has put on the TenantControlPlane', async () => {
      await annotated(tenantControlPlanes, 'pause', { [annotations.paused]: 'maintenance' });
      await pause(true);
      assert.equal((await tenant.get()).metadata.annotations?.[annotations.blockMove], undefined);
      await pause(false);
      await untilCarried(tenant, (carried) => carried[annotations.blockMove] === '');
      assert.equal((await tenant.get()).metadata.annotations?.[annotations.paused], 'maintenance');
    });
  });

  test('an annotation pauses it with its TenantControlPlane, and is not copied to that', async () => {
    const tenant = await fleet.createReady('annotated');
    await annotated(kamajiControlPlanes, 'annotated', { [annotations.clusterPaused]: '' });
    await untilCarried(tenant, (carried) => carried[annotations.paused] === PAUSED_WITH_CONTROL_PLANE);
    assert.equal((await tenant.get()).metadata.annotations?.[annotations.clusterPaused], undefined);
    await annotated(kamajiControlPlanes, 'annotated', { [annotations.clusterPaused]: null });
    await untilCarried(tenant, (carried) => carried[annotations.paused] === undefined);
  });

  suite('moved to another management cluster', () => {
    const target = 'target';
    let moved: Fleet;
    let tenant: FakeTenant;
    before(async () => {
      await fleet.createReady('moved', { deployment: { nodeSelector: { disk: 'fast' } } });
      await annotated(tenantControlPlanes, 'moved', { 'example.com/theirs': 'stays' });
      await annotated(kamajiControlPlanes, 'moved', { 'example.com/ours': 'goes' });
      await eventually(async () => {
        const carried = (await fleet.get(tenantControlPlanes, 'moved')).metadata.annotations;
        return carried?.['example.com/ours'] === 'goes';
      });
      await fleet.patch(clusters, 'moved', { spec: { paused: true } });
      await fleet.until('moved', (one) => reason(one, 'Paused') === 'Paused');
      await management.client.create(namespaces, { metadata: { name: target } });
      moved = new Fleet(management.client, target);
      tenant = new FakeTenant(management.client, { namespace: target, name: 'moved' });
    });

    test('as clusterctl does it, with new UIDs and no status, it goes on from where it was', async () => {
      const { client } = management;
      const cluster = await copy(client, clusters, fleet, target, []);
      const controlPlane = await copy(client, kamajiControlPlanes, fleet, target, [owner(clusters, cluster, false)]);
      await copy(client, tenantControlPlanes, fleet, target, [owner(kamajiControlPlanes, controlPlane, true)]);
      await moved.until('moved', (one) => reason(one, 'Paused') === 'Paused');
      // The Service's address is another here; users give one that moves with them.
      await moved.patch(kamajiControlPlanes, 'moved', { spec: { controlPlaneEndpoint: null } });
      await moved.patch(clusters, 'moved', { spec: { paused: false } });
      await untilCarried(tenant, (carried) => carried[annotations.paused] === undefined);
      await tenant.becomeReady('moved-target-0');
      await moved.until('moved', (one) => reason(one, 'Ready') === 'Ready');
    });

    test('what is removed from it is removed from its tenant, and what is not its own stays', async () => {
      await moved.patch(kamajiControlPlanes, 'moved', {
        metadata: { annotations: { 'example.com/ours': null } },
        spec: { deployment: null },
      });
      await untilCarried(tenant, (carried) => carried['example.com/ours'] === undefined);
      const { metadata, spec } = await tenant.get();
      assert.equal(spec.controlPlane.deployment?.nodeSelector, undefined);
      assert.equal(metadata.annotations?.['example.com/theirs'], 'stays');
    });

    test('the side that it left keeps what clusterctl deletes there, until that takes the finalizers away', async () => {
      for (const resource of [tenantControlPlanes, kamajiControlPlanes]) {
        await annotated(resource, 'moved', { [annotations.deleteForMove]: '' });
      }
      await fleet.patch(clusters, 'moved', { spec: { paused: false } });
      await fleet.delete(kamajiControlPlanes, 'moved');
      const left = await fleet.until('moved', (one) => message(one, 'Paused').includes(annotations.deleteForMove));
      assert.equal(left.metadata.finalizers?.length, 1);
      assert.equal((await fleet.get(tenantControlPlanes, 'moved')).metadata.deletionTimestamp, undefined);
      await fleet.patch(kamajiControlPlanes, 'moved', { metadata: { finalizers: null } });
      assert.equal(await fleet.find(kamajiControlPlanes, 'moved'), undefined);
    });
  });

  suite('owner references', () => {
    let tenant: FakeTenant;
    let current: string;
    before(async () => {
      tenant = await fleet.createReady('owned', {}, {}, 'owned-cluster');
      current = (await fleet.get(kamajiControlPlanes, 'owned')).metadata.uid ?? '';
    });
    const objects = [
      [tenantControlPlanes, 'owned'],
      [secrets, 'owned-cluster-kubeconfig'],
    ] as const;
    const rebuilt = async (change: (present: OwnerReference) => OwnerReference[]) => {
      for (const [resource, name] of objects) {
        const [present] = (await fleet.get<KubeObject>(resource, name)).metadata?.ownerReferences ?? [];
        assert.ok(present !== undefined);
        await fleet.patch<KubeObject>(resource, name, { metadata: { ownerReferences: change(present) } });
      }
      for (const [resource, name] of objects) {
        await eventually(async () => {
          const owners = (await fleet.get<KubeObject>(resource, name)).metadata?.ownerReferences ?? [];
          const [only] = owners;
          return owners.length === 1 && only?.uid === current && only.apiVersion === apiVersionOf(kamajiControlPlanes);
        });
      }
    };

    test('that were lost are put back', () => rebuilt(() => []));

    test('with a UID out of a backup are renewed, not taken for somebody else’s', () =>
      rebuilt((present) => [{ ...present, uid: randomUUID() }]));

    test('of an older API version are brought up to date', () =>
      rebuilt((present) => [{ ...present, apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha1' }]));

    test('to the Cluster may be lost for a while', async () => {
      const label = { 'cluster.x-k8s.io/cluster-name': 'owned-cluster' };
      await fleet.patch(kamajiControlPlanes, 'owned', { metadata: { ownerReferences: null, labels: label } });
      await fleet.patch(kamajiControlPlanes, 'owned', { spec: { registry: 'other.example' } });
      await eventually(async () => {
        const { registry } = (await tenant.get()).spec.controlPlane.deployment?.registrySettings ?? {};
        return registry === 'other.example';
      });
    });

    test('may name the shim of a ClusterClass before the Cluster', async () => {
      const shim = { apiVersion: 'v1', kind: 'Secret', name: 'shimmed-shim', uid: randomUUID() };
      const shimmed = await fleet.createOwned('shimmed');
      const { metadata } = await fleet.get(kamajiControlPlanes, 'shimmed');
      const ownerReferences = [shim, ...(metadata.ownerReferences ?? [])];
      await fleet.patch(kamajiControlPlanes, 'shimmed', { metadata: { ownerReferences } });
      await shimmed.becomeReady();
      await fleet.until('shimmed', (one) => reason(one, 'Ready') === 'Ready');
    });
  });

  test('deleted by itself, it waits until the workers of its Cluster are drained and gone', async () => {
    const tenant = await fleet.createReady('drained');
    const identity = { apiVersion: apiVersionOf(machines), kind: machines.kind };
    await management.client.create(machines, {
      ...identity,
      metadata: { namespace: fleet.namespace, name: 'worker', labels: { 'cluster.x-k8s.io/cluster-name': 'drained' } },
    });
    await fleet.delete(kamajiControlPlanes, 'drained');
    const waiting = await fleet.until('drained', (one) => reason(one, 'Deleting') === 'WaitingForWorkersDeletion');
    assert.match(message(waiting, 'Deleting'), /1 Machines of Cluster drained to be gone: worker/u);
    assert.equal((await tenant.get()).metadata.deletionTimestamp, undefined);
    await fleet.delete(machines, 'worker');
    await eventually(async () => (await fleet.find(kamajiControlPlanes, 'drained')) === undefined);
    assert.equal(await fleet.find(tenantControlPlanes, 'drained'), undefined);
  });

  test('Clusters whose names run together never meet', async () => {
    const places = [
      ['a-b', 'c'],
      ['b', 'c-a'],
    ] as const;
    for (const [name, namespace] of places) {
      await management.client.create(namespaces, { metadata: { name: namespace } });
      await new Fleet(management.client, namespace).createReady(name);
    }
    const [one, other] = await Promise.all(
      places.map(([name, namespace]) =>
        new Fleet(management.client, namespace).get(secrets, `${name}-kubeconfig`).then(({ data }) => data?.['value']),
      ),
    );
    assert.notEqual(one, other);
    const [kept, gone] = places.map(([name, namespace]) => ({ name, fleet: new Fleet(management.client, namespace) }));
    assert.ok(kept !== undefined && gone !== undefined);
    await gone.fleet.delete(kamajiControlPlanes, gone.name);
    await eventually(async () => (await gone.fleet.find(kamajiControlPlanes, gone.name)) === undefined);
    assert.equal(reason(await kept.fleet.get(kamajiControlPlanes, kept.name), 'Ready'), 'Ready');
  });
});

/** As clusterctl creates an object on the other side: everything but status and identity. */
async function copy<T extends KubeObject>(
  client: ControlPlane['client'],
  resource: Resource<T>,
  source: Fleet,
  namespace: string,
  ownerReferences: OwnerReference[],
): Promise<T> {
  const { status: _status, ...object } = { status: undefined, ...(await source.get(resource, 'moved')) };
  const { name, labels, annotations: carried, finalizers } = object.metadata ?? {};
  const metadata = { name, namespace, labels, annotations: carried, finalizers, ownerReferences };
  return client.create<KubeObject>(resource, { ...object, metadata } as KubeObject) as Promise<T>;
}

function owner(resource: Resource, { metadata }: KubeObject, controller: boolean): OwnerReference {
  const { name = '', uid = '' } = metadata ?? {};
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, name, uid, controller };
}

function reason({ status }: KamajiControlPlane, type: string): string | undefined {
  return findCondition(status?.conditions, type)?.reason;
}

function message({ status }: KamajiControlPlane, type: string): string {
  return findCondition(status?.conditions, type)?.message ?? '';
}
