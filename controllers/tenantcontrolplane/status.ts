import type { TenantControlPlane, TenantControlPlaneStatus } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { Deployment } from '#runtime/client/builtin.ts';
import { secondsPrecision, setConditions } from '#runtime/client/conditions.ts';
import type { MergePatch } from '#runtime/client/merge-patch.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Finding } from './finding.ts';
import type { FindGateway } from './exposure-status.ts';
import { gatewayStatus, ingressStatus } from './exposure-status.ts';
import type { Endpoint } from './phases/endpoint.ts';
import type { Exposure } from './phases/exposure.ts';
import type { Storage } from './phases/storage.ts';
import type { Rollout } from './rollout.ts';
import { versionStateOf } from './rollout.ts';
import type { SecretDraft } from './secrets.ts';
import { checksumOf } from './secrets.ts';
import { writesLimitedFinding } from './writes-limited.ts';

/** The conditions whose conjunction is `Ready`, in the order in which the first that fails is named. */
export const READY_CONDITIONS = [
  'EndpointReady',
  'CertificatesReady',
  'DataStoreReady',
  'ControlPlaneReady',
  'BootstrapReady',
  'AddonsReady',
] as const;

const NOT_READY_REASONS = {
  EndpointReady: 'EndpointNotReady',
  CertificatesReady: 'CertificatesNotReady',
  DataStoreReady: 'DataStoreNotReady',
  ControlPlaneReady: 'ControlPlaneNotReady',
  BootstrapReady: 'BootstrapNotReady',
  AddonsReady: 'AddonsNotReady',
} as const satisfies Record<(typeof READY_CONDITIONS)[number], Finding<'Ready'>['reason']>;

/** All that a pass found out; parts that it did not reach are absent and keep what the status said before. */
export interface PassResult {
  readonly findings: readonly Finding[];
  readonly names: NamesOfControlPlane;
  readonly konnectivity: boolean;
  readonly endpoint: Endpoint | undefined;
  readonly exposure: Exposure | undefined;
  readonly storage: Storage | undefined;
  readonly drafts: readonly SecretDraft[];
  readonly deployment: Deployment | undefined;
  readonly rollout: Rollout;
}

/** The whole status after a pass. Pure but for the clock that dates what changed. */
export function statusOf(
  tenantControlPlane: TenantControlPlane,
  result: PassResult,
  clock: Pick<Clock, 'now'>,
  findGateway: FindGateway,
): MergePatch<TenantControlPlaneStatus> {
  const before = tenantControlPlane.status ?? {};
  const observedGeneration = tenantControlPlane.metadata.generation ?? 0;
  const dated = <T extends { checksum?: string; lastUpdate?: string }>(old: T | undefined, next: T): T =>
    old?.checksum === next.checksum && old?.lastUpdate !== undefined
      ? { ...next, lastUpdate: old.lastUpdate }
      : { ...next, lastUpdate: secondsPrecision(clock.now()) };
  const secret = (old: { secretName?: string; checksum?: string; lastUpdate?: string } | undefined, name: string) => {
    const draft = result.drafts.find((one) => one.name === name);
    return draft === undefined ? old : dated(old, { secretName: name, checksum: checksumOf(draft.data) });
  };
  const { names, storage, endpoint, exposure } = result;
  const findings = [...result.findings, ...summaries(tenantControlPlane, result)];
  return dropUndefined({
    ...before,
    observedGeneration,
    conditions: setConditions(
      before.conditions,
      findings.map((finding) => ({ ...finding, observedGeneration })),
      clock,
    ),
    controlPlaneEndpoint: endpoint?.address.endpoint ?? before.controlPlaneEndpoint,
    storage:
      storage === undefined
        ? before.storage
        : {
            ...before.storage,
            driver: storage.config.driver,
            dataStoreName: storage.dataStoreName,
            identity: storage.identity,
            config: configOf(result, names.datastoreConfig) ?? before.storage?.config,
            setup: dated(before.storage?.setup, {
              schema: storage.names.schema,
              user: storage.names.user,
              checksum: checksumOf({ ...storage.names }),
            }),
            certificate: secret(before.storage?.certificate, names.datastoreCertificate),
          },
    certificates: {
      ...before.certificates,
      ca: secret(before.certificates?.ca, names.ca),
      apiServer: secret(before.certificates?.apiServer, names.apiServerCertificate),
      apiServerKubeletClient: secret(before.certificates?.apiServerKubeletClient, names.apiServerKubeletClient),
      frontProxyCA: secret(before.certificates?.frontProxyCA, names.frontProxyCa),
      frontProxyClient: secret(before.certificates?.frontProxyClient, names.frontProxyClient),
      sa: secret(before.certificates?.sa, names.serviceAccount),
    },
    kubeconfig: {
      admin: secret(before.kubeconfig?.admin, names.adminKubeconfig),
      controllerManager: secret(before.kubeconfig?.controllerManager, names.controllerManagerKubeconfig),
      scheduler: secret(before.kubeconfig?.scheduler, names.schedulerKubeconfig),
    },
    kubernetesResources: {
      ...before.kubernetesResources,
      version: versionOf(tenantControlPlane, result.rollout),
      deployment: deploymentStatus(before, result.deployment),
      service: serviceStatus(before, endpoint),
      ...(exposure === undefined
        ? {}
        : { ingress: ingressStatus(exposure), gateway: gatewayStatus(exposure, findGateway) }),
    },
    addons: {
      ...before.addons,
      coreDNS: { ...before.addons?.coreDNS, enabled: tenantControlPlane.spec.addons?.coreDNS !== undefined },
      kubeProxy: { ...before.addons?.kubeProxy, enabled: tenantControlPlane.spec.addons?.kubeProxy !== undefined },
      konnectivity: { ...before.addons?.konnectivity, enabled: result.konnectivity },
    },
  });
}

