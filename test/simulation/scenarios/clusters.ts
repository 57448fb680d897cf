import type { KamajiControlPlaneSpec } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { annotations } from '#api/labels.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { Stage } from '../stage.ts';
import { infrastructureKinds } from '../world/infrastructure-kinds.ts';
import { rolledOut } from './tenant.ts';
import type { Scenario } from './scenario.ts';

interface ClusterParts {
  /** Name of the control plane. Default: that of the Cluster. */
  readonly controlPlane?: string;
  readonly infrastructure?: object;
  readonly addons?: NonNullable<KamajiControlPlaneSpec['addons']>;
}

/** A Cluster with its infrastructure of that kind, as a user applies them. */
async function cluster(
  stage: Stage,
  name: string,
  plural: string,
  { controlPlane = name, infrastructure = {}, ...spec }: ClusterParts = {},
): Promise<void> {
  const namespace = 'fleet';
  const resource = infrastructureKinds.find((kind) => kind.plural === plural);
  if (resource === undefined) throw new TypeError(`no kind is called ${plural}`);
  await stage.client.create(clusters, {
    apiVersion: apiVersionOf(clusters),
    kind: clusters.kind,
    metadata: { namespace, name },
    spec: {
      clusterNetwork: { pods: { cidrBlocks: ['10.244.0.0/16'] }, services: { cidrBlocks: ['10.112.0.0/16'] } },
      controlPlaneRef: { apiGroup: kamajiControlPlanes.group, kind: kamajiControlPlanes.kind, name: controlPlane },
      infrastructureRef: { apiGroup: resource.group, kind: resource.kind, name },
    },
  });
  await stage.client.create(resource, { metadata: { namespace, name }, spec: {}, ...infrastructure });
  await stage.controlPlane(
    { namespace, name: controlPlane },
    { dataStoreName: 'given', network: { serviceType: 'LoadBalancer' }, ...spec },
  );
}

/** The whole life of a Cluster with a KamajiControlPlane of its name. */
export const clusterLife: Scenario = {
  name: 'cluster-life',
  async play(stage) {
    const key = { namespace: 'fleet', name: 'demo' };
    await stage.namespace(key.namespace);
    await stage.givenStore('given');
    await cluster(stage, key.name, 'kubevirtclusters');
    await stage.ready(kamajiControlPlanes, key);
    await stage.checkpoint('made');
    await stage.patch(kamajiControlPlanes, key, { spec: { version: 'v1.35.4', replicas: 2 } });
    await rolledOut(stage, key, 'v1.35.4', 2);
    await stage.ready(kamajiControlPlanes, key);
    await stage.checkpoint('upgraded');
    await stage.remove(clusters, key);
    await stage.checkpoint('deleted');
  },
};

/** A Cluster whose control plane has another name, paused and unpaused, its endpoint known by annotation. */
export const pausedCluster: Scenario = {
  name: 'paused-cluster',
  isPausing: true,
  async play(stage) {
    const key = { namespace: 'fleet', name: 'demo' };
    const controlPlane = { ...key, name: 'demo-control-plane' };
    await stage.namespace(key.namespace);
    await stage.givenStore('given');
    await cluster(stage, key.name, 'devclusters', {
      controlPlane: controlPlane.name,
      infrastructure: {
        metadata: { ...key, annotations: { [annotations.infrastructureManagedBy]: 'kamaji' } },
      },
    });
    await stage.ready(kamajiControlPlanes, controlPlane);
    await stage.checkpoint('made');
    await stage.patch(clusters, key, { spec: { paused: true } });
    await stage.condition(kamajiControlPlanes, controlPlane, 'Paused', 'True');
    await stage.patch(kamajiControlPlanes, controlPlane, { spec: { replicas: 2 } });
    await stage.condition(tenantControlPlanes, controlPlane, 'Paused', 'True');
    await stage.checkpoint('paused');
    await stage.patch(clusters, key, { spec: { paused: false } });
    await rolledOut(stage, controlPlane, 'v1.34.2', 2);
    await stage.ready(kamajiControlPlanes, controlPlane);
    await stage.checkpoint('goes on');
    await stage.remove(clusters, key);
    await stage.checkpoint('deleted');
  },
};

/** One Cluster of each kind of infrastructure that the manager has rights on. */
export const everyInfrastructure: Scenario = {
  name: 'every-infrastructure',
  isLong: true,
  async play(stage) {
    await stage.namespace('fleet');
    await stage.givenStore('given');
    const names = infrastructureKinds.map(({ plural }) => plural);
    for (const name of names) await cluster(stage, name, name, { addons: { konnectivity: { enabled: false } } });
    await stage.until('all control planes are ready', async () => {
      const { items } = await stage.client.list(kamajiControlPlanes);
      return items.length === names.length && items.every(({ status }) => status?.ready === true);
    });
    await stage.checkpoint('made');
    for (const name of names) await stage.client.delete(clusters, { namespace: 'fleet', name });
    for (const name of names) await stage.gone(clusters, { namespace: 'fleet', name });
    await stage.checkpoint('deleted');
  },
};
