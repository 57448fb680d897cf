import { DEFAULT_REPLICAS, DEFAULT_SERVICE_ACCOUNT } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations, COMPONENT_HASH_PREFIX, labels } from '#api/labels.ts';
import { apiServer } from './apiserver.ts';
import { controllerManager } from './controller-manager.ts';
import type { Checksums, ControlPlaneInput } from './input.ts';
import { kine } from './kine.ts';
import { konnectivityServer } from './konnectivity-server.ts';
import { labelValue } from './label-value.ts';
import { namesOfControlPlane } from './names.ts';
import type { Deployment } from './objects.ts';
import { ownedMetadata, POD_COMPONENT, podSelectorLabels } from './objects.ts';
import type { Part, PartContext } from './part.ts';
import type { Container, PodSpec, TopologySpreadConstraint } from './pod.ts';
import { scheduler } from './scheduler.ts';
import { podSecurity } from './security.ts';
import { terminationOf } from './termination.ts';

/**
 * The Deployment of a control plane, complete: one writer, one object. Equal inputs give equal bytes, so that it changes, and pods
 * are replaced, only for a reason. Throws NetworkError on a network that cannot be used.
 */
export function controlPlaneDeployment(input: ControlPlaneInput): Deployment {
  const { tenantControlPlane } = input;
  const deployment = tenantControlPlane.spec.controlPlane.deployment ?? {};
  const name = tenantControlPlane.metadata.name ?? '';
  const podAnnotations = {
    ...deployment.podAdditionalMetadata?.annotations,
    ...storageAnnotations(input.checksums),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: ownedMetadata(
      tenantControlPlane,
      namesOfControlPlane(name).deployment,
      POD_COMPONENT,
      deployment.additionalMetadata,
    ),
    spec: {
      replicas: deployment.replicas ?? DEFAULT_REPLICAS,
      // Enough to look back; each old ReplicaSet is kept in the management cluster's etcd, for every tenant.
      revisionHistoryLimit: 2,
      selector: { matchLabels: selectorLabels(tenantControlPlane) },
      strategy: strategy(deployment.strategy),
      template: {
        metadata: {
          labels: {
            ...hashLabels(input),
            ...deployment.podAdditionalMetadata?.labels,
            ...podSelectorLabels(tenantControlPlane),
          },
          annotations: podAnnotations,
        },
        spec: podSpec(input),
      },
    },
  };
}

function podSpec(input: ControlPlaneInput): PodSpec {
  const { tenantControlPlane, storage, konnectivity } = input;
  const deployment = tenantControlPlane.spec.controlPlane.deployment ?? {};
  const context: PartContext = {
    input,
    names: namesOfControlPlane(tenantControlPlane.metadata.name ?? ''),
    security: podSecurity(tenantControlPlane),
    termination: terminationOf(tenantControlPlane),
  };
  // Upstream's way to choose an image of kine is a container of that name.
  const kineOfUser = storage.driver === 'etcd' ? undefined : deployment.additionalContainers?.find(isKine);
  const own: Part[] = [
    apiServer(context),
    scheduler(context),
    controllerManager(context),
    ...(storage.driver === 'etcd' ? [] : [kine(context, storage, kineOfUser)]),
    ...(konnectivity === undefined ? [] : [konnectivityServer(context, konnectivity)]),
  ];
  const initContainers = deployment.additionalInitContainers ?? [];
  return {
    ...(initContainers.length > 0 && { initContainers: [...initContainers] }),
    containers: [
      ...(deployment.additionalContainers ?? []).filter((container) => container !== kineOfUser),
      // So that a container that cannot start says why in the pod's status.
      ...own.map(({ container }) => ({ ...container, terminationMessagePolicy: 'FallbackToLogsOnError' })),
    ],
    volumes: [...(deployment.additionalVolumes ?? []), ...own.flatMap(({ volumes }) => volumes)],
    serviceAccountName: deployment.serviceAccountName || DEFAULT_SERVICE_ACCOUNT,
    // Nothing in these pods talks to the management cluster.
    automountServiceAccountToken: deployment.automountServiceAccountToken ?? false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: context.termination.gracePeriod,
    securityContext: context.security.pod,
    topologySpreadConstraints: topologySpread(tenantControlPlane),
    ...(deployment.nodeSelector && { nodeSelector: { ...deployment.nodeSelector } }),
    ...(deployment.runtimeClassName && { runtimeClassName: deployment.runtimeClassName }),
    ...(deployment.tolerations && { tolerations: [...deployment.tolerations] }),
    ...(deployment.affinity && { affinity: deployment.affinity }),
  };
}

function isKine({ name }: Container): boolean {
  return name === 'kine';
}

function selectorLabels({ metadata }: TenantControlPlane): { [key: string]: string } {
  return { [labels.name]: metadata.name ?? '' };
}

function topologySpread(tenantControlPlane: TenantControlPlane): TopologySpreadConstraint[] {
  const labelSelector = { matchLabels: selectorLabels(tenantControlPlane) };
  const chosen = tenantControlPlane.spec.controlPlane.deployment?.topologySpreadConstraints;
  if (chosen !== undefined) return chosen.map((constraint) => ({ labelSelector, ...constraint }));
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector,
    // Counts pods of the same generation only: during a rollout the old ones stand everywhere.
    matchLabelKeys: ['pod-template-hash'],
  }));
}

type Strategy = NonNullable<NonNullable<TenantControlPlane['spec']['controlPlane']['deployment']>['strategy']>;

function strategy(chosen: Strategy | undefined): Deployment['spec']['strategy'] {
  if (chosen?.type === 'Recreate') return { type: 'Recreate' };
  const type = 'RollingUpdate';
  const { rollingUpdate } = chosen ?? {};
  if (rollingUpdate === undefined) return { type, rollingUpdate: { maxUnavailable: 0, maxSurge: '100%' } };
  // What the API server would fill in, said outright: fields without an owner would be left behind by a change to Recreate.
  const { maxUnavailable = '25%', maxSurge = '25%' } = rollingUpdate;
  return { type, rollingUpdate: { maxUnavailable, maxSurge } };
}

function hashLabels({ checksums, storage }: ControlPlaneInput): { [key: string]: string } {
  const hashes = {
    'api-server-certificate': checksums.apiServerCertificate,
    'api-server-kubelet-client-certificate': checksums.apiServerKubeletClient,
    ca: checksums.ca,
    'controller-manager-kubeconfig': checksums.controllerManagerKubeconfig,
    'front-proxy-ca-certificate': checksums.frontProxyCa,
    'front-proxy-client-certificate': checksums.frontProxyClient,
    'service-account': checksums.serviceAccount,
    'scheduler-kubeconfig': checksums.schedulerKubeconfig,
    'konnectivity-kubeconfig': checksums.konnectivityKubeconfig,
    'konnectivity-egress-selector-configuration': checksums.egressSelectorConfiguration,
    datastore: storage.dataStore,
  };
  return Object.fromEntries(
    Object.entries(hashes).flatMap(([name, value]) =>
      value === undefined ? [] : [[`${COMPONENT_HASH_PREFIX}${name}`, labelValue(value)]],
    ),
  );
}

function storageAnnotations({ datastoreConfig, datastoreCertificate }: Checksums): { [key: string]: string } {
  return {
    [annotations.storageConfig]: datastoreConfig,
    ...(datastoreCertificate !== undefined && { [annotations.storageCertificate]: datastoreCertificate }),
  };
}
