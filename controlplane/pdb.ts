import { DEFAULT_REPLICAS } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { namesOfControlPlane } from './names.ts';
import type { PodDisruptionBudget } from './objects.ts';
import { ownedMetadata, podSelectorLabels } from './objects.ts';

/**
 * Lets node drains take one pod at a time, and a pod that is not ready at any time. Undefined where a single replica or none is
 * wanted: a budget would then block drains for ever, or mean nothing.
 */
export function podDisruptionBudget(tenantControlPlane: TenantControlPlane): PodDisruptionBudget | undefined {
  const replicas = tenantControlPlane.spec.controlPlane.deployment?.replicas ?? DEFAULT_REPLICAS;
  if (replicas <= 1) return undefined;
  const name = tenantControlPlane.metadata.name ?? '';
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: ownedMetadata(tenantControlPlane, namesOfControlPlane(name).podDisruptionBudget, 'pod-disruption-budget'),
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: podSelectorLabels(tenantControlPlane) },
    },
  };
}
