import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { annotations } from '#api/labels.ts';
import { isConditionTrue } from '#runtime/client/conditions.ts';
import { RECHECK_MS } from '#runtime/controller/finding.ts';
import type { ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import type { Place } from './external-cluster.ts';
import { ExternalClusterError, gatherExternal, placeOf } from './external-cluster.ts';
import type { Finding } from './finding.ts';
import { soonest, writeStatus } from './finish.ts';
import type { Gathered } from './gather.ts';
import { makeDeletionPass, makePass, ownTenant } from './pass.ts';
import { pauseTenant } from './phases/tenant-pause.ts';
import { pausedStatus, unreachableStatus } from './status.ts';
import type { Tools } from './tools.ts';

/** One pass over one KamajiControlPlane. */
export async function reconcile(gathered: Gathered, tools: Tools, context: ReconcileContext): Promise<Result> {
  const { controlPlane } = gathered;
  const { client, signal } = context;
  const { tenantPool: pool, crossNamespaceKubeconfigs: crossNamespace } = tools;
  try {
    const place = await placeOf({ gathered, pool, crossNamespace, client, signal });
    if (!place.isExternal) return await reconcileAt(place, gathered, tools, context);
    const known = await gatherExternal(gathered, place, signal);
    const result = await reconcileAt(place, known, tools, context);
    // Nothing is watched in another cluster.
    const isSettled = isConditionTrue(controlPlane.status?.conditions, 'Ready');
    return soonest([result, { requeueAfterMs: isSettled ? 3 * RECHECK_MS : RECHECK_MS }]);
  } catch (error) {
    if (!(error instanceof ExternalClusterError)) throw error;
    const paused = pauseOf(gathered);
    if (paused !== undefined) {
      return writeStatus(controlPlane, pausedStatus(controlPlane, paused, tools.clock), tools, context);
    }
    const status = unreachableStatus(controlPlane, unavailableFinding(controlPlane, error), tools.clock);
    return soonest([await writeStatus(controlPlane, status, tools, context), { requeueAfterMs: RECHECK_MS }]);
  }
}

async function reconcileAt(place: Place, gathered: Gathered, tools: Tools, context: ReconcileContext): Promise<Result> {
  const { controlPlane } = gathered;
  // Before anything else, deletion included: clusterctl deletes what it has moved away, and the tenant must survive that.
  const paused = pauseOf(gathered);
  if (paused !== undefined) {
    const { tenantControlPlane } = ownTenant(gathered);
    const { client } = place;
    if (tenantControlPlane !== undefined) await pauseTenant({ tenantControlPlane, client, signal: context.signal });
    return writeStatus(controlPlane, pausedStatus(controlPlane, paused, tools.clock), tools, context);
  }
  return controlPlane.metadata.deletionTimestamp === undefined
    ? makePass(place, gathered, tools, context)
    : makeDeletionPass(place, gathered, tools, context);
}

function unavailableFinding({ metadata }: KamajiControlPlane, { message }: ExternalClusterError): Finding {
  const reason = 'ExternalClusterUnavailable';
  return metadata.deletionTimestamp === undefined
    ? { type: 'TenantControlPlaneCreated', status: 'False', reason, message }
    : { type: 'Deleting', status: 'True', reason, message };
}

function pauseOf({ controlPlane, cluster }: Gathered): string | undefined {
  if (cluster?.spec?.paused === true) return `Cluster ${cluster.metadata.name ?? ''} is paused`;
  const annotation = [annotations.clusterPaused, annotations.paused, annotations.deleteForMove].find(
    (key) => controlPlane.metadata.annotations?.[key] !== undefined,
  );
  return annotation === undefined ? undefined : `annotation ${annotation} pauses the control plane`;
}
