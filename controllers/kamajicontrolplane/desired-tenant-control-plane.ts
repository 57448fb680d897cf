import type { Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane, KamajiControlPlaneSpec } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane, TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { annotations as wellKnown, labels as wellKnownLabels, PROJECT } from '#api/labels.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { ownerReference } from './ownership.ts';
import { ROLLOUT_AFTER } from './rollout-after.ts';

/** kubectl's own notes on an object say nothing about ours, and may be too large for another annotation. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  wellKnown.clusterPaused,
  wellKnown.paused,
  wellKnown.deleteForMove,
]);

/**
 * The TenantControlPlane that a KamajiControlPlane asks for, in full: what the user removes from the one is removed from
 * the other. With `external` it is for another cluster, under that key. Fields that the tenant's own controller decides (schema, user) are left to it. `rolloutMark` is from `rolloutAfter`.
 * Pure.
 */
export function desiredTenantControlPlane(
  controlPlane: KamajiControlPlane,
  cluster: Cluster,
  rolloutMark?: string,
  external?: ObjectKey,
): TenantControlPlane {
  const { metadata, spec } = controlPlane;
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key)),
  );
  return {
    apiVersion: apiVersionOf(tenantControlPlanes),
    kind: tenantControlPlanes.kind,
    metadata: {
      name: external?.name ?? metadata.name ?? '',
      namespace: external?.namespace ?? metadata.namespace ?? '',
      labels: {
        ...metadata.labels,
        [wellKnownLabels.project]: PROJECT,
        [wellKnownLabels.clusterName]: cluster.metadata.name ?? '',
        [wellKnownLabels.capiTenantControlPlane]: metadata.name ?? '',
        ...(external && { [wellKnownLabels.capiNamespace]: metadata.namespace ?? '' }),
      },
      // A move has to wait until the tenant is paused (phases/tenant-pause.ts).
      annotations: external === undefined ? { ...annotations, [wellKnown.blockMove]: '' } : annotations,
      // An owner in another cluster would be none: the garbage collector there would delete it.
      ...(external === undefined ? { ownerReferences: [ownerReference(controlPlane)] } : {}),
    },
    spec: defined({
      dataStore: nonEmpty(spec.dataStoreName),
      dataStoreSchema: nonEmpty(spec.dataStoreSchema),
      dataStoreUsername: nonEmpty(spec.dataStoreUsername),
      dataStoreOverrides: spec.dataStoreOverrides,
      controlPlane: controlPlaneOf(spec, rolloutMark),
      kubernetes: defined({
        version: versionOf(controlPlane),
        kubelet: spec.kubelet ?? {},
        admissionControllers: spec.admissionControllers,
      }),
      networkProfile: networkProfileOf(spec, cluster),
      addons: addonsOf(spec),
    }),
  };
}

type PodMetadata = NonNullable<NonNullable<KamajiControlPlaneSpec['deployment']>['podAdditionalMetadata']>;

/** The version in the form of image tags and of Cluster API, whichever way the user wrote it. */
function versionOf({ spec }: KamajiControlPlane): string {
  return spec.version.startsWith('v') ? spec.version : `v${spec.version}`;
}

function controlPlaneOf(
  spec: KamajiControlPlaneSpec,
  rolloutMark: string | undefined,
): TenantControlPlaneSpec['controlPlane'] {
  const { network = {} } = spec;
  return defined({
    deployment: deploymentOf(spec, rolloutMark),
    service: defined({
      serviceType: network.serviceType ?? 'LoadBalancer',
      additionalMetadata: metadataOf(network.serviceLabels, network.serviceAnnotations),
      additionalPorts: network.additionalServicePorts,
    }),
    ingress:
      network.ingress === undefined
        ? undefined
        : defined({
            hostname: network.ingress.hostname,
            ingressClassName: network.ingress.className,
            additionalMetadata: metadataOf(network.ingress.extraLabels, network.ingress.extraAnnotations),
          }),
    gateway:
      network.gateway === undefined
        ? undefined
        : defined({
            hostname: network.gateway.hostname,
            parentRefs: [
              defined({
                name: network.gateway.name,
                namespace: network.gateway.namespace,
                sectionName: network.gateway.sectionName,
                port: network.gateway.port,
              }),
            ],
            additionalMetadata: metadataOf(network.gateway.extraLabels, network.gateway.extraAnnotations),
          }),
  });
}

