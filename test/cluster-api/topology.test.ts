import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, suite, test } from 'node:test';
import { parse } from 'yaml';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import {
  clusters,
  kamajiControlPlanes,
  kamajiControlPlaneTemplates,
  machineDeployments,
  tenantControlPlanes,
} from '#api/kinds.ts';
import { deployments, namespaces } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { freePorts } from '../ports.ts';
import { clusterctl } from './clusterctl.ts';
import { clusterApiDefinitions, workerDefinitions } from './core.ts';
import type { ManagementSide } from './management-side.ts';
import { reachableControlPlane, startManagementSide, until } from './management-side.ts';

const namespace = 'team';
const key = { namespace, name: 'shop' };

suite("with Cluster API's real core, a Cluster of the ClusterClass in templates/", () => {
  let side: ManagementSide;
  before(async () => {
    side = await startManagementSide(key, {
      topology: true,
      controllers: ['garbage-collector-controller', 'clusterrole-aggregation-controller'],
      clusterApi: [...(await clusterApiDefinitions()), ...(await workerDefinitions())],
    });
    await side.client.create(namespaces, { metadata: { name: namespace } });
    await apply(await generated('clusterclass-kamaji.yaml'));
    const reachable = { spec: { template: { spec: reachableControlPlane() } } };
    await side.client.mergePatch(kamajiControlPlaneTemplates, { namespace, name: 'kamaji' }, reachable);
    const cluster = parse(await generated('cluster-template-topology.yaml'));
    const [apiServerPort = 0] = await freePorts(1);
    const clusterNetwork = { ...cluster.spec.clusterNetwork, apiServerPort };
    await apply(JSON.stringify({ ...cluster, spec: { ...cluster.spec, clusterNetwork } }));
  });
  after(() => side?.stop());

  const apply = (manifests: string) =>
    side.management.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], manifests);
  const controlPlane = async (): Promise<KamajiControlPlane> => {
    const found = await side.client.get(kamajiControlPlanes, key);
    assert.ok(found !== undefined);
    return found;
  };
  /** What its machines are to be: their version and their image. */
  const workers = async (): Promise<readonly [version: unknown, image: unknown]> => {
    const of = (...object: string[]) => side.management.kubectl(['get', ...object, '-n', namespace, '-o', 'json']);
    const { spec } = JSON.parse(await of('machinedeployments')).items[0]?.spec.template ?? {};
    if (spec === undefined) return [undefined, undefined];
    const template = JSON.parse(await of('devmachinetemplate', spec.infrastructureRef.name));
    return [spec.version, template.spec.template.spec.backend.docker.customImage];
  };
  const untilWorkers = (version: string) =>
    until(`workers are ${version}`, async () => (await workers()).join() === `${version},kindest/node:${version}`);
  const untilReconciled = () =>
    side.untilCluster(({ status, metadata }) => {
      const condition = findCondition(status?.conditions, 'TopologyReconciled');
      return condition?.status === 'True' && condition.observedGeneration === metadata?.generation;
    });

  test('gets a control plane from the KamajiControlPlaneTemplate, in the version and size of the Cluster', async () => {
    const { metadata, spec } = await side.untilControlPlane(
      (found) =>
        found.metadata?.ownerReferences?.some(({ kind, controller }) => kind === 'Cluster' && controller === true) ===
        true,
    );
    assert.deepEqual([spec.version, spec.replicas, spec.dataStoreName], ['v1.34.4', 1, 'default']);
    assert.equal(metadata?.labels?.['topology.cluster.x-k8s.io/owned'], '');
  });

  test('is provisioned, and gets its workers', async () => {
    await until('the Deployment is there', () => side.client.get(deployments, key));
    await side.runTenant();
    await side.servePod('v1.34.4');
    await side.untilReady();
    await untilWorkers('v1.34.4');
    await untilReconciled();
  });

  test('is then left alone: core finds nothing to correct in its control plane', async () => {
    const { generation = 0 } = (await controlPlane()).metadata ?? {};
    await side.client.mergePatch(clusters, key, { metadata: { annotations: { look: 'again' } } });
    await side.client.mergePatch(clusters, key, { spec: { topology: { controlPlane: { replicas: 2 } } } });
    await side.untilControlPlane(({ spec }) => spec.replicas === 2);
    await side.client.mergePatch(clusters, key, { spec: { topology: { controlPlane: { replicas: 1 } } } });
    await side.untilControlPlane(({ spec }) => spec.replicas === 1);
    await untilReconciled();
    assert.equal((await controlPlane()).metadata?.generation, generation + 2, 'two wishes, two generations');
  });

  test('is upgraded before its workers, which wait until its API server runs the new version', async () => {
    await side.client.mergePatch(clusters, key, { spec: { topology: { version: 'v1.35.4' } } });
    await side.untilControlPlane(({ spec }) => spec.version === 'v1.35.4');
    await side.untilCluster(({ status }) =>
      /upgrad/iu.test(findCondition(status?.conditions, 'TopologyReconciled')?.message ?? ''),
    );
    assert.deepEqual(await workers(), ['v1.34.4', 'kindest/node:v1.34.4']);
    await side.servePod('v1.35.4');
    await untilWorkers('v1.35.4');
  });

  test('follows the template that its ClusterClass changes to, and loses what that does not say', async () => {
    await untilReconciled();
    const { kind } = kamajiControlPlaneTemplates;
    const apiVersion = apiVersionOf(kamajiControlPlaneTemplates);
    const spec = { ...reachableControlPlane(), addons: { coreDNS: {} }, scheduler: { extraArgs: ['--v=4'] } };
    await apply(
      JSON.stringify({ apiVersion, kind, metadata: { namespace, name: 'other' }, spec: { template: { spec } } }),
    );
    const changed = JSON.stringify({ spec: { controlPlane: { templateRef: { name: 'other' } } } });
    await side.management.kubectl(['patch', 'clusterclass', 'kamaji', '-n', namespace, '--type=merge', '-p', changed]);
    const other = await side.untilControlPlane((found) => found.spec.scheduler?.extraArgs?.[0] === '--v=4');
    assert.equal(other.spec.addons?.kubeProxy, undefined);
    await until('the TenantControlPlane follows', async () => {
      const { controlPlane, addons } = (await side.client.get(tenantControlPlanes, key))?.spec ?? {};
      return controlPlane?.deployment?.extraArgs?.scheduler?.[0] === '--v=4' && addons?.kubeProxy === undefined;
    });
  });

  test('goes, and nothing of it is left', async () => {
    await side.client.delete(clusters, key);
    const gone: readonly Resource[] = [clusters, kamajiControlPlanes, tenantControlPlanes];
    for (const kind of gone) {
      await until(`${kind.kind} is gone`, async () => (await side.client.get(kind, key)) === undefined);
    }
    assert.deepEqual((await side.client.list(machineDeployments, { namespace })).items, []);
  });
});

/** A file of templates/, as a user has clusterctl fill it in. */
function generated(file: string): Promise<string> {
  const path = fileURLToPath(new URL(`../../templates/${file}`, import.meta.url));
  return clusterctl(['generate', 'yaml', '--from', path], {
    CLUSTER_NAME: key.name,
    NAMESPACE: namespace,
    KUBERNETES_VERSION: 'v1.34.4',
    CONTROL_PLANE_MACHINE_COUNT: '1',
    WORKER_MACHINE_COUNT: '1',
  });
}
