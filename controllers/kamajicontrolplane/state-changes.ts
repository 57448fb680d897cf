import type { KamajiControlPlane, KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { KamajiControlPlaneConditionType } from '#api/controlplane/v1alpha2/conditions.ts';
import { findCondition } from '#runtime/client/conditions.ts';

/** Something that happened to a control plane, for people: a Kubernetes Event. */
export interface StateChange {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Takes note of a state change; must not throw. */
export type Report = (controlPlane: KamajiControlPlane, change: StateChange) => void;

/** Conditions whose changes are worth an Event; the others follow from these or from the TenantControlPlane's. */
const REPORTED: readonly KamajiControlPlaneConditionType[] = [
  'TenantControlPlaneCreated',
  'EndpointReady',
  'CertificatesAvailable',
  'BootstrapConfigReady',
  'InfrastructureClusterPatched',
  'Initialized',
  'Ready',
  'Paused',
  'Deleting',
];

/** Reasons of waiting, as every control plane does on its way. */
const ORDINARY = /^(?:Waiting|Not)/u;

/** The changes between two states of a status. */
export function stateChanges(
  before: KamajiControlPlaneStatus | undefined,
  after: KamajiControlPlaneStatus,
): readonly StateChange[] {
  return REPORTED.flatMap((type): readonly StateChange[] => {
    const old = findCondition(before?.conditions, type);
    const now = findCondition(after.conditions, type);
    if (now === undefined || (old?.status === now.status && old.reason === now.reason)) return [];
    const { status, reason, message } = now;
    if (type === 'Paused' || type === 'Deleting') return status === 'True' ? [{ type: 'Normal', reason, message }] : [];
    if (status === 'True') {
      return reason === 'NotNeeded'
        ? []
        : [{ type: 'Normal', reason: reason === 'Succeeded' ? type : reason, message }];
    }
    const lost = old?.status === 'True' && type === 'Ready';
    return ORDINARY.test(reason) && !lost ? [] : [{ type: 'Warning', reason, message }];
  });
}
