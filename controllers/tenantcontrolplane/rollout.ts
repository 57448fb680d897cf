import type { versionStates } from '#api/kamaji/v1alpha1/tenant-control-plane-status.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { DEFAULT_REPLICAS } from '#api/kamaji/v1alpha1/defaults.ts';
import { labels } from '#api/labels.ts';
import type { Deployment, Pod } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Finding } from './finding.ts';
import { areWritesLimited } from './writes-limited.ts';

export type VersionState = (typeof versionStates)[number];

/** How far the pods are. */
export interface Rollout {
  /** Pods of the newest template, and none other, are all ready. */
  readonly complete: boolean;
  /** At least one API server answers. */
  readonly serving: boolean;
  readonly asleep: boolean;
  /** Nothing has come on for as long as Kubernetes waits (`progressDeadlineSeconds`). */
  readonly stalled: boolean;
}

/** Reads a Deployment as `kubectl rollout status` does (Kubernetes: kubectl/pkg/polymorphichelpers/rollout_status.go). */
export function rolloutOf(tenantControlPlane: TenantControlPlane, deployment: Deployment | undefined): Rollout {
  const wanted = replicasOf(tenantControlPlane);
  const status = deployment?.status;
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status ?? {};
  const observed =
    deployment?.metadata?.generation !== undefined &&
    (status?.observedGeneration ?? 0) >= deployment.metadata.generation;
  return {
    complete:
      observed &&
      updatedReplicas === wanted &&
      replicas === wanted &&
      readyReplicas === wanted &&
      availableReplicas === wanted,
    serving: readyReplicas > 0,
    asleep: wanted === 0,
    stalled: observed && isStalled(deployment),
  };
}

function replicasOf({ spec }: TenantControlPlane): number {
  return spec.controlPlane.deployment?.replicas ?? DEFAULT_REPLICAS;
}

// Kubernetes: deployment/util, TimedOutReason.
function isStalled({ status }: Deployment): boolean {
  return (
    status?.conditions?.some(
      ({ type, status: state, reason }) =>
        type === 'Progressing' && state === 'False' && reason === 'ProgressDeadlineExceeded',
    ) === true
  );
}

/** The condition of the pods: an ordinary rollout of a control plane that was ready keeps it ready. */
export function controlPlaneFinding(
  tenantControlPlane: TenantControlPlane,
  deployment: Deployment | undefined,
  pods: readonly Pod[],
): Finding<'ControlPlaneReady'> {
  if (deployment === undefined) return finding('False', 'Waiting', 'waiting for what comes before');
  const { version } = tenantControlPlane.spec.kubernetes;
  const rollout = rolloutOf(tenantControlPlane, deployment);
  if (rollout.asleep) return finding('False', 'Asleep', 'replicas is 0: the control plane sleeps');
  if (rollout.complete) return finding('True', 'ControlPlaneReady', `all pods are ready and run ${version}`);
  const trouble = troubleOf(pods) ?? (rollout.stalled ? stalledFinding(deployment) : undefined);
  const before = findCondition(tenantControlPlane.status?.conditions, 'ControlPlaneReady');
  // An upgrade that waited for kubelets waited while the API server was served.
  if (rollout.serving && (before?.status === 'True' || before?.reason === 'KubeletsTooOld')) {
    const doing = trouble === undefined ? 'new pods are being brought up' : trouble.message;
    return finding('True', 'ControlPlaneReady', `the API server is served while ${doing}`);
  }
  if (trouble !== undefined) return trouble;
  const { updatedReplicas } = deployment.status ?? {};
  // Not while a rollout that takes the old pods first has not made the new ones.
  const isLost =
    !rollout.serving &&
    updatedReplicas === replicasOf(tenantControlPlane) &&
    (before?.status === 'True' || before?.reason === 'PodsNotReady');
  return isLost
    ? finding('False', 'PodsNotReady', `no API server is ready any more: see ${lookAt(deployment)}`)
    : finding('False', 'PodsStarting', 'waiting for the pods to become ready');
}

function stalledFinding(deployment: Deployment): Finding<'ControlPlaneReady'> {
  const { progressDeadlineSeconds = 600 } = deployment.spec ?? {};
  return finding(
    'False',
    'RolloutStalled',
    `the pods have not come on for ${progressDeadlineSeconds} s: see ${lookAt(deployment)}`,
  );
}

function lookAt({ metadata }: Deployment): string {
  return `kubectl describe pods -l ${labels.name}=${metadata?.name ?? ''}`;
}

/** Upstream's one-word state; `Unknown` is never shown for an ordinary rollout. */
export function versionStateOf(tenantControlPlane: TenantControlPlane, rollout: Rollout): VersionState {
  const installed = tenantControlPlane.status?.kubernetesResources?.version?.version;
  if (rollout.asleep) return 'Sleeping';
  if (installed === undefined && !rollout.complete) return 'Provisioning';
  if (installed !== undefined && !rollout.serving) return 'NotReady';
  if (installed !== tenantControlPlane.spec.kubernetes.version && !rollout.complete) return 'Upgrading';
  return areWritesLimited(tenantControlPlane) ? 'WriteLimited' : 'Ready';
}

const IMAGE_REASONS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
]);

function troubleOf(pods: readonly Pod[]): Finding<'ControlPlaneReady'> | undefined {
  for (const pod of pods) {
    // What a pod on its way out says is no news of those that stay.
    if (pod.metadata?.deletionTimestamp !== undefined) continue;
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    for (const { name, image, restartCount, state, lastState } of statuses) {
      const waiting = state?.waiting;
      if (waiting?.reason !== undefined && IMAGE_REASONS.has(waiting.reason)) {
        return finding(
          'False',
          'ImageUnavailable',
          `the image ${image} of ${name} cannot be pulled: check spec.kubernetes.version and the registry settings (${waiting.reason}${waiting.message === undefined ? '' : `: ${waiting.message}`})`,
        );
      }
      if (restartCount > 0 && state?.running === undefined) {
        const exit = state?.terminated ?? lastState?.terminated;
        return finding(
          'False',
          'PodsFailing',
          `${name} ends again and again${exit === undefined ? '' : ` with exit code ${exit.exitCode}`}: see kubectl logs ${pod.metadata?.name ?? ''} -c ${name}`,
        );
      }
    }
    const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (scheduled?.status === 'False') {
      return finding(
        'False',
        'PodsUnschedulable',
        `no node takes pod ${pod.metadata?.name ?? ''}: ${scheduled.message ?? ''}`,
      );
    }
  }
  return undefined;
}

function finding(
  status: Finding['status'],
  reason: Finding<'ControlPlaneReady'>['reason'],
  message: string,
): Finding<'ControlPlaneReady'> {
  return { type: 'ControlPlaneReady', status, reason, message };
}
