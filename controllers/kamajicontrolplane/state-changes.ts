import type { KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { KamajiControlPlaneConditionType } from '#api/controlplane/v1alpha2/conditions.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { EventNote } from '#runtime/telemetry/events.ts';

/** Conditions whose changes are worth an Event; the others follow from these or from the TenantControlPlane's. */
const REPORTED: readonly KamajiControlPlaneConditionType[] = [
  'TenantControlPlaneCreated',
  'EndpointReady',
  'CertificatesAvailable',
  'BootstrapConfigReady',
  'InfrastructureClusterPatched',
  'WorkersFollow',
  'Initialized',
  'Ready',
  'Paused',
  'Deleting',
];

/** Those of them that Events of the TenantControlPlane, or of what comes after, tell of: here only when trouble has ended. */
const STEPS: ReadonlySet<string> = new Set(['EndpointReady', 'CertificatesAvailable']);

/** Reasons of waiting, as every control plane does on its way. */
const ORDINARY = /^(?:Waiting|Not)/u;

/** What changed between two states of a status, as Events. */
export function stateChanges(
  before: KamajiControlPlaneStatus | undefined,
  after: KamajiControlPlaneStatus,
): readonly EventNote[] {
  return REPORTED.flatMap((type): readonly EventNote[] => {
    const old = findCondition(before?.conditions, type);
    const now = findCondition(after.conditions, type);
    if (now === undefined || (old?.status === now.status && old.reason === now.reason)) return [];
    const { status, reason, message } = now;
    const event = (severity: EventNote['type'], word: string = reason): EventNote[] => [
      { type: severity, reason: word, action: 'Reconcile', note: `${type}: ${message}` },
    ];
    if (type === 'Paused' || type === 'Deleting') return status === 'True' ? event('Normal') : [];
    if (reason === 'ReplicasReset') return event('Warning');
    // As asked for by the user.
    if (reason === 'Asleep') return event('Normal');
    const wasTrouble = old?.status === 'False' && !ORDINARY.test(old.reason);
    if (status === 'True' && STEPS.has(type) && !wasTrouble) return [];
    if (status === 'True') return reason === 'NotNeeded' || reason === 'NotRequested' ? [] : event('Normal', type);
    const lost = type === 'Ready' && old?.status === 'True';
    return ORDINARY.test(reason) && !lost ? [] : event('Warning');
  });
}
