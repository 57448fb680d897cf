import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { kamajiControlPlanes, machines } from '#api/kinds.ts';
import { annotations } from '#api/labels.ts';
import { widgetMachineTemplates } from '#controllers/kamajicontrolplane/management-cluster.fake.ts';
import type { RunningTenant } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import { namespaces, nodes } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { definitionOf } from '../simulation/world/definition.ts';
import { clusterApiDefinitions } from './core.ts';
import type { ManagementSide } from './management-side.ts';
import { startManagementSide, until } from './management-side.ts';

const namespace = 'team';
const key = { namespace, name: 'shop' };
const ofCluster = { 'cluster.x-k8s.io/cluster-name': key.name };

/** What is read of a Machine. */
interface Machine extends KubeObject {
  readonly spec?: { readonly version?: string; readonly infrastructureRef?: { readonly name?: string } };
  readonly status?: { readonly phase?: string; readonly nodeRef?: { readonly name?: string } };
}

// Of the infrastructure provider that the test plays.
const widgetClusters: Resource = { ...widgetMachineTemplates, kind: 'WidgetCluster', plural: 'widgetclusters' };
const widgetMachines: Resource = { ...widgetMachineTemplates, kind: 'WidgetMachine', plural: 'widgetmachines' };
const infrastructure = [widgetClusters, widgetMachineTemplates, widgetMachines];
const provisioned = { status: { initialization: { provisioned: true } } };

suite("with Cluster API's real core, machines of a Cluster with a KamajiControlPlane", () => {
  let side: ManagementSide;
  let tenant: RunningTenant;
  before(async () => {
    const { group: apiGroup, kind } = widgetClusters;
    side = await startManagementSide(key, {
      controllers: ['garbage-collector-controller', 'clusterrole-aggregation-controller'],
      clusterApi: [...(await clusterApiDefinitions()), ...infrastructure.map((kind) => definitionOf(kind))],
    });
    await side.client.create(namespaces, { metadata: { name: namespace } });
    await side.createCluster({ infrastructureRef: { apiGroup, kind, name: key.name } });
    await side.client.create(widgetClusters, { metadata: key });
    await side.client.mergePatch(widgetClusters, key, provisioned, { subresource: 'status' });
    tenant = await side.runTenant();
    await side.untilReady();
  });
  after(() => side?.stop());

  const apply = (manifest: object) =>
    side.management.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(manifest));
  const machineList = async (): Promise<readonly Machine[]> =>
    (await side.client.list<Machine>(machines, { namespace })).items;
  const untilMachines = async (count: number, version?: string): Promise<readonly Machine[]> =>
    until(`${count} machines`, async () => {
      const found = (await machineList()).filter(({ spec }) => version === undefined || spec?.version === version);
      return found.length === count && found;
    });
  /** Why core makes no machines. */
  const untilHeld = (why: RegExp) => {
    const read = ['get', 'machinesets', '-n', namespace, '-o', 'jsonpath={.items[*].status.conditions[*].message}'];
    return until(`machines are held: ${why.source}`, async () => why.test(await side.management.kubectl(read)));
  };
  /** Plays infrastructure and kubelet: the machine is there, and its node is in the tenant. */
  const join = async (machine: Machine): Promise<string> => {
    const name = machine.metadata?.name ?? '';
    const providerID = `widget:///${name}`;
    const widget = { namespace, name: machine.spec?.infrastructureRef?.name ?? '' };
    await until('the infrastructure machine is made', () => side.client.get(widgetMachines, widget));
    await side.client.mergePatch(widgetMachines, widget, { spec: { providerID } });
    await side.client.mergePatch(widgetMachines, widget, provisioned, { subresource: 'status' });
    await tenant.client.create(nodes, { metadata: { name }, spec: { providerID } });
    await sayOfNode(name, 'True');
    await until('the machine runs', async () => {
      const found = (await machineList()).find(({ metadata }) => metadata?.name === name);
      return found?.status?.phase === 'Running' && found.status.nodeRef?.name === name;
    });
    return name;
  };
  const sayOfNode = async (name: string, ready: 'True' | 'Unknown'): Promise<void> => {
    const now = new Date().toISOString();
    const condition = { type: 'Ready', status: ready, reason: 'Test', lastHeartbeatTime: now, lastTransitionTime: now };
    await tenant.client.mergePatch(nodes, { name }, { status: { conditions: [condition] } }, { subresource: 'status' });
  };

  test('are not made before an API server is seen to run (preflight check ControlPlaneIsStable)', async () => {
    await apply(template('workers-v1.35.4'));
    await apply(workers('v1.35.4', 1));
    await untilHeld(/is provisioning \("ControlPlaneIsStable" preflight check failed\)/u);
    assert.deepEqual(await machineList(), []);
    await side.servePod('v1.35.4');
    await untilMachines(1);
  });

  test('are not made newer than it (preflight check KubernetesVersionSkew)', async () => {
    await apply(workers('v1.36.0', 1));
    await untilHeld(/higher than ControlPlane version \("KubernetesVersionSkew" preflight check failed\)/u);
    assert.deepEqual(
      (await machineList()).map(({ spec }) => spec?.version),
      ['v1.35.4'],
    );
    await apply(workers('v1.35.4', 1));
  });

  test('that turn unhealthy are deleted with their nodes and made anew (MachineHealthCheck)', async () => {
    const [machine] = await untilMachines(1);
    assert.ok(machine !== undefined);
    const name = await join(machine);
    await apply(healthCheck());
    await sayOfNode(name, 'Unknown');
    const replaced = await until('another machine takes its place', async () => {
      const found = await machineList();
      return found.length === 1 && found[0]?.metadata?.name !== name && found[0];
    });
    assert.equal(await tenant.client.get(nodes, { name }), undefined, 'its node is gone from the tenant');
    await join(replaced);
  });

  test('are not made while the control plane is on its way to another version, and then again', async () => {
    await side.client.mergePatch(kamajiControlPlanes, key, { spec: { version: 'v1.35.5' } });
    await scale(2);
    await untilHeld(/is upgrading \("ControlPlaneIsStable" preflight check failed\)/u);
    assert.equal((await machineList()).length, 1);
    await side.servePod('v1.35.5');
    await untilMachines(2);
  });

  test('stay as many as their autoscaler wants when they follow the control plane’s version', async () => {
    await apply(workers('v1.35.4', undefined, following));
    const forbidden = await side.untilControlPlane(
      ({ status }) => findCondition(status?.conditions, 'WorkersFollow')?.reason === 'Forbidden',
    );
    const { message = '' } = findCondition(forbidden.status?.conditions, 'WorkersFollow') ?? {};
    await side.management.kubectl(['apply', '-f', '-'], /\{.*\}$/u.exec(message)?.[0]);
    await apply(template('workers-v1.35.5'));
    await untilMachines(1, 'v1.35.5');
    const read = ['get', 'machinedeployment', 'workers', '-n', namespace, '-o'];
    const { metadata, spec } = JSON.parse(await side.management.kubectl([...read, 'json']));
    assert.deepEqual([spec.replicas, spec.template.spec.version], [2, 'v1.35.5']);
    for (const [name, value] of Object.entries(following)) assert.equal(metadata.annotations[name], value);
  });

  /** As an autoscaler does it. */
  const scale = (replicas: number) =>
    side.management.kubectl(['scale', 'machinedeployment', 'workers', '-n', namespace, `--replicas=${replicas}`]);
});