function deploymentOf(
  spec: KamajiControlPlaneSpec,
  rolloutMark: string | undefined,
): TenantControlPlaneSpec['controlPlane']['deployment'] {
  const { deployment = {}, apiServer = {}, controllerManager = {}, scheduler = {}, kine = {} } = spec;
  return defined({
    replicas: spec.replicas,
    registrySettings: defined({
      registry: spec.registry,
      apiServerImage: apiServer.containerImageName,
      controllerManagerImage: controllerManager.containerImageName,
      schedulerImage: scheduler.containerImageName,
    }),
    nodeSelector: deployment.nodeSelector,
    runtimeClassName: deployment.runtimeClassName,
    strategy: deployment.strategy,
    tolerations: deployment.tolerations,
    affinity: deployment.affinity,
    topologySpreadConstraints: deployment.topologySpreadConstraints,
    serviceAccountName: deployment.serviceAccountName,
    additionalMetadata: deployment.additionalMetadata,
    podAdditionalMetadata: marked(deployment.podAdditionalMetadata, rolloutMark),
    additionalInitContainers: deployment.extraInitContainers,
    additionalContainers: deployment.extraContainers,
    additionalVolumes: deployment.extraVolumes,
    resources: unlessEmpty({
      apiServer: apiServer.resources,
      controllerManager: controllerManager.resources,
      scheduler: scheduler.resources,
      kine: kine.resources,
    }),
    extraArgs: unlessEmpty({
      apiServer: apiServer.extraArgs,
      controllerManager: controllerManager.extraArgs,
      scheduler: scheduler.extraArgs,
      kine: kine.extraArgs,
    }),
    additionalVolumeMounts: unlessEmpty({
      apiServer: apiServer.extraVolumeMounts,
      controllerManager: controllerManager.extraVolumeMounts,
      scheduler: scheduler.extraVolumeMounts,
    }),
    probes: unlessEmpty({
      ...deployment.probes,
      apiServer: apiServer.probes,
      controllerManager: controllerManager.probes,
      scheduler: scheduler.probes,
    }),
  });
}

function marked(metadata: PodMetadata | undefined, rolloutMark: string | undefined): PodMetadata | undefined {
  if (rolloutMark === undefined) return metadata;
  return { ...metadata, annotations: { ...metadata?.annotations, [ROLLOUT_AFTER]: rolloutMark } };
}

function networkProfileOf(spec: KamajiControlPlaneSpec, cluster: Cluster): TenantControlPlaneSpec['networkProfile'] {
  const { network = {} } = spec;
  const { clusterNetwork = {} } = cluster.spec ?? {};
  return defined({
    address: nonEmpty(network.serviceAddress),
    advertiseAddress: nonEmpty(network.advertiseAddress),
    port: clusterNetwork.apiServerPort,
    clusterDomain: clusterNetwork.serviceDomain,
    serviceCidrs: clusterNetwork.services?.cidrBlocks,
    podCidrs: clusterNetwork.pods?.cidrBlocks,
    certSANs: network.certSANs,
    dnsServiceIPs: spec.addons?.coreDNS?.dnsServiceIPs ?? network.dnsServiceIPs,
    loadBalancerSourceRanges: network.loadBalancerConfig?.loadBalancerSourceRanges,
    loadBalancerClass: network.loadBalancerConfig?.loadBalancerClass,
  });
}

function addonsOf({ addons }: KamajiControlPlaneSpec): TenantControlPlaneSpec['addons'] {
  if (addons === undefined) return undefined;
  const { coreDNS, kubeProxy, konnectivity } = addons;
  return defined({
    coreDNS:
      coreDNS === undefined
        ? undefined
        : defined({ imageRepository: coreDNS.imageRepository, imageTag: coreDNS.imageTag }),
    kubeProxy,
    konnectivity,
  });
}

function metadataOf(labels: Record<string, string> | undefined, annotations: Record<string, string> | undefined) {
  return unlessEmpty({ labels, annotations });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> } & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
};

/** The object without its undefined members, which server-side apply would otherwise take for wishes. */
function defined<T extends object>(object: T): Defined<T>;
function defined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function unlessEmpty<T extends object>(object: T): Defined<T> | undefined {
  const result = defined(object);
  return Object.keys(result).length === 0 ? undefined : result;
}
