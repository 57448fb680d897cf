import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { annotations, PAUSED_WITH_CONTROL_PLANE } from '#api/labels.ts';
import type { Client } from '#runtime/client/client.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { APPLIED_HASH, FIELD_MANAGER, ownsField } from '../field-manager.ts';
import { isStale, renewedOwners } from '../ownership.ts';

interface PauseInput {
  readonly controlPlane: KamajiControlPlane;
  readonly tenantControlPlane: TenantControlPlane;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/**
 * Pauses a TenantControlPlane with its KamajiControlPlane, and only then lets `clusterctl move` go on: what is moved must be
 * reconciled on neither side. A pause that the user has put there stays the user's.
 */
export async function pauseTenant({ tenantControlPlane, client, signal }: Omit<PauseInput, 'controlPlane'>) {
  const carried = tenantControlPlane.metadata.annotations ?? {};
  const paused = carried[annotations.paused];
  if (paused !== undefined && carried[annotations.blockMove] === undefined) return;
  const metadata = {
    resourceVersion: tenantControlPlane.metadata.resourceVersion,
    annotations: { [annotations.paused]: paused ?? PAUSED_WITH_CONTROL_PLANE, [annotations.blockMove]: null },
  };
  const options = { signal, fieldManager: FIELD_MANAGER };
  await client.mergePatch(tenantControlPlanes, keyOf(tenantControlPlane), { metadata }, options);
}

/**
 * Takes our pause off a TenantControlPlane, and makes one that was moved or restored ours again: it names the owner that
 * is here now, and whoever copied it owns no fields any more, without which an apply could remove nothing. Answers the
 * TenantControlPlane as it then is; sends nothing where nothing is to do.
 */
export async function resumeTenant(input: PauseInput): Promise<TenantControlPlane> {
  const { controlPlane, tenantControlPlane, client, signal } = input;
  if (!isPausedByUs(tenantControlPlane) && !isStale(tenantControlPlane, controlPlane)) return tenantControlPlane;
  // Read from the server: caches drop managedFields.
  const current = await client.get(tenantControlPlanes, keyOf(tenantControlPlane), { signal });
  if (current === undefined || current.metadata.uid !== tenantControlPlane.metadata.uid) return tenantControlPlane;
  const metadata = {
    resourceVersion: current.metadata.resourceVersion,
    ...(isPausedByUs(current) ? { annotations: { [annotations.paused]: null } } : {}),
    ...(isStale(current, controlPlane) ? { ownerReferences: renewedOwners(current, controlPlane) } : {}),
    ...withoutCopier(current),
  };
  const options = { signal, fieldManager: FIELD_MANAGER };
  return client.mergePatch(tenantControlPlanes, keyOf(current), { metadata }, options);
}

function isPausedByUs({ metadata }: TenantControlPlane): boolean {
  return metadata.annotations?.[annotations.paused] === PAUSED_WITH_CONTROL_PLANE;
}

// Only whoever created a copy of the whole object has come to own the note that we leave on it.
function withoutCopier({ apiVersion = '', metadata }: KubeObject): { readonly managedFields?: readonly object[] } {
  const entries = metadata?.managedFields ?? [];
  const copier = entries.find(({ operation, fieldsV1 }) => operation === 'Update' && ownsField(fieldsV1, NOTE));
  if (copier === undefined) return {};
  // Where nobody has applied anything yet, an apply makes everything that is there somebody else's for good
  // (Kubernetes: managedfields, before-first-apply). The rest of what is ours the next apply says.
  const note = { 'f:metadata': { 'f:annotations': { [`f:${APPLIED_HASH}`]: {} } } };
  const ours = {
    manager: FIELD_MANAGER,
    operation: 'Apply',
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: note,
    ...(copier.time === undefined ? {} : { time: copier.time }),
  };
  return { managedFields: [...entries.filter((entry) => entry !== copier && entry.manager !== FIELD_MANAGER), ours] };
}

const NOTE = ['f:metadata', 'f:annotations', `f:${APPLIED_HASH}`];