/** The conditions that follow from the others. */
function summaries(tenantControlPlane: TenantControlPlane, { findings, rollout }: PassResult): readonly Finding[] {
  const findingOf = (type: string): Finding | undefined => findings.find((finding) => finding.type === type);
  const failing = READY_CONDITIONS.find((type) => findingOf(type)?.status !== 'True');
  const asleep = rollout.asleep;
  return [
    failing === undefined
      ? { type: 'Ready', status: 'True', reason: 'Ready', message: 'the control plane can be used and nodes can join' }
      : {
          type: 'Ready',
          status: 'False',
          reason: asleep ? 'Asleep' : NOT_READY_REASONS[failing],
          message: findingOf(failing)?.message ?? `${failing} is not known`,
        },
    rollout.serving && !asleep
      ? { type: 'Available', status: 'True', reason: 'Available', message: 'the API server is served' }
      : {
          type: 'Available',
          status: 'False',
          reason: asleep ? 'Asleep' : 'NotAvailable',
          message: asleep ? 'replicas is 0: the control plane sleeps' : 'no API server is ready',
        },
    rollout.complete || asleep
      ? { type: 'Progressing', status: 'False', reason: 'Settled', message: 'the pods are what the spec asks for' }
      : progressing(tenantControlPlane, findingOf('ControlPlaneReady'), rollout),
    writesLimitedFinding(tenantControlPlane),
    { type: 'Paused', status: 'False', reason: 'NotPaused', message: 'the control plane is reconciled' },
    { type: 'Deleting', status: 'False', reason: 'NotDeleting', message: 'the control plane is not being deleted' },
  ];
}

function progressing(
  tenantControlPlane: TenantControlPlane,
  controlPlane: Finding | undefined,
  rollout: Rollout,
): Finding {
  const type = 'Progressing';
  const status = 'True';
  if (controlPlane?.reason === 'WaitingForTurn') {
    return { type, status, reason: 'WaitingForTurn', message: controlPlane.message };
  }
  if (rollout.stalled) {
    const message = controlPlane?.message ?? 'the pods do not come on';
    return { type, status, reason: 'Stalled', message };
  }
  if (versionStateOf(tenantControlPlane, rollout) === 'Upgrading') {
    const { version } = tenantControlPlane.spec.kubernetes;
    return { type, status, reason: 'Upgrading', message: `pods of ${version} are being brought up` };
  }
  const reason = rollout.serving ? 'RollingOut' : 'Provisioning';
  return { type, status, reason, message: 'pods are being brought up' };
}

function configOf({ drafts }: PassResult, name: string): { secretName: string; checksum: string } | undefined {
  const draft = drafts.find((one) => one.name === name);
  return draft === undefined ? undefined : { secretName: name, checksum: checksumOf(draft.data) };
}

function versionOf(tenantControlPlane: TenantControlPlane, rollout: Rollout) {
  const status = versionStateOf(tenantControlPlane, rollout);
  const installed = tenantControlPlane.status?.kubernetesResources?.version?.version;
  const reached = rollout.complete || rollout.asleep;
  return { version: reached ? tenantControlPlane.spec.kubernetes.version : installed, status };
}

function deploymentStatus(before: TenantControlPlaneStatus, deployment: Deployment | undefined) {
  if (deployment === undefined) return before.kubernetesResources?.deployment;
  const { observedGeneration, replicas, updatedReplicas, readyReplicas, availableReplicas, unavailableReplicas } =
    deployment.status ?? {};
  const selector = Object.entries(deployment.spec?.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return {
    name: deployment.metadata?.name,
    namespace: deployment.metadata?.namespace,
    selector,
    observedGeneration,
    // Explicit zeros: an autoscaler reads the scale subresource, and absent means unknown to it.
    replicas: replicas ?? 0,
    updatedReplicas: updatedReplicas ?? 0,
    readyReplicas: readyReplicas ?? 0,
    availableReplicas: availableReplicas ?? 0,
    unavailableReplicas: unavailableReplicas ?? 0,
  };
}

function serviceStatus(before: TenantControlPlaneStatus, endpoint: Endpoint | undefined) {
  if (endpoint === undefined) return before.kubernetesResources?.service;
  const { service, address } = endpoint;
  const ingress = service.status?.loadBalancer?.ingress?.map(({ ip, hostname, ipMode }) => ({ ip, hostname, ipMode }));
  // An empty list takes away what was there while the Service had another type; leaving it out would keep it.
  const stale = before.kubernetesResources?.service?.loadBalancer === undefined ? undefined : { ingress: [] };
  return {
    name: service.metadata?.name,
    namespace: service.metadata?.namespace,
    port: address.port,
    loadBalancer: ingress === undefined ? stale : { ingress },
  };
}

type Loose<T> = T extends readonly (infer E)[]
  ? readonly Loose<E>[]
  : T extends object
    ? { readonly [K in keyof T]?: Loose<T[K]> | null | undefined }
    : T;

/** Absent instead of undefined, at every depth, as it will be on the wire. */
function dropUndefined(status: Loose<TenantControlPlaneStatus>): MergePatch<TenantControlPlaneStatus> {
  return JSON.parse(JSON.stringify(status));
}
