import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { Cluster } from '#api/core/cluster.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { kamajiControlPlanes, machinePools, machines, tenantControlPlanes } from '#api/kinds.ts';
import { annotations, finalizers, labels } from '#api/labels.ts';
import type { Client } from '#runtime/client/client.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { removeFinalizer } from '#runtime/client/status-patch.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { Place } from '../external-cluster.ts';
import { foreignness } from '../ownership.ts';
import { resumeTenant } from './tenant-pause.ts';

export interface DeletionInput {
  readonly controlPlane: KamajiControlPlane;
  readonly cluster: Cluster | undefined;
  readonly place: Place;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/**
 * Waits until no worker is left that may still have to be drained, deletes the TenantControlPlane, and lets the object go once
 * that is gone with all that it had in its datastore; `value` is then set. Secrets follow by owner reference.
 */
export async function reconcileDeletion(input: DeletionInput): Promise<Outcome<true, 'Deleting'>> {
  const { client, place, signal } = input;
  let { controlPlane } = input;
  try {
    // Read from the server: what a cache does not show yet must not be left behind.
    const tenant = await place.client.get(tenantControlPlanes, place.key, { signal });
    // One of the same name may be somebody else's.
    if (tenant !== undefined && foreignness(tenant, controlPlane) === undefined) {
      if (tenant.metadata.deletionTimestamp === undefined) {
        const workers = await workersLeft(input);
        if (workers !== undefined) {
          return { finding: deleting('WaitingForWorkersDeletion', workers), requeueAfterMs: RECHECK_MS };
        }
        // A paused one would never go.
        await resumeTenant({ controlPlane, tenantControlPlane: tenant, client: place.client, signal });
        const { uid } = tenant.metadata;
        const options = { ...(uid === undefined ? {} : { uid }), propagationPolicy: 'Background', signal } as const;
        await place.client.delete(tenantControlPlanes, keyOf(tenant), options);
      }
      return {
        finding: deleting('WaitingForTenantControlPlaneDeletion', waitingFor(tenant)),
        // Nothing is watched in another cluster.
        ...(place.isExternal ? { requeueAfterMs: RECHECK_MS } : {}),
      };
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

/**
 * Which workers the Cluster still has: draining them needs the API server. Core deletes them first of its own accord; this is
 * for a control plane that somebody deletes by itself. Without a Cluster nobody would ever delete them.
 */
async function workersLeft({ cluster, client, signal }: DeletionInput): Promise<string | undefined> {
  const { name, namespace } = cluster?.metadata ?? {};
  if (name === undefined || namespace === undefined) return undefined;
  const labelSelector = `${labels.clusterName}=${name}`;
  for (const kind of [machines, machinePools]) {
    const options = { namespace, labelSelector, metadataOnly: true, signal };
    const { items } = await client.list(kind, options).catch(emptyWithoutKind);
    if (items.length > 0) {
      const some = items.slice(0, 3).map(({ metadata }) => metadata?.name ?? '');
      return `waiting for ${items.length} ${kind.kind}s of Cluster ${name} to be gone: ${some.join(', ')}${items.length > 3 ? ', …' : ''}`;
    }
  }
  return undefined;
}

function emptyWithoutKind(error: unknown): { readonly items: readonly KubeObject[] } {
  if (error instanceof ApiError && error.isNotFound) return { items: [] };
  throw error;
}

function waitingFor(tenant: TenantControlPlane): string {
  if (tenant.metadata.annotations?.[annotations.paused] !== undefined) {
    return `waiting for TenantControlPlane ${tenant.metadata.name ?? ''} to be gone, which its annotation ${annotations.paused} keeps from going: remove it`;
  }
  const doing = findCondition(tenant.status?.conditions, 'Deleting');
  const detail = doing?.status === 'True' ? `: ${doing.message}` : '';
  return `waiting for TenantControlPlane ${tenant.metadata.name ?? ''} to be gone${detail}`;
}

function deleting(reason: Finding<'Deleting'>['reason'], message: string): Finding<'Deleting'> {
  return { type: 'Deleting', status: 'True', reason, message };
}