const following = {
  'cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size': '1',
  'cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size': '5',
  [annotations.followControlPlane]: 'workers-{version}',
};

function template(name: string): object {
  return {
    apiVersion: apiVersionOf(widgetMachineTemplates),
    kind: widgetMachineTemplates.kind,
    metadata: { namespace, name },
    spec: { template: { spec: {} } },
  };
}

function workers(version: string, replicas?: number, carried: Readonly<Record<string, string>> = {}): object {
  const { group: apiGroup, kind } = widgetMachineTemplates;
  const selected = { ...ofCluster, pool: 'workers' };
  return {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'MachineDeployment',
    metadata: { namespace, name: 'workers', labels: selected, annotations: carried },
    spec: {
      clusterName: key.name,
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: selected },
      rollout: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
      template: {
        metadata: { labels: selected },
        spec: {
          clusterName: key.name,
          version,
          bootstrap: { dataSecretName: `${key.name}-bootstrap-data` },
          infrastructureRef: { apiGroup, kind, name: 'workers-v1.35.4' },
        },
      },
    },
  };
}

function healthCheck(): object {
  return {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'MachineHealthCheck',
    metadata: { namespace, name: 'workers' },
    spec: {
      clusterName: key.name,
      selector: { matchLabels: { pool: 'workers' } },
      checks: {
        nodeStartupTimeoutSeconds: 600,
        unhealthyNodeConditions: [{ type: 'Ready', status: 'Unknown', timeoutSeconds: 1 }],
      },
    },
  };
}
