import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import {
  clusters,
  kamajiControlPlanes,
  kamajiControlPlaneTemplates,
  machineDeployments,
  tenantControlPlanes,
} from '#api/kinds.ts';
import { widgetMachineTemplates } from '#controllers/kamajicontrolplane/management-cluster.fake.ts';
import { deployments, namespaces } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { freePorts } from '../ports.ts';
import { definitionOf } from '../simulation/world/definition.ts';
import { clusterApiDefinitions } from './core.ts';
import type { ManagementSide } from './management-side.ts';
import { reachableControlPlane, startManagementSide, until } from './management-side.ts';

const namespace = 'team';
const key = { namespace, name: 'shop' };

// Of the infrastructure and bootstrap providers that the test plays.
const widgets = (kind: string): Resource => ({
  ...widgetMachineTemplates,
  kind,
  plural: `${kind.toLowerCase()}s`,
});
const widgetClusters = widgets('WidgetCluster');
const widgetClusterTemplates = widgets('WidgetClusterTemplate');
const widgetConfigTemplates = widgets('WidgetConfigTemplate');
const played = [
  widgetClusters,
  widgetClusterTemplates,
  widgetConfigTemplates,
  widgetMachineTemplates,
  widgets('WidgetConfig'),
  widgets('WidgetMachine'),
];

suite("with Cluster API's real core, a Cluster of a ClusterClass with a KamajiControlPlaneTemplate", () => {
  let side: ManagementSide;
  before(async () => {
    side = await startManagementSide(key, {
      topology: true,
      controllers: ['garbage-collector-controller', 'clusterrole-aggregation-controller'],
      clusterApi: [...(await clusterApiDefinitions()), ...played.map((kind) => definitionOf(kind))],
    });
    await side.client.create(namespaces, { metadata: { name: namespace } });
    const templates = [widgetClusterTemplates, widgetConfigTemplates, widgetMachineTemplates];
    for (const kind of templates) await apply(template(kind, 'small', {}));
    await apply(template(kamajiControlPlaneTemplates, 'small', { ...reachableControlPlane(), deployment: labelled }));
    await apply(clusterClass('small'));
    const [apiServerPort = 0] = await freePorts(1);
    await apply(cluster({ version: 'v1.34.4', apiServerPort }));
  });
  after(() => side?.stop());

  const apply = (manifest: object) =>
    side.management.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(manifest));
  const controlPlane = async (): Promise<KamajiControlPlane> => {
    const found = await side.client.get(kamajiControlPlanes, key);
    assert.ok(found !== undefined);
    return found;
  };
  const workersVersion = async (): Promise<string | undefined> => {
    const { items } = await side.client.list(machineDeployments, { namespace });
    return items[0]?.spec?.template?.spec?.version;
  };
  const untilReconciled = () =>
    side.untilCluster(({ status, metadata }) => {
      const condition = findCondition(status?.conditions, 'TopologyReconciled');
      return condition?.status === 'True' && condition.observedGeneration === metadata?.generation;
    });

  test('gets it from the template, in the version and size of the Cluster', async () => {
    const { metadata, spec } = await side.untilControlPlane(
      (found) =>
        found.metadata?.ownerReferences?.some(({ kind, controller }) => kind === 'Cluster' && controller === true) ===
        true,
    );
    assert.deepEqual([spec.version, spec.replicas, spec.dataStoreName], ['v1.34.4', 1, 'default']);
    assert.equal(metadata?.labels?.['topology.cluster.x-k8s.io/owned'], '');
    const { items } = await side.client.list(widgetClusters, { namespace });
    const infrastructure = { namespace, name: items[0]?.metadata?.name ?? '' };
    const status = { initialization: { provisioned: true } };
    await side.client.mergePatch(widgetClusters, infrastructure, { status }, { subresource: 'status' });
  });

  test('is provisioned, and gets its workers', async () => {
    await until('the Deployment is there', () => side.client.get(deployments, key));
    await side.runTenant();
    await side.servePod('v1.34.4');
    await side.untilReady();
    await until('workers are wanted', async () => (await workersVersion()) === 'v1.34.4');
    await untilReconciled();
  });

  test('is then left alone: core finds nothing to correct in it', async () => {
    const { generation } = (await controlPlane()).metadata ?? {};
    await side.client.mergePatch(clusters, key, { metadata: { annotations: { look: 'again' } } });
    await side.client.mergePatch(clusters, key, { spec: { topology: { controlPlane: { replicas: 2 } } } });
    await side.untilControlPlane(({ spec }) => spec.replicas === 2);
    await side.client.mergePatch(clusters, key, { spec: { topology: { controlPlane: { replicas: 1 } } } });
    await side.untilControlPlane(({ spec }) => spec.replicas === 1);
    await untilReconciled();
    assert.equal((await controlPlane()).metadata?.generation, (generation ?? 0) + 2, 'two wishes, two generations');
  });

  test('is upgraded before its workers, which wait until its API server runs the new version', async () => {
    await side.client.mergePatch(clusters, key, { spec: { topology: { version: 'v1.35.4' } } });
    await side.untilControlPlane(({ spec }) => spec.version === 'v1.35.4');
    await side.untilCluster(({ status }) =>
      /upgrad/iu.test(findCondition(status?.conditions, 'TopologyReconciled')?.message ?? ''),
    );
    assert.equal(await workersVersion(), 'v1.34.4');
    await side.servePod('v1.35.4');
    await until('the workers follow', async () => (await workersVersion()) === 'v1.35.4');
  });

  test('follows the template that its ClusterClass changes to, and loses what that does not say', async () => {
    await untilReconciled();
    const larger = { ...reachableControlPlane(), scheduler: { extraArgs: ['--v=4'] } };
    await apply(template(kamajiControlPlaneTemplates, 'larger', larger));
    await apply(clusterClass('larger'));
    const { spec } = await side.untilControlPlane(({ spec }) => spec.scheduler?.extraArgs?.[0] === '--v=4');
    assert.equal(spec.deployment?.podAdditionalMetadata, undefined);
    await until('the TenantControlPlane follows', async () => {
      const tenant = (await side.client.get(tenantControlPlanes, key))?.spec.controlPlane.deployment;
      return (
        tenant?.extraArgs?.scheduler?.[0] === '--v=4' && tenant.podAdditionalMetadata?.labels?.['of'] === undefined
      );
    });
  });

  test('goes with the Cluster, and leaves nothing', async () => {
    await side.client.delete(clusters, key);
    const gone: readonly Resource[] = [clusters, kamajiControlPlanes, tenantControlPlanes];
    for (const kind of gone) {
      await until(`${kind.kind} is gone`, async () => (await side.client.get(kind, key)) === undefined);
    }
  });
});

