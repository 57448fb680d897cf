import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { MachineDeployment } from '#api/core/machine-deployment.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlanes, machineDeployments } from '#api/kinds.ts';
import { annotations } from '#api/labels.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { RunningController } from './management-cluster.fake.ts';
import {
  Fleet,
  grant,
  startController,
  startManagementCluster,
  widgetMachineTemplates,
} from './management-cluster.fake.ts';
import { eventually } from './tenant.fake.ts';

const namespace = 'default';

suite('MachineDeployments that follow the control plane, on a real API server', () => {
  let management: ControlPlane;
  let controller: RunningController;
  let fleet: Fleet;
  before(async () => {
    management = await startManagementCluster();
    controller = await startController(management, management.client);
    fleet = new Fleet(management.client);
    await fleet.createReady('followed');
  });
  after(async () => {
    await controller?.stop();
    await management?.stop();
  });
  const versionOf = async (name: string) => (await fleet.get(machineDeployments, name)).spec?.template?.spec?.version;
  const finding = ({ status }: KamajiControlPlane) => findCondition(status?.conditions, 'WorkersFollow');

  test('are left alone unless they ask for it', async () => {
    await management.client.create(machineDeployments, workers('plain', {}));
    await management.client.create(
      machineDeployments,
      workers('of-a-topology', following, { 'topology.cluster.x-k8s.io/owned': '' }),
    );
    const { status } = await fleet.get(kamajiControlPlanes, 'followed');
    assert.equal(findCondition(status?.conditions, 'WorkersFollow')?.reason, 'NotRequested');
  });

  test('need the right to see whether there is a template, and the condition says which', async () => {
    await management.client.create(machineDeployments, workers('pool', following));
    const forbidden = await fleet.until('followed', (one) => finding(one)?.reason === 'Forbidden');
    const role = JSON.parse(/\{.*\}$/u.exec(finding(forbidden)?.message ?? '')?.[0] ?? '{}');
    assert.equal(role.metadata.labels['kamaji.clastix.io/aggregate-to-manager'], 'true');
    await grant(management.client, role.metadata.name, role.rules);
  });

  test('wait for the infrastructure template of the version', async () => {
    const waiting = await fleet.until('followed', (one) => finding(one)?.reason === 'InfrastructureTemplateMissing');
    assert.match(finding(waiting)?.message ?? '', /as soon as there is WidgetMachineTemplate workers-v1\.35\.4$/u);
    assert.equal(await versionOf('pool'), 'v1.34.2');
  });

  test('get version and template together, and no other does', async () => {
    await management.client.create(widgetMachineTemplates, { metadata: { namespace, name: 'workers-v1.35.4' } });
    await fleet.until('followed', (one) => finding(one)?.reason === 'Following');
    const { spec } = await fleet.get(machineDeployments, 'pool');
    assert.equal(spec?.template?.spec?.version, 'v1.35.4');
    assert.equal(spec.template.spec.infrastructureRef?.name, 'workers-v1.35.4');
    assert.deepEqual([await versionOf('plain'), await versionOf('of-a-topology')], ['v1.34.2', 'v1.34.2']);
  });

  test('are not moved while the control plane is on its way to another version', async () => {
    await fleet.patch(kamajiControlPlanes, 'followed', { spec: { version: 'v1.35.5' } });
    await fleet.until('followed', (one) => finding(one)?.reason === 'WaitingForControlPlane');
    await eventually(async () => (await versionOf('pool')) === 'v1.35.4');
  });
});

const following = { [annotations.followControlPlane]: 'workers-{version}' };

function workers(
  name: string,
  carried: Record<string, string>,
  labels: Record<string, string> = {},
): MachineDeployment {
  const { group: apiGroup, kind } = widgetMachineTemplates;
  return {
    apiVersion: apiVersionOf(machineDeployments),
    kind: machineDeployments.kind,
    metadata: { namespace, name, annotations: carried, labels },
    spec: {
      clusterName: 'followed',
      template: { spec: { version: 'v1.34.2', infrastructureRef: { apiGroup, kind, name: 'workers-v1.34.2' } } },
    },
  };
}
