import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Cluster } from '#api/core/cluster.ts';
import { clusters, kamajiControlPlanes, machineDeployments, machines, tenantControlPlanes } from '#api/kinds.ts';
import type { RunningController } from '#controllers/kamajicontrolplane/management-cluster.fake.ts';
import {
  Fleet,
  startController,
  startManagementCluster,
  widgetMachineTemplates,
} from '#controllers/kamajicontrolplane/management-cluster.fake.ts';
import { eventually, FakeTenant } from '#controllers/kamajicontrolplane/tenant.fake.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Core } from './core.ts';
import { clusterApiDefinitions, startCore } from './core.ts';

suite("with Cluster API's real core, a Cluster without infrastructure", () => {
  const key = { namespace: 'default', name: 'shop' };
  let management: ControlPlane;
  let core: Core;
  let controller: RunningController;
  let fleet: Fleet;
  let tenant: FakeTenant;
  before(async () => {
    management = await startManagementCluster(await clusterApiDefinitions());
    [core, controller] = await Promise.all([startCore(management), startController(management, management.client)]);
    fleet = new Fleet(management.client);
    tenant = new FakeTenant(management.client, key);
    const { group: apiGroup, kind } = kamajiControlPlanes;
    await management.client.create(clusters, {
      apiVersion: apiVersionOf(clusters),
      kind: clusters.kind,
      metadata: key,
      spec: { controlPlaneRef: { apiGroup, kind, name: key.name } },
    });
    // Nobody owns it: that is core's to do.
    await fleet.create(key.name);
  });
  after(async () => {
    await controller?.stop();
    await core?.[Symbol.asyncDispose]();
    await management?.stop();
  });
  const untilCluster = (check: (cluster: Cluster) => boolean) => {
    let last: Cluster | undefined;
    return eventually(
      async () => {
        last = await management.client.get(clusters, key);
        return last !== undefined && check(last);
      },
      () => last,
    );
  };

  test('items 7 and 18: has the endpoint once the control plane is initialized, and not before', async () => {
    const address = await tenant.publishAddress();
    await fleet.until(key.name, ({ spec }) => spec.controlPlaneEndpoint?.host === address);
    assert.equal((await fleet.get(clusters, key.name)).spec?.controlPlaneEndpoint?.host ?? '', '');
    await tenant.issueCertificates();
    await tenant.runPod('shop-0', 'v1.35.4');
    const fine = ['Available', 'ControlPlaneReady', 'DataStoreReady', 'Ready'];
    const deployment = { selector: 'a=b', replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    await tenant.say(Object.fromEntries(fine.map((type) => [type, ['True', type]])), {
      kubernetesResources: { deployment },
    });
    await tenant.prepareJoining();
    await untilCluster(({ spec }) => spec?.controlPlaneEndpoint?.host === address);
    await untilCluster(({ status }) => status?.initialization?.controlPlaneInitialized === true);
  });

  test('item 21: shows that the control plane is available', async () => {
    await untilCluster(({ status }) => findCondition(status?.conditions, 'ControlPlaneAvailable')?.status === 'True');
  });

  test('items 9 and 22: shows its counters, and that nothing rolls or scales', async () => {
    await untilCluster(({ status }) => findCondition(status?.conditions, 'RollingOut')?.status === 'False');
    await untilCluster(({ status }) => findCondition(status?.conditions, 'ScalingUp')?.status === 'False');
    const read = ['get', 'cluster', key.name, '-o', 'jsonpath={.status.controlPlane.readyReplicas}'];
    assert.equal(await management.kubectl(read), '1');
  });

  test('item 13: gets no machine of a version that the control plane does not run yet', async () => {
    const { client } = management;
    const { group: apiGroup, kind } = widgetMachineTemplates;
    const template = {
      apiVersion: apiVersionOf(widgetMachineTemplates),
      kind,
      metadata: { namespace: key.namespace, name: 'workers' },
      spec: { template: { spec: {} } },
    };
    await management.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(template));
    const labels = { 'cluster.x-k8s.io/cluster-name': key.name, pool: 'workers' };
    const deployment = {
      apiVersion: apiVersionOf(machineDeployments),
      kind: machineDeployments.kind,
      metadata: { ...key, name: 'workers', labels },
      spec: {
        clusterName: key.name,
        replicas: 1,
        selector: { matchLabels: labels },
        rollout: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
        template: {
          metadata: { labels },
          spec: {
            clusterName: key.name,
            version: 'v1.36.0',
            bootstrap: { dataSecretName: 'shop-bootstrap-data' },
            infrastructureRef: { apiGroup, kind, name: 'workers' },
          },
        },
      },
    };
    await management.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(deployment));
    const read = ['get', 'machinesets', '-o', 'jsonpath={.items[*].status.conditions[*].message}'];
    await eventually(async () => /preflight/u.test(await management.kubectl(read)));
    assert.deepEqual((await client.list(machines, { namespace: key.namespace })).items, []);
    deployment.spec.template.spec.version = 'v1.35.4';
    await management.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(deployment));
    await eventually(async () => (await client.list(machines, { namespace: key.namespace })).items.length === 1);
  });

  test('item 30: pauses the control plane with it', async () => {
    await fleet.patch(clusters, key.name, { spec: { paused: true } });
    await fleet.until(key.name, ({ status }) => findCondition(status?.conditions, 'Paused')?.status === 'True');
    await fleet.patch(clusters, key.name, { spec: { paused: false } });
    await fleet.until(key.name, ({ status }) => findCondition(status?.conditions, 'Paused')?.status === 'False');
  });

  test('item 33: is gone after its control plane, and that after the tenant', async () => {
    // Workers go first: their machines are never made here, so that nothing has to be drained.
    await management.client.mergePatch(tenantControlPlanes, key, { metadata: { finalizers: ['example.com/data'] } });
    await fleet.delete(clusters, key.name);
    await eventually(async () => (await tenant.get()).metadata.deletionTimestamp);
    assert.notEqual(await fleet.find(kamajiControlPlanes, key.name), undefined);
    assert.notEqual(await fleet.find(clusters, key.name), undefined);
    await management.client.mergePatch(tenantControlPlanes, key, { metadata: { finalizers: [] } });
    await eventually(async () => (await fleet.find(clusters, key.name)) === undefined);
    assert.equal(await fleet.find(kamajiControlPlanes, key.name), undefined);
  });
});
