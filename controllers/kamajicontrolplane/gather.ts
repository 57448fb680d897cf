import type { Cluster } from '#api/core/cluster.ts';
import type { MachineDeployment } from '#api/core/machine-deployment.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { clusters, kamajiControlPlanes, machineDeployments, tenantControlPlanes } from '#api/kinds.ts';
import { annotations, labels, PROJECT } from '#api/labels.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { POD_COMPONENT } from '#controlplane/objects.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import { slimPod } from '#runtime/cache/slim-pod.ts';
import type { Pod, Secret, Service } from '#runtime/client/builtin.ts';
import { pods, secrets, services } from '#runtime/client/builtin.ts';
import type { KubeObject, ObjectKey } from '#runtime/client/resource.ts';
import { keyString } from '#runtime/client/resource.ts';

/** The informers that a pass reads from. Of shared kinds they hold only what carries our label. */
export interface Informers {
  readonly controlPlanes: Informer<KamajiControlPlane>;
  /** Empty while Cluster API is not installed. */
  readonly clusters: Informer<Cluster>;
  /** As much as following versions needs; empty as above. */
  readonly machineDeployments: Informer<MachineDeployment>;
  readonly tenantControlPlanes: Informer<TenantControlPlane>;
  readonly secrets: Informer<Secret>;
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
}

/** Everything that one pass decides on, read once at its beginning. */
export interface Gathered {
  readonly controlPlane: KamajiControlPlane;
  /** Undefined until Cluster API has made the Cluster an owner. */
  readonly cluster: Cluster | undefined;
  /** Of the Cluster, those that are to have the control plane's version. */
  readonly followers: readonly MachineDeployment[];
  readonly tenantControlPlane: TenantControlPlane | undefined;
  readonly service: Service | undefined;
  readonly adminKubeconfig: Secret | undefined;
  readonly authority: Secret | undefined;
  readonly pods: readonly Pod[];
  /** A Secret of the namespace that we made or adopted. */
  readonly secret: (name: string) => Secret | undefined;
}

const CONTROL_PLANE = 'controlPlane';
const CLUSTER = 'cluster';

/** Declares the informers; call before the cache starts. */
export function declareInformers(cache: Cache): Informers {
  const ours = { labelSelector: `${labels.project}=${PROJECT}` };
  return {
    controlPlanes: cache.informer(kamajiControlPlanes),
    clusters: cache.informer(clusters, { optional: true }),
    machineDeployments: cache.informer(machineDeployments, {
      optional: true,
      transform: followingPart,
      indexes: { [CLUSTER]: followedCluster },
    }),
    tenantControlPlanes: cache.informer(tenantControlPlanes),
    secrets: cache.informer(secrets, ours),
    services: cache.informer(services, ours),
    pods: cache.informer(pods, {
      labelSelector: `${labels.component}=${POD_COMPONENT},${labels.name}`,
      transform: slimPod,
      indexes: { [CONTROL_PLANE]: controlPlaneNames },
    }),
  };
}

/** Reads the world of one KamajiControlPlane; undefined when there is none of that name. */
export function gather(informers: Informers, key: ObjectKey): Gathered | undefined {
  const controlPlane = informers.controlPlanes.get(key);
  if (controlPlane === undefined) return undefined;
  const names = namesOfControlPlane(key.name);
  const here = (name: string): ObjectKey => ({ ...key, name });
  const cluster = clusterOf(informers, controlPlane, key);
  const clusterKey = cluster === undefined ? '' : keyString(here(cluster.metadata.name ?? ''));
  return {
    controlPlane,
    cluster,
    followers: informers.machineDeployments.byIndex(CLUSTER, clusterKey),
    tenantControlPlane: informers.tenantControlPlanes.get(key),
    service: informers.services.get(here(names.service)),
    adminKubeconfig: informers.secrets.get(here(names.adminKubeconfig)),
    authority: informers.secrets.get(here(names.ca)),
    pods: informers.pods.byIndex(CONTROL_PLANE, keyString(key)),
    secret: (name) => informers.secrets.get(here(name)),
  };
}

/**
 * The Cluster that owns the control plane. Where the reference was lost, which core puts back, that of the label, if it
 * names this control plane as its own.
 */
function clusterOf(
  { clusters: all }: Informers,
  controlPlane: KamajiControlPlane,
  key: ObjectKey,
): Cluster | undefined {
  const owner = ownerCluster(controlPlane);
  if (owner !== undefined) return all.get({ ...key, name: owner });
  const cluster = all.get({ ...key, name: controlPlane.metadata.labels?.[labels.clusterName] ?? '' });
  return cluster !== undefined && controlPlaneOf(cluster).some(({ name }) => name === key.name) ? cluster : undefined;
}

/**
 * The Cluster among the owners, whatever its API version and wherever it stands: core makes it no controller for clusters
 * without topology, and a ClusterClass puts a temporary Secret before it (Cluster API contract: owner references).
 */
export function ownerCluster(controlPlane: KamajiControlPlane): string | undefined {
  return controlPlane.metadata.ownerReferences?.find(
    ({ kind, apiVersion }) => kind === clusters.kind && apiVersion.startsWith(`${clusters.group}/`),
  )?.name;
}

/** The keys of the control planes of a Cluster: the one that its spec names. */
export function controlPlaneOf(cluster: Cluster): readonly ObjectKey[] {
  const { controlPlaneRef } = cluster.spec ?? {};
  const { namespace } = cluster.metadata;
  if (namespace === undefined || controlPlaneRef === undefined) return [];
  const ours =
    controlPlaneRef.kind === kamajiControlPlanes.kind && controlPlaneRef.apiGroup === kamajiControlPlanes.group;
  return ours ? [{ namespace, name: controlPlaneRef.name }] : [];
}

/** The Clusters whose control planes a MachineDeployment follows, as keys in text. */
export function followedCluster({ metadata, spec }: MachineDeployment): readonly string[] {
  const { namespace, annotations: carried = {}, labels: has = {} } = metadata;
  const follows =
    carried[annotations.followControlPlane] !== undefined &&
    has[labels.topologyOwned] === undefined &&
    carried[annotations.clusterPaused] === undefined;
  return !follows || namespace === undefined || spec?.clusterName === undefined
    ? []
    : [keyString({ namespace, name: spec.clusterName })];
}

// There may be thousands, and most ask for nothing.
function followingPart({ apiVersion, kind, metadata, spec }: MachineDeployment): MachineDeployment {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata;
  const identity = { name, namespace, uid, resourceVersion };
  if (followedCluster({ apiVersion, kind, metadata, ...(spec && { spec }) }).length === 0) {
    return { apiVersion, kind, metadata: identity };
  }
  const { annotations: carried = {} } = metadata;
  const { version, infrastructureRef } = spec?.template?.spec ?? {};
  return {
    apiVersion,
    kind,
    metadata: {
      ...identity,
      annotations: { [annotations.followControlPlane]: carried[annotations.followControlPlane] ?? '' },
    },
    spec: {
      clusterName: spec?.clusterName ?? '',
      template: { spec: { ...(version && { version }), ...(infrastructureRef && { infrastructureRef }) } },
    },
  };
}

/** The key of the control plane that a pod, Service or Secret of a TenantControlPlane belongs to, by its label. */
export function controlPlaneOfPart(object: KubeObject): readonly ObjectKey[] {
  const { namespace, labels: carried } = object.metadata ?? {};
  const name = carried?.[labels.name];
  return name === undefined || namespace === undefined ? [] : [{ namespace, name }];
}

function controlPlaneNames(object: KubeObject): readonly string[] {
  return controlPlaneOfPart(object).map(keyString);
}
