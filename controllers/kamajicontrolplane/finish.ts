import type { KamajiControlPlane, KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlanes } from '#api/kinds.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { patchStatus } from '#runtime/client/status-patch.ts';
import type { ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import type { Outcome } from './finding.ts';
import { stateChanges } from './state-changes.ts';
import type { PassResult } from './status.ts';
import { statusOf } from './status.ts';
import type { Tools } from './tools.ts';

/** Writes the status whatever happened, then lets the queue know of the first failure, or when to look again. */
export async function finish(
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

/** Writes the status if there is anything to tell now; answers when to look again where it has to wait. */
export async function writeStatus(
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

/** When the first of them wants to look again. */
export function soonest(results: readonly Result[]): Result {
  const delays = results.flatMap(({ requeueAfterMs }) => requeueAfterMs ?? []);
  return delays.length === 0 ? {} : { requeueAfterMs: Math.min(...delays) };
}
