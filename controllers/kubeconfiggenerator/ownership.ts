import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import type { OwnerReference } from '#runtime/client/resource.ts';

/** The Secret of a tenant's kubeconfig. A name of upstream's making: two pairs may come to the same. */
export function secretNameFor(tenant: string, generator: string): string {
  return `${tenant}-${generator}`;
}

/**
 * Whether a Secret is the generator's to write and to remove: it has the name, the labels and the owner that generators
 * give, upstream's too. Labels alone are no proof: people copy Secrets.
 */
export function isGenerated(secret: Secret, generator: string): boolean {
  const { name, labels: has = {}, ownerReferences = [] } = secret.metadata ?? {};
  const tenant = has[labels.managedFor];
  return (
    has[labels.managedBy] === generator &&
    tenant !== undefined &&
    name === secretNameFor(tenant, generator) &&
    ownerReferences.some((owner) => owner.name === tenant && isControllingTenant(owner))
  );
}

/** Whose a Secret is that is not the generator's, for people. */
export function foreignness({ metadata = {} }: Secret): string {
  const other = metadata.labels?.[labels.managedBy];
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (other !== undefined) {
    const tenant = metadata.labels?.[labels.managedFor] ?? '?';
    return `is labelled as that of KubeconfigGenerator ${other} for ${tenant}`;
  }
  if (controller !== undefined) return `belongs to ${controller.kind} ${controller.name}`;
  return 'is not the work of a KubeconfigGenerator';
}

/** The owners that a generated Secret should have: those it has, with the tenant as its controller. */
export function ownersOf(tenant: TenantControlPlane, live: Secret | undefined): OwnerReference[] {
  const others = (live?.metadata?.ownerReferences ?? []).filter((owner) => !isControllingTenant(owner));
  return [
    ...others,
    {
      apiVersion: `${tenantControlPlanes.group}/${tenantControlPlanes.version}`,
      kind: tenantControlPlanes.kind,
      name: tenant.metadata.name ?? '',
      uid: tenant.metadata.uid ?? '',
      controller: true,
      blockOwnerDeletion: true,
    },
  ];
}

function isControllingTenant({ apiVersion, kind, controller }: OwnerReference): boolean {
  return (
    controller === true && kind === tenantControlPlanes.kind && apiVersion.startsWith(`${tenantControlPlanes.group}/`)
  );
}
