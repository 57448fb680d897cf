import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { DEFAULT_REPLICAS } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Finding } from './finding.ts';

/** Numbers of pods; zero where nothing is known, since absent means "scaling" to readers (Cluster API contract: replicas). */
export interface Counters {
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly upToDateReplicas: number;
}

export function countersOf(tenantControlPlane: TenantControlPlane | undefined): Counters {
  const { replicas, readyReplicas, availableReplicas, updatedReplicas } =
    tenantControlPlane?.status?.kubernetesResources?.deployment ?? {};
  return {
    replicas: replicas ?? 0,
    readyReplicas: readyReplicas ?? 0,
    availableReplicas: availableReplicas ?? 0,
    upToDateReplicas: updatedReplicas ?? 0,
  };
}

/** What the TenantControlPlane's status says, as conditions of the KamajiControlPlane. */
export function tenantFindings(
  controlPlane: KamajiControlPlane,
  tenantControlPlane: TenantControlPlane | undefined,
): readonly Finding[] {
  const counters = countersOf(tenantControlPlane);
  const wanted = controlPlane.spec.replicas ?? DEFAULT_REPLICAS;
  return [
    dataStoreFinding(tenantControlPlane),
    availableFinding(tenantControlPlane),
    rollingOutFinding(tenantControlPlane, counters, wanted),
    counters.replicas < wanted
      ? {
          type: 'ScalingUp',
          status: 'True',
          reason: 'ScalingUp',
          message: `${counters.replicas} of ${wanted} pods exist`,
        }
      : { type: 'ScalingUp', status: 'False', reason: 'NotScalingUp', message: 'no pod is missing' },
    // During a rollout old and new pods stand side by side.
    counters.replicas > wanted && counters.upToDateReplicas === counters.replicas
      ? {
          type: 'ScalingDown',
          status: 'True',
          reason: 'ScalingDown',
          message: `${counters.replicas} pods exist, ${wanted} are wanted`,
        }
      : { type: 'ScalingDown', status: 'False', reason: 'NotScalingDown', message: 'no pod is to go' },
  ];
}

export function isAsleep({ spec }: KamajiControlPlane): boolean {
  return spec.replicas === 0;
}

function dataStoreFinding(tenantControlPlane: TenantControlPlane | undefined): Finding<'DataStoreReady'> {
  const known = findCondition(tenantControlPlane?.status?.conditions, 'DataStoreReady');
  if (known?.status === 'True') {
    return { type: 'DataStoreReady', status: 'True', reason: 'DataStoreReady', message: known.message };
  }
  const coming = known === undefined || known.reason === 'Waiting' || known.reason === 'DataStoreCreating';
  return {
    type: 'DataStoreReady',
    status: 'False',
    reason: coming ? 'WaitingForDataStore' : 'DataStoreNotReady',
    message: known?.message ?? 'the control plane has no datastore yet',
  };
}

function availableFinding(tenantControlPlane: TenantControlPlane | undefined): Finding<'Available'> {
  const known = findCondition(tenantControlPlane?.status?.conditions, 'Available');
  if (known?.status === 'True') {
    return { type: 'Available', status: 'True', reason: 'Available', message: known.message };
  }
  const reason = known?.reason === 'Asleep' || known?.reason === 'Deleting' ? known.reason : 'NotAvailable';
  return { type: 'Available', status: 'False', reason, message: known?.message ?? 'there is no API server yet' };
}

function rollingOutFinding(
  tenantControlPlane: TenantControlPlane | undefined,
  { replicas, readyReplicas, upToDateReplicas }: Counters,
  wanted: number,
): Finding<'RollingOut'> {
  const progressing = findCondition(tenantControlPlane?.status?.conditions, 'Progressing');
  const replacing =
    progressing?.status === 'True' &&
    ['RollingOut', 'Upgrading', 'Stalled'].includes(progressing.reason) &&
    // With no old pod left, pods that are missing or surplus are a matter of scale.
    (upToDateReplicas < replicas || (replicas === wanted && readyReplicas === wanted));
  return replacing
    ? { type: 'RollingOut', status: 'True', reason: 'RollingOut', message: progressing.message }
    : { type: 'RollingOut', status: 'False', reason: 'NotRollingOut', message: 'no pod is being replaced' };
}
