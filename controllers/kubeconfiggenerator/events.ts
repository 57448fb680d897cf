import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';
import type { Provided } from './phases/secrets.ts';

type Recorder = Pick<EventRecorder, 'record'>;

/** An Event on the tenant for every kubeconfig that was made: who may log on to it is its business. */
export function recordProvided({ wish, reissue }: Provided, events: Recorder): void {
  if (reissue === undefined) return;
  const { user, groups } = wish.subject;
  const of = groups.length === 0 ? `user ${user}` : `user ${user} in ${groups.join(', ')}`;
  const what = `Secret ${wish.key.name} has a kubeconfig of ${of}, by KubeconfigGenerator ${wish.generator}`;
  const isFirst = reissue.reason === 'Missing';
  events.record(wish.tenant, {
    type: 'Normal',
    reason: isFirst ? 'KubeconfigIssued' : 'KubeconfigReissued',
    action: isFirst ? 'Issue' : 'Reissue',
    note: isFirst ? what : `${what}; the one before was replaced: ${reissue.message}`,
  });
}

/** An Event on the tenant, if it is still there, for every Secret that was removed. */
export function recordRemoved(secret: Secret, tenants: readonly TenantControlPlane[], events: Recorder): void {
  const { name = '', namespace, labels: has } = secret.metadata ?? {};
  const tenant = tenants.find(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === has?.[labels.managedFor],
  );
  if (tenant === undefined) return;
  const note = `Secret ${name} was removed: KubeconfigGenerator ${has?.[labels.managedBy] ?? ''} is gone or no longer selects this control plane; copies of its certificate stay valid until they expire`;
  events.record(tenant, { type: 'Normal', reason: 'KubeconfigRemoved', action: 'Remove', note });
}

/** An Event on the generator when Ready becomes another, or for another reason. */
export function recordReadiness(before: KubeconfigGenerator, after: KubeconfigGenerator, events: Recorder): void {
  const ready = findCondition(after.status?.conditions, 'Ready');
  const was = findCondition(before.status?.conditions, 'Ready');
  if (ready === undefined || (ready.status === was?.status && ready.reason === was.reason)) return;
  const isFine = ready.status === 'True' || ready.reason === 'Waiting';
  events.record(after, {
    type: isFine ? 'Normal' : 'Warning',
    reason: ready.reason,
    action: 'Reconcile',
    note: `Ready: ${ready.message}`,
  });
}
