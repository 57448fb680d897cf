import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { finalizers } from '#api/labels.ts';
import { validatingWebhookConfigurations } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { removeFinalizer } from '#runtime/client/status-patch.ts';

// What upstream's manager is asked by before anything is written in a tenant: while data moves, and under write permissions.
const WEBHOOKS = ['kamaji-freeze', 'kamaji-write-permissions'];

/**
 * Takes webhooks of upstream's manager out of a tenant that it looked after: now that it is gone they would refuse every write,
 * ours too. Costs nothing for other tenants.
 */
export async function removeUpstreamWebhooks(
  tenantControlPlane: TenantControlPlane,
  tenant: Pick<Client, 'delete'>,
  signal: AbortSignal,
): Promise<void> {
  if (!isLookedAfterByUpstream(tenantControlPlane)) return;
  await Promise.all(WEBHOOKS.map((name) => tenant.delete(validatingWebhookConfigurations, { name }, { signal })));
}

/** Notes that nothing of upstream's is left in the tenant. */
export async function letGoOfUpstream(
  tenantControlPlane: TenantControlPlane,
  client: Pick<Client, 'mergePatch'>,
  signal: AbortSignal,
): Promise<TenantControlPlane> {
  if (!isLookedAfterByUpstream(tenantControlPlane)) return tenantControlPlane;
  const finalizer = finalizers.tenantControlPlaneSoot;
  return (await removeFinalizer(client, tenantControlPlanes, tenantControlPlane, finalizer, { signal })).object;
}

// Its finalizer says that it was at work inside the tenant.
function isLookedAfterByUpstream({ metadata }: TenantControlPlane): boolean {
  return metadata.finalizers?.includes(finalizers.tenantControlPlaneSoot) === true;
}
