import { dataStores } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import { annotations, finalizers } from '#api/labels.ts';
import type { DataStorePool } from '#datastore/pool.ts';
import { DataStoreConfigError } from '#datastore/resolve.ts';
import type { Cache } from '#runtime/cache/informer.ts';
import { createApplier } from '#runtime/client/applier.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { addFinalizer, patchStatus, removeFinalizer } from '#runtime/client/status-patch.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ControllerOptions, ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';
import { declareInformers, gather, type Gathered } from './gather.ts';
import { makeDefaultDataStore } from './phases/default-store.ts';
import { deleteManaged } from './phases/deletion.ts';
import { type ManagedOutcome, reconcileManaged } from './phases/managed.ts';
import { createProber, type StoreAnswer } from './phases/probe.ts';
import { measureUsage, type UsageStatus, usageStatus } from './phases/usage.ts';
import { specProblem } from './plan.ts';
import { sourcesOf } from './sources.ts';
import { dataStoreStatus, pausedStatus } from './status.ts';

export interface DataStoreControllerOptions {
  readonly cache: Cache;
  /** Shared with everything else that talks to stores. */
  readonly pool: DataStorePool;
  readonly clock: Clock;
  readonly events: EventRecorder;
  /** Uniform in [0, 1): spreads probes. */
  readonly random: () => number;
  /** Where managed stores run (POD_NAMESPACE). */
  readonly managerNamespace: string;
  /** The flag `--datastore`: name of the DataStore of tenants that name none. */
  readonly defaultDataStore?: string;
  /** The flag `--managed-datastore`: make the default DataStore when the first tenant needs one. */
  readonly makeDefaultDataStore: boolean;
}

/**
 * The controller of DataStores: asks every store every few seconds how it is, shows who uses it, holds its deletion back meanwhile, runs
 * the stores with `spec.managed`, and makes the default one when a tenant needs it. Declares its informers: call before the cache
 * starts.
 */
export function setupDataStoreController(options: DataStoreControllerOptions): ControllerOptions {
  const { cache, clock, events, managerNamespace, pool, random } = options;
  const informers = declareInformers(cache, managerNamespace);
  const applier = createApplier({ fieldManager: 'kamaji-datastore', hashAnnotation: 'kamaji.clastix.io/applied' });
  const prober = createProber(pool, clock);

  async function reconcile(gathered: Gathered, { client, signal, log }: ReconcileContext): Promise<Result> {
    const { dataStore } = gathered;
    const managed = await manage(gathered, { client });
    const answer = await ask(gathered, managed, signal);
    const usage = await measure(gathered, answer, { signal, log });
    const status = dataStoreStatus(gathered, { answer, managed: managed?.finding, usage }, clock);
    const { object } = await patchStatus(client, dataStores, dataStore, status);
    announce(dataStore, object, log);
    if (managed?.error !== undefined) throw managed.error;
    return { requeueAfterMs: object.status?.ready === true ? 8_000 + random() * 1_500 : 2_500 + random() * 1_000 };
  }

  /** Tells of a store that became ready or ceased to be. */
  function announce(before: DataStore, after: DataStore, log: ReconcileContext['log']): void {
    const ready = findCondition(after.status?.conditions, 'Ready');
    if (ready === undefined || ready.status === findCondition(before.status?.conditions, 'Ready')?.status) return;
    const { reason, message: note } = ready;
    log.info('readiness of the store changed', { reason, note });
    events.record(after, { type: ready.status === 'True' ? 'Normal' : 'Warning', reason, action: 'Probe', note });
  }

  async function manage(
    { dataStore, managed }: Gathered,
    { client }: Pick<ReconcileContext, 'client'>,
  ): Promise<ManagedOutcome | undefined> {
    if (managed === undefined || specProblem(dataStore) !== undefined) return undefined;
    const now = new Date(clock.now());
    return reconcileManaged({ dataStore, objects: managed, client, applier, managerNamespace, now });
  }

  async function ask(
    { dataStore }: Gathered,
    managed: ManagedOutcome | undefined,
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    const problem = specProblem(dataStore);
    if (problem !== undefined) return { kind: 'invalid', error: new DataStoreConfigError('ContentInvalid', problem) };
    if (managed !== undefined && !managed.running) return { kind: 'waiting' };
    return prober.ask(dataStore, signal);
  }

  /** What the status says of usage; a store that is not ready is not asked. */
  async function measure(
    { dataStore, tenants }: Gathered,
    answer: StoreAnswer,
    { signal, log }: Pick<ReconcileContext, 'signal' | 'log'>,
  ): Promise<UsageStatus | undefined> {
    const name = dataStore.metadata.name ?? '';
    const { driver } = answer.kind === 'answer' ? answer : {};
    const failure =
      driver === undefined || dataStore.status?.ready !== true
        ? undefined
        : await measureUsage({ dataStoreName: name, tenants, driver, book: pool.usage, clock, signal });
    if (failure !== undefined) log.info('the usage of a tenant could not be measured', { error: failure.message });
    return usageStatus(dataStore.status?.usage, tenants, pool.usage.of(name));
  }

  async function finish({ dataStore, managed }: Gathered, { client, log }: ReconcileContext): Promise<Result> {
    const name = dataStore.metadata.name ?? '';
    if (managed !== undefined) {
      const claims = await deleteManaged(managed, client);
      if (claims.length > 0) {
        const note = `kept in namespace ${managerNamespace}, for a DataStore of the same name or to be deleted by hand: ${claims.join(', ')}`;
        log.info('volumes of a deleted store', { note });
        events.record(dataStore, { type: 'Normal', reason: 'VolumesKept', action: 'Delete', note });
      }
    }
    prober.forget(name);
    await removeFinalizer(client, dataStores, dataStore, finalizers.dataStore);
    return {};
  }

  return {
    name: 'datastore',
    sources: sourcesOf(informers),
    // A silent store holds its worker for a quarter of a minute. Others must not wait for it, however many are silent: a worker for each
    // store that there may be costs a few hundred bytes.
    concurrency: 1_000,
    async reconcile(key, context) {
      const gathered = gather(informers, key, managerNamespace);
      if (gathered === undefined) {
        prober.forget(key.name);
        if (!options.makeDefaultDataStore) return {};
        const made = await makeDefaultDataStore(informers, context.client, options.defaultDataStore);
        if (made) context.log.info('made the default DataStore, because a tenant names none');
        return {};
      }
      const { dataStore, tenants } = gathered;
      if (dataStore.metadata.annotations?.[annotations.paused] !== undefined) {
        await patchStatus(context.client, dataStores, dataStore, pausedStatus(dataStore, clock));
        return {};
      }
      if (dataStore.metadata.deletionTimestamp !== undefined) {
        // Tenants that are being deleted still need the store, so it is watched until the last one is gone.
        return tenants.length === 0 ? finish(gathered, context) : reconcile(gathered, context);
      }
      const { object } = await addFinalizer(context.client, dataStores, dataStore, finalizers.dataStore);
      return reconcile({ ...gathered, dataStore: object }, context);
    },
  };
}