const labelled = { podAdditionalMetadata: { labels: { of: 'small' } } };

function reference(kind: Resource, name: string): object {
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, name };
}

function template(kind: Resource, name: string, spec: object): object {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { namespace, name },
    spec: { template: { spec } },
  };
}

function clusterClass(controlPlaneTemplate: string): object {
  const of = (kind: Resource): object => ({ templateRef: reference(kind, 'small') });
  return {
    apiVersion: apiVersionOf(clusters),
    kind: 'ClusterClass',
    metadata: { namespace, name: 'widgets' },
    spec: {
      controlPlane: {
        templateRef: reference(kamajiControlPlaneTemplates, controlPlaneTemplate),
        naming: { template: '{{ .cluster.name }}' },
      },
      infrastructure: of(widgetClusterTemplates),
      workers: {
        machineDeployments: [
          { class: 'default', bootstrap: of(widgetConfigTemplates), infrastructure: of(widgetMachineTemplates) },
        ],
      },
    },
  };
}

function cluster({ version, apiServerPort }: { version: string; apiServerPort: number }): object {
  return {
    apiVersion: apiVersionOf(clusters),
    kind: clusters.kind,
    metadata: { namespace, name: key.name },
    spec: {
      clusterNetwork: { apiServerPort },
      topology: {
        classRef: { name: 'widgets' },
        version,
        controlPlane: { replicas: 1 },
        workers: { machineDeployments: [{ class: 'default', name: 'workers', replicas: 1 }] },
      },
    },
  };
}
