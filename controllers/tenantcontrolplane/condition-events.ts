import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Reissued } from './secrets.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';

/** Conditions that are no news of their own: they follow from the pods' coming and going. */
const SILENT: ReadonlySet<string> = new Set(['Progressing', 'Available']);
/** Conditions of what is inside the control plane. */
const INSIDE: ReadonlySet<string> = new Set(['BootstrapReady', 'AddonsReady']);
/** Reasons that somebody has to see to, whatever their condition says. */
const ALARMING: ReadonlySet<string> = new Set(['Stalled', 'OwnAuthorizationFlags', 'VersionUnsupported']);
/** Conditions whose good state is False. */
const NEGATIVE: ReadonlySet<string> = new Set(['WritesLimited', 'Paused', 'Deleting']);
/** Reasons that are stations on the way of every control plane, or what somebody has asked for. */
const NO_CAUSE_FOR_ALARM: ReadonlySet<string> = new Set([
  'Waiting',
  'WaitingForLoadBalancer',
  'DataStoreCreating',
  'WaitingForTurn',
  'PodsStarting',
  'Asleep',
  'Limited',
  'Paused',
  'Deleting',
]);

/** An Event for every condition that became another one, and none for what a new object starts with. */
export function recordChanges(
  before: TenantControlPlane,
  after: TenantControlPlane,
  events: Pick<EventRecorder, 'record'>,
): void {
  for (const { type, status, reason, message } of after.status?.conditions ?? []) {
    const was = findCondition(before.status?.conditions, type);
    const good = !ALARMING.has(reason) && status === (NEGATIVE.has(type) ? 'False' : 'True');
    if (was?.status === status && was.reason === reason) continue;
    if (SILENT.has(type) && !ALARMING.has(reason)) continue;
    // What is inside a control plane that sleeps sleeps with its pods, of which one Event tells.
    if (reason === 'Asleep' && INSIDE.has(type)) continue;
    if (was === undefined && (reason === 'Waiting' || (NEGATIVE.has(type) && good))) continue;
    // Why it is not ready yet, or for another reason than before, the condition says that is the cause.
    if (type === 'Ready' && (was?.status ?? 'False') === status) continue;
    events.record(after, {
      type: good || NO_CAUSE_FOR_ALARM.has(reason) ? 'Normal' : 'Warning',
      reason,
      action: 'Reconcile',
      note: `${type}: ${message}`,
    });
  }
}

/** An Event for every Secret that got new content in the place of old. */
export function recordReissues(
  tenantControlPlane: TenantControlPlane,
  planned: readonly ({ readonly reissued: readonly Reissued[] } | undefined)[],
  events: Pick<EventRecorder, 'record'>,
): void {
  for (const { secretName, reason, message } of planned.flatMap((one) => one?.reissued ?? [])) {
    if (reason === 'Missing') continue;
    events.record(tenantControlPlane, {
      type: 'Normal',
      reason: 'CertificateReissued',
      action: 'Reissue',
      note: `Secret ${secretName} has new content: ${message}`,
    });
  }
}
