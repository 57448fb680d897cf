import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Pod } from '#runtime/client/builtin.ts';

/** Annotation on the pods: the value of `spec.rollout.after` that they were last replaced for. */
export const ROLLOUT_AFTER = 'kamaji.clastix.io/rollout-after';

export interface RolloutAfter {
  /** What the pods' annotation is to be; undefined: none. Another value than the present one replaces all pods. */
  readonly mark: string | undefined;
  /** When the time is still to come. */
  readonly requeueAfterMs?: number;
}

/**
 * Decides whether pods are replaced because `spec.rollout.after` says so: once that time has come, if any pod is older than
 * it (Cluster API contract: control plane, `spec.rollout.after`). Otherwise the mark stays, since taking it away would
 * replace the pods too. Pure.
 */
export function rolloutAfter(
  { spec }: KamajiControlPlane,
  tenantControlPlane: TenantControlPlane | undefined,
  pods: readonly Pod[],
  now: number,
): RolloutAfter {
  const mark = tenantControlPlane?.spec.controlPlane.deployment?.podAdditionalMetadata?.annotations?.[ROLLOUT_AFTER];
  const { after } = spec.rollout ?? {};
  if (after === undefined) return { mark };
  const time = Date.parse(after);
  if (now < time) return { mark, requeueAfterMs: time - now };
  const isOlder = ({ metadata }: Pod): boolean => Date.parse(metadata?.creationTimestamp ?? '') < time;
  return { mark: pods.some(isOlder) ? after : mark };
}
