import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import { authorizesByFile, ownAuthorizationFlags } from '#controlplane/authorization.ts';
import { writeLimitOf } from '#controlplane/write-limit.ts';
import type { Finding } from './finding.ts';

/** Whether the tenant's writes are limited, and where they are not although the spec says so, what wins over it. */
export function writesLimitedFinding(tenantControlPlane: TenantControlPlane): Finding<'WritesLimited'> {
  const limit = writeLimitOf(tenantControlPlane);
  if (limit === undefined) return finding('False', 'NotLimited', 'spec.writePermissions limits nothing');
  const [flag] = ownAuthorizationFlags(tenantControlPlane);
  if (flag !== undefined) {
    return finding(
      'False',
      'OwnAuthorizationFlags',
      `spec.writePermissions is not enforced, since ${flag} in spec.controlPlane.deployment.extraArgs.apiServer wins: remove one of them`,
    );
  }
  if (!authorizesByFile(tenantControlPlane)) {
    const { version } = tenantControlPlane.spec.kubernetes;
    return finding(
      'False',
      'VersionUnsupported',
      `spec.writePermissions is not enforced by ${version}: it needs Kubernetes v1.30 or newer`,
    );
  }
  const refused = `users of the tenant are refused writes by ${limit.map(fieldPath).join(', ')}`;
  const hasMachines = tenantControlPlane.metadata.labels?.[labels.clusterName] !== undefined;
  return finding('True', 'Limited', hasMachines ? `${refused}; ${MACHINES_WAIT}` : refused);
}

// What waits says nothing of a limit: the only place where its owner may read why.
const MACHINES_WAIT = 'so is Cluster API, whose machines that come or go may have to wait until that is lifted';

/** Whether they are, as upstream's one-word state says it. */
export function areWritesLimited(tenantControlPlane: TenantControlPlane): boolean {
  return writesLimitedFinding(tenantControlPlane).status === 'True';
}

function fieldPath(field: string): string {
  return `spec.writePermissions.${field}`;
}

function finding(
  status: Finding['status'],
  reason: Finding<'WritesLimited'>['reason'],
  message: string,
): Finding<'WritesLimited'> {
  return { type: 'WritesLimited', status, reason, message };
}
