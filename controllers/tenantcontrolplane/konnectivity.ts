import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';

/**
 * Whether the tunnel to the nodes is on. What the spec says counts; else what was decided for this object before; else, for
 * an object that another installation has already provisioned without saying, what it has; else the installation's default.
 */
export function konnectivityEnabled(tenantControlPlane: TenantControlPlane, installationDefault: boolean): boolean {
  const { spec, status } = tenantControlPlane;
  const addon = spec.addons?.konnectivity;
  if (addon?.enabled !== undefined) return addon.enabled;
  // As upstream: naming the addon switches it on.
  if (addon !== undefined) return true;
  const decided = status?.addons?.konnectivity?.enabled;
  if (decided !== undefined) return decided;
  const adopted = status?.kubernetesResources?.deployment !== undefined;
  return adopted ? false : installationDefault;
}
