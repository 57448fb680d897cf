import type { KamajiControlPlane, KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlanes } from '#api/kinds.ts';
import { annotations, finalizers } from '#api/labels.ts';
import type { Applier } from '#runtime/client/applier.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { isConditionTrue } from '#runtime/client/conditions.ts';
import { addFinalizer, patchStatus } from '#runtime/client/status-patch.ts';
import type { Clock } from '#runtime/clock.ts';
import { RECHECK_MS } from '#runtime/controller/finding.ts';
import type { ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';
import type { TenantPool } from '#tenant/pool.ts';
import type { ContestedReplicas } from './contested-replicas.ts';
import type { Place } from './external-cluster.ts';
import { ExternalClusterError, gatherExternal, placeOf } from './external-cluster.ts';
import type { Finding, Outcome } from './finding.ts';
import type { Gathered } from './gather.ts';
import { ownerCluster } from './gather.ts';
import type { InfrastructureKinds } from './infrastructure-kinds.ts';
import type { JoinTokens } from './join-tokens.ts';
import { foreignness } from './ownership.ts';
import { reconcileBootstrapData } from './phases/bootstrap-data.ts';
import { reconcileClusterSecrets } from './phases/cluster-secrets.ts';
import { reconcileDeletion } from './phases/deletion.ts';
import { reconcileEndpoint } from './phases/endpoint.ts';
import { reconcileInfrastructure } from './phases/infrastructure.ts';
import { reconcileTenantControlPlane } from './phases/tenant-control-plane.ts';
import { pauseTenant, resumeTenant } from './phases/tenant-pause.ts';
import { reconcileWorkers } from './phases/workers.ts';
import { stableVersion } from './stable-version.ts';
import { stateChanges } from './state-changes.ts';
import type { StatusPace } from './status-pace.ts';
import type { PassResult } from './status.ts';
import { pausedStatus, statusOf, unreachableStatus } from './status.ts';

/** What passes work with, beside what they read. */
export interface Tools {
  readonly applier: Applier;
  readonly tenantPool: Pick<TenantPool, 'client'>;
  readonly tokens: JoinTokens;
  readonly infrastructureKinds: InfrastructureKinds;
  readonly skipInfraClusterPatch: boolean;
  readonly crossNamespaceKubeconfigs: boolean;
  readonly clock: Clock;
  readonly pace: StatusPace;
  readonly contested: ContestedReplicas;
  readonly events: Pick<EventRecorder, 'record'>;
}

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

function unavailableFinding({ metadata }: KamajiControlPlane, { message }: ExternalClusterError): Finding {
  const reason = 'ExternalClusterUnavailable';
  return metadata.deletionTimestamp === undefined
    ? { type: 'TenantControlPlaneCreated', status: 'False', reason, message }
    : { type: 'Deleting', status: 'True', reason, message };
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
    ? reconcileNormally(place, gathered, tools, context)
    : reconcileGoing(place, gathered, tools, context);
}

async function reconcileNormally(
  place: Place,
  gathered: Gathered,
  tools: Tools,
  context: ReconcileContext,
): Promise<Result> {
  const { client, signal } = context;
  const { cluster, service, pods } = gathered;
  if (cluster === undefined) {
    const result = { findings: [waitingForCluster(gathered.controlPlane)], ...ownTenant(gathered) };
    return finish(gathered.controlPlane, result, tools, context);
  }

  const { object: held } = await addFinalizer(
    client,
    kamajiControlPlanes,
    gathered.controlPlane,
    finalizers.kamajiControlPlane,
    { signal },
  );
  const own = ownTenant(gathered).tenantControlPlane;
  const present =
    own === undefined
      ? gathered.tenantControlPlane
      : await resumeTenant({ controlPlane: held, tenantControlPlane: own, client: place.client, signal });
  const { applier, tenantPool, tokens, infrastructureKinds, skipInfraClusterPatch } = tools;
  const created = await reconcileTenantControlPlane({
    controlPlane: held,
    cluster,
    live: present,
    pods,
    now: tools.clock.now(),
    applier,
    contested: tools.contested,
    place,
    signal,
  });
  const tenantControlPlane = created.value;
  const endpoint = await reconcileEndpoint({
    controlPlane: held,
    cluster,
    tenantControlPlane,
    service,
    client,
    signal,
  });
  const controlPlane = endpoint.value?.controlPlane ?? held;
  const writer = { controlPlane, cluster, secret: gathered.secret, applier, client, signal };
  const [certificates, bootstrapData, infrastructure, workers] = await Promise.all([
    reconcileClusterSecrets(gathered, tenantControlPlane, writer),
    reconcileBootstrapData({
      gathered,
      tenantControlPlane,
      endpoint: endpoint.value?.forNodes,
      writer,
      tokens,
      pool: tenantPool,
      isExternal: place.isExternal,
    }),
    reconcileInfrastructure({
      cluster,
      endpoint: endpoint.value,
      kinds: infrastructureKinds,
      skip: skipInfraClusterPatch,
      client,
      signal,
    }),
    reconcileWorkers({
      followers: gathered.followers,
      version: created.finding.status === 'True' ? stableVersion(controlPlane, tenantControlPlane, pods) : undefined,
      kinds: infrastructureKinds,
      client,
      signal,
    }),
  ]);
  if (bootstrapData.value?.rotated === true) {
    const note = 'machines join by a new bootstrap token from now on';
    tools.events.record(controlPlane, { type: 'Normal', reason: 'BootstrapTokenRotated', action: 'Rotate', note });
  }
  const outcomes = [created, endpoint, certificates, bootstrapData, infrastructure, workers];
  const findings = outcomes.map(({ finding }) => finding);
  const result = { findings, ...ownTenant({ ...gathered, tenantControlPlane }) };
  return finish(controlPlane, result, tools, context, outcomes);
}

async function reconcileGoing(
  place: Place,
  gathered: Gathered,
  tools: Tools,
  context: ReconcileContext,
): Promise<Result> {
  const { controlPlane } = gathered;
  const own = ownTenant(gathered);
  if (own.tenantControlPlane !== undefined) tools.tokens.forget(own.tenantControlPlane.metadata.uid ?? '');
  if ((controlPlane.metadata.finalizers ?? []).length === 0) return {};
  const { cluster } = gathered;
  const outcome = await reconcileDeletion({
    controlPlane,
    cluster,
    place,
    client: context.client,
    signal: context.signal,
  });
  // Without the finalizer there is no object any more to write a status to.
  if (outcome.value === true) return {};
  return finish(controlPlane, { findings: [outcome.finding], ...own }, tools, context, [outcome]);
}

/** The tenant and its pods, unless they are somebody else's: those are no news about this control plane. */
function ownTenant({
  controlPlane,
  tenantControlPlane,
  pods,
}: Pick<Gathered, 'controlPlane' | 'tenantControlPlane' | 'pods'>): Pick<PassResult, 'tenantControlPlane' | 'pods'> {
  return tenantControlPlane !== undefined && foreignness(tenantControlPlane, controlPlane) === undefined
    ? { tenantControlPlane, pods }
    : { tenantControlPlane: undefined, pods: [] };
}

/** Writes the status whatever happened, then lets the queue know of the first failure, or when to look again. */
async function finish(
  controlPlane: KamajiControlPlane,
  result: PassResult,
  tools: Tools,
  context: ReconcileContext,
  outcomes: readonly Outcome<unknown>[] = [],
): Promise<Result> {
  const status = await writeStatus(controlPlane, statusOf(controlPlane, result, tools.clock), tools, context);
  const [failure] = outcomes.flatMap(({ error }) => error ?? []);
  if (failure !== undefined) throw failure;
  return soonest([status, ...outcomes]);
}

async function writeStatus(
  controlPlane: KamajiControlPlane,
  status: KamajiControlPlaneStatus,
  { events, pace }: Tools,
  { client, signal }: { readonly client: Client; readonly signal: AbortSignal },
): Promise<Result> {
  const waitMs = pace.waitMs(controlPlane, status);
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  try {
    const { object, changed } = await patchStatus(client, kamajiControlPlanes, controlPlane, status, { signal });
    if (!changed) return {};
    pace.written(object);
    for (const change of stateChanges(controlPlane.status, status)) events.record(object, change);
  } catch (error) {
    // Somebody took the finalizer away in the meantime.
    if (!(error instanceof ApiError && error.isNotFound)) throw error;
  }
  return {};
}

function soonest(results: readonly Result[]): Result {
  const delays = results.flatMap(({ requeueAfterMs }) => requeueAfterMs ?? []);
  return delays.length === 0 ? {} : { requeueAfterMs: Math.min(...delays) };
}

function pauseOf({ controlPlane, cluster }: Gathered): string | undefined {
  if (cluster?.spec?.paused === true) return `Cluster ${cluster.metadata.name ?? ''} is paused`;
  const annotation = [annotations.clusterPaused, annotations.paused, annotations.deleteForMove].find(
    (key) => controlPlane.metadata.annotations?.[key] !== undefined,
  );
  return annotation === undefined ? undefined : `annotation ${annotation} pauses the control plane`;
}

function waitingForCluster(controlPlane: KamajiControlPlane) {
  const name = ownerCluster(controlPlane);
  return {
    type: 'TenantControlPlaneCreated',
    status: 'False',
    reason: 'WaitingForCluster',
    message:
      name === undefined
        ? 'no Cluster owns this object yet: one has to name it in spec.controlPlaneRef'
        : `Cluster ${name} does not exist`,
  } as const;
}
