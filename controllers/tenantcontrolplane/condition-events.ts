import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';

/** Conditions that are no news of their own: they follow from the pods' coming and going. */
const SILENT: ReadonlySet<string> = new Set(['Progressing', 'Available']);
/** Conditions whose good state is False. */
const NEGATIVE: ReadonlySet<string> = new Set(['Paused', 'Deleting']);

/** An Event for every condition that became another one, and none for what a new object starts with. */
export function recordChanges(
  before: TenantControlPlane,
  after: TenantControlPlane,
  events: Pick<EventRecorder, 'record'>,
): void {
  for (const { type, status, reason, message } of after.status?.conditions ?? []) {
    const was = findCondition(before.status?.conditions, type);
    const good = status === (NEGATIVE.has(type) ? 'False' : 'True');
    if (SILENT.has(type) || (was?.status === status && was.reason === reason)) continue;
    if (was === undefined && (reason === 'Waiting' || NEGATIVE.has(type))) continue;
    events.record(after, {
      type: good || reason.startsWith('Waiting') || reason === 'PodsStarting' ? 'Normal' : 'Warning',
      reason,
      action: 'Reconcile',
      note: `${type}: ${message}`,
    });
  }
}
