import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { finalizers } from '#api/labels.ts';
import type { Client } from '#runtime/client/client.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { removeFinalizer } from '#runtime/client/status-patch.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf } from '#runtime/controller/finding.ts';
import { foreignness } from '../ownership.ts';

export interface DeletionInput {
  readonly controlPlane: KamajiControlPlane;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/**
 * Deletes the TenantControlPlane and lets the object go once it is gone with all that it had in its datastore; `value` is
 * then set. Secrets follow by owner reference.
 */
export async function reconcileDeletion(input: DeletionInput): Promise<Outcome<true, 'Deleting'>> {
  const { client, signal } = input;
  let { controlPlane } = input;
  try {
    // Read from the server: what a cache does not show yet must not be left behind.
    const tenant = await client.get(tenantControlPlanes, keyOf(controlPlane), { signal });
    // One of the same name may be somebody else's.
    if (tenant !== undefined && foreignness(tenant, controlPlane) === undefined) {
      if (tenant.metadata.deletionTimestamp === undefined) {
        const { uid } = tenant.metadata;
        const options = { ...(uid === undefined ? {} : { uid }), propagationPolicy: 'Background', signal } as const;
        await client.delete(tenantControlPlanes, keyOf(tenant), options);
      }
      return { finding: deleting('WaitingForTenantControlPlaneDeletion', waitingFor(tenant)) };
    }
    for (const finalizer of [finalizers.externalClusterReference, finalizers.kamajiControlPlane]) {
      ({ object: controlPlane } = await removeFinalizer(client, kamajiControlPlanes, controlPlane, finalizer, {
        signal,
      }));
    }
    return { finding: deleting('DeletionCompleted', 'the control plane is gone'), value: true };
  } catch (error) {
    return { finding: deleting('InternalError', messageOf(error)), error: asError(error) };
  }
}

function waitingFor(tenant: TenantControlPlane): string {
  const doing = findCondition(tenant.status?.conditions, 'Deleting');
  const detail = doing?.status === 'True' ? `: ${doing.message}` : '';
  return `waiting for TenantControlPlane ${tenant.metadata.name ?? ''} to be gone${detail}`;
}

function deleting(reason: Finding<'Deleting'>['reason'], message: string): Finding<'Deleting'> {
  return { type: 'Deleting', status: 'True', reason, message };
}
