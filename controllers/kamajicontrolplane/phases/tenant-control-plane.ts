import type { Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import type { Applier } from '#runtime/client/applier.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import type { ContestedReplicas } from '../contested-replicas.ts';
import { desiredTenantControlPlane } from '../desired-tenant-control-plane.ts';
import type { Place } from '../external-cluster.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import { foreignness } from '../ownership.ts';
import { isRefusal } from '../refusal.ts';
import { rolloutAfter } from '../rollout-after.ts';

export interface TenantControlPlaneInput {
  readonly controlPlane: KamajiControlPlane;
  readonly cluster: Cluster;
  readonly live: TenantControlPlane | undefined;
  readonly pods: readonly Pod[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly applier: Applier;
  readonly contested: ContestedReplicas;
  readonly place: Place;
  readonly signal: AbortSignal;
}

/**
 * Creates the TenantControlPlane and keeps its spec that of the KamajiControlPlane. `value` is the present one, also where it
 * could not be changed.
 */
export async function reconcileTenantControlPlane(
  input: TenantControlPlaneInput,
): Promise<Outcome<TenantControlPlane, 'TenantControlPlaneCreated'>> {
  const { controlPlane, cluster, live, place, signal } = input;
  const foreign = live === undefined ? undefined : foreignness(live, controlPlane);
  if (foreign !== undefined) {
    return refused(
      'ForeignObject',
      `a TenantControlPlane ${controlPlane.metadata.name ?? ''} exists and ${foreign}: give this KamajiControlPlane another name, or delete that one`,
    );
  }
  // Whatever is refused below, what there is goes on being looked after.
  const present = live === undefined ? {} : { value: live };
  try {
    const { mark, requeueAfterMs } = rolloutAfter(controlPlane, live, input.pods, input.now);
    const desired = desiredTenantControlPlane(controlPlane, cluster, mark, place.isExternal ? place.key : undefined);
    if (live !== undefined) await input.contested.look(live, desired, place.client, signal);
    const { object } = await input.applier.apply(place.client, tenantControlPlanes, desired, live, { signal });
    const other = input.contested.of(object);
    const waits = [requeueAfterMs, other?.forMs].filter((ms) => ms !== undefined);
    return {
      finding: created(controlPlane, object, other?.name),
      value: object,
      ...(waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) }),
    };
  } catch (error) {
    if (isRefusal(error)) {
      // A webhook may judge by more than this object, and nothing tells when that changes.
      return { ...refused('SpecRefused', error.message), ...present, requeueAfterMs: RECHECK_MS };
    }
    return { ...refused('InternalError', messageOf(error)), ...present, error: asError(error) };
  }
}

function created(
  { metadata: { name = '' } }: KamajiControlPlane,
  { metadata }: TenantControlPlane,
  otherWriter: string | undefined,
): Finding<'TenantControlPlaneCreated'> {
  const type = 'TenantControlPlaneCreated';
  const status = 'True';
  const message = `TenantControlPlane ${metadata.name ?? ''} is what the spec asks for`;
  if (otherWriter === undefined) return { type, status, reason: 'Succeeded', message };
  const remedy = `let what scales it (a HorizontalPodAutoscaler, kubectl scale) name KamajiControlPlane ${name} instead`;
  return {
    type,
    status,
    reason: 'ReplicasReset',
    message: `${message}, but ${otherWriter} wrote another number of replicas into it, which was set back: ${remedy}`,
  };
}

function refused(
  reason: Finding<'TenantControlPlaneCreated'>['reason'],
  message: string,
): Outcome<never, 'TenantControlPlaneCreated'> {
  return { finding: { type: 'TenantControlPlaneCreated', status: 'False', reason, message } };
}
