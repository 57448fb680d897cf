import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { DEFAULT_REPLICAS } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { isConditionTrue } from '#runtime/client/conditions.ts';
import { countersOf } from './tenant-findings.ts';
import { versionsOf } from './versions.ts';

/**
 * The version that the whole control plane runs and is to run, or undefined while it is changing or in trouble: what
 * workers may be moved to (Kubernetes: version skew policy, kubelets are never newer). Pure.
 */
export function stableVersion(
  { spec, metadata }: KamajiControlPlane,
  tenantControlPlane: TenantControlPlane | undefined,
  pods: readonly Pod[],
): string | undefined {
  const wanted = spec.replicas ?? DEFAULT_REPLICAS;
  const { replicas, readyReplicas, upToDateReplicas } = countersOf(tenantControlPlane);
  const seen = tenantControlPlane?.status?.observedGeneration === tenantControlPlane?.metadata.generation;
  const whole = seen && [replicas, readyReplicas, upToDateReplicas].every((count) => count === wanted);
  if (!whole || metadata.deletionTimestamp !== undefined) return undefined;
  if (!isConditionTrue(tenantControlPlane?.status?.conditions, 'Ready')) return undefined;
  const [only, ...others] = versionsOf(pods, undefined) ?? [];
  const asked = spec.version.replace(/^v?/u, 'v');
  return others.length === 0 && only?.version === asked ? asked : undefined;
}
