import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlanes } from '#api/kinds.ts';
import { finalizers } from '#api/labels.ts';
import { addFinalizer } from '#runtime/client/status-patch.ts';
import type { ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import type { Place } from './external-cluster.ts';
import { finish } from './finish.ts';
import type { Gathered } from './gather.ts';
import { ownerCluster } from './gather.ts';
import { foreignness } from './ownership.ts';
import { reconcileBootstrapData } from './phases/bootstrap-data.ts';
import { reconcileClusterSecrets } from './phases/cluster-secrets.ts';
import { reconcileDeletion } from './phases/deletion.ts';
import { reconcileEndpoint } from './phases/endpoint.ts';
import { reconcileInfrastructure } from './phases/infrastructure.ts';
import { reconcileTenantControlPlane } from './phases/tenant-control-plane.ts';
import { resumeTenant } from './phases/tenant-pause.ts';
import { reconcileWorkers } from './phases/workers.ts';
import { stableVersion } from './stable-version.ts';
import type { PassResult } from './status.ts';
import type { Tools } from './tools.ts';

/** Brings everything of a control plane one step further. */
export async function makePass(
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

/** Brings the end of a control plane one step further. */
export async function makeDeletionPass(
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
export function ownTenant({
  controlPlane,
  tenantControlPlane,
  pods,
}: Pick<Gathered, 'controlPlane' | 'tenantControlPlane' | 'pods'>): Pick<PassResult, 'tenantControlPlane' | 'pods'> {
  return tenantControlPlane !== undefined && foreignness(tenantControlPlane, controlPlane) === undefined
    ? { tenantControlPlane, pods }
    : { tenantControlPlane: undefined, pods: [] };
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
