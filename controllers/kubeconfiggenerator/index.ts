import { kubeconfigGenerators } from '#api/kinds.ts';
import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import { annotations } from '#api/labels.ts';
import type { KeyAlgorithm } from '#pki/key.ts';
import type { Cache } from '#runtime/cache/informer.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { patchStatus } from '#runtime/client/status-patch.ts';
import type { Clock } from '#runtime/clock.ts';
import { RECHECK_MS } from '#runtime/controller/finding.ts';
import type { ControllerOptions, ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';
import { recordProvided, recordReadiness, recordRemoved } from './events.ts';
import type { Failure } from './finding.ts';
import { declareInformers, gather, type Gathered } from './gather.ts';
import { type Provided, provide, remove } from './phases/secrets.ts';
import { type Plan, planOf } from './plan.ts';
import { SettledKubeconfigs } from './settled.ts';
import { sourcesOf } from './sources.ts';
import { pausedStatus, problemStatus, statusOf } from './status.ts';

export interface KubeconfigGeneratorControllerOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Certificates are renewed when less than this is left. */
  readonly renewBeforeMs: number;
  readonly keyAlgorithm: KeyAlgorithm;
}

/**
 * The controller of KubeconfigGenerators: a Secret with a kubeconfig for every matching tenant, renewed in time, and none
 * for any other. It needs no finalizer: what a generator has left behind is found by its label, at any later time.
 * Declares its informers on the cache: call before the cache starts.
 */
export function setupKubeconfigGeneratorController(options: KubeconfigGeneratorControllerOptions): ControllerOptions {
  const { clock, events, renewBeforeMs, keyAlgorithm: algorithm } = options;
  const informers = declareInformers(options.cache);
  const settled = new SettledKubeconfigs();

  async function writeStatus(
    generator: KubeconfigGenerator,
    status: Parameters<typeof patchStatus<KubeconfigGenerator>>[3],
    { client, signal }: ReconcileContext,
  ): Promise<void> {
    const { object } = await patchStatus(client, kubeconfigGenerators, generator, status, { signal });
    recordReadiness(generator, object, events);
  }

  async function carryOut(plan: Plan, gathered: Gathered, { client, signal }: ReconcileContext) {
    const now = new Date(clock.now());
    const removed = await remove(plan.surplus, { client, signal });
    for (const secret of removed) recordRemoved(secret, gathered.tenants, events);
    settled.keepOnly(gathered.name, plan.wishes);
    const outcomes = await provide(plan.wishes, { client, signal, settled, now, renewBeforeMs, algorithm });
    const provided = outcomes.filter((outcome) => 'wish' in outcome);
    for (const one of provided) recordProvided(one, events);
    return { provided, failures: [...plan.failures, ...outcomes.filter((outcome) => 'problem' in outcome)], now };
  }

  return {
    name: 'kubeconfiggenerator',
    // Tenants come and go in bursts, and every pass looks at all of them.
    minIntervalMs: 1_000,
    sources: sourcesOf(informers),
    async reconcile(key, context) {
      const gathered = gather(informers, key);
      const { generator } = gathered;
      if (generator?.metadata.annotations?.[annotations.paused] !== undefined) {
        await writeStatus(generator, pausedStatus(generator, clock), context);
        return {};
      }
      const plan = planOf(gathered);
      if ('reason' in plan) {
        if (generator !== undefined) await writeStatus(generator, problemStatus(generator, plan, clock), context);
        return {};
      }
      const { provided, failures, now } = await carryOut(plan, gathered, context);
      const conflict = failures.find(({ problem }) => isConflict(problem.error));
      // Somebody wrote at the same time, or the cache was late: no failure to tell people of.
      if (conflict?.problem.error !== undefined) throw conflict.problem.error;
      if (generator !== undefined) {
        const status = statusOf(generator, { resources: plan.resources, failures }, clock);
        await writeStatus(generator, status, context);
      }
      const failed = failures.find(({ problem }) => problem.error !== undefined);
      if (failed?.problem.error !== undefined) throw failed.problem.error;
      return nextPass(provided, failures, now);
    },
  };
}

/** When to look again: at the next renewal, and soon where somebody else's Secret stands in the way, which no watch reports. */
function nextPass(provided: readonly Provided[], failures: readonly Failure[], now: Date): Result {
  const waits = provided.map(({ renewAt }) => renewAt.getTime() - now.getTime()).filter((ms) => ms > 0);
  if (failures.some(({ problem }) => problem.reason === 'ForeignObject')) waits.push(RECHECK_MS);
  return waits.length === 0 ? {} : { requeueAfterMs: waits.reduce((one, other) => Math.min(one, other)) };
}

function isConflict(error: Error | undefined): boolean {
  return error instanceof ApiError && (error.isConflict || error.isAlreadyExists);
}
