import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations } from '#api/labels.ts';
import type { DataStorePool } from '#datastore/pool.ts';
import type { KeyAlgorithm, KeyGenerator } from '#pki/key.ts';
import type { Applier } from '#runtime/client/applier.ts';
import { setConditions } from '#runtime/client/conditions.ts';
import { patchStatus } from '#runtime/client/status-patch.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Reconcile, ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';
import type { OwnedObjects } from '#tenant/owned-objects.ts';
import type { TenantPool } from '#tenant/pool.ts';
import { recordChanges } from './condition-events.ts';
import type { Finding } from './finding.ts';
import type { Gathered, Informers } from './gather.ts';
import { gather } from './gather.ts';
import { Pass } from './pass.ts';
import type { Memory } from './pass-phases.ts';
import type { CoreDnsNotes } from './phases/core-dns-notes.ts';
import { reconcileDeletion } from './phases/deletion.ts';
import { holdUpgrade } from './phases/held-upgrade.ts';
import { SettledPasses } from './settled-passes.ts';
import type { StartTurns } from './start-turns.ts';

export interface ReconcileOptions {
  readonly informers: Informers;
  readonly applier: Applier;
  readonly dataStorePool: DataStorePool;
  readonly tenantPool: TenantPool;
  readonly ownedObjects: OwnedObjects<CoreDnsNotes>;
  readonly clock: Clock;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly managerNamespace: string;
  readonly defaultDataStore?: string;
  readonly makeDefaultDataStore: boolean;
  readonly konnectivityDefault: boolean;
  readonly kineImage: string;
  /** Certificates are renewed when less than this is left. */
  readonly renewBeforeMs: number;
  readonly keyAlgorithm: KeyAlgorithm;
  /** Makes the service-account keys, which take long. Default: real ones. */
  readonly generateKeyPair?: KeyGenerator;
  /** Addresses of the management API server, which no tenant may dial. */
  readonly managementAddresses: readonly string[];
  /** How often each of so many tenants is looked into when nothing else happens. Default: `tenantCheckIntervalMs`. */
  readonly tenantCheckMs?: (tenants: number) => number;
  /** Lets only so many start at once as the nodes can take. Default: all. */
  readonly startTurns?: StartTurns;
  /** Is told how long each phase of a pass took. */
  readonly phaseTook?: (phase: string, seconds: number) => void;
}

/** The reconciler of TenantControlPlanes: gather, phases, one status patch. */
export function createReconcile(options: ReconcileOptions): Reconcile {
  const memory: Memory = { setups: new Map(), settledPasses: new SettledPasses() };

  return async (key, context) => {
    const gathered = await gather(options.informers, context.client, key, context.signal);
    if (gathered === undefined) return {};
    const { tenantControlPlane } = gathered;
    const uid = tenantControlPlane.metadata.uid ?? '';
    const pausing = PAUSING.find((name) => tenantControlPlane.metadata.annotations?.[name] !== undefined);
    if (pausing !== undefined || tenantControlPlane.metadata.deletionTimestamp !== undefined) {
      options.startTurns?.leave(uid);
    }
    if (pausing !== undefined) return pause(tenantControlPlane, pausing, context, options);
    if (tenantControlPlane.metadata.deletionTimestamp !== undefined) {
      options.tenantPool.forget(uid);
      options.ownedObjects.forget(uid);
      memory.setups.delete(uid);
      memory.settledPasses.forget(uid);
      return finish(gathered, context, options);
    }
    const [addonVersions] = options.informers.addonVersions.list();
    const held = await holdUpgrade(gathered, addonVersions, options.tenantPool, context.signal);
    return new Pass(held, context, options, memory).run();
  };
}

/** Present with any value; what lives on in another management cluster keeps its data when it is deleted here. */
const PAUSING = [annotations.paused, annotations.deleteForMove] as const;

async function pause(
  tenantControlPlane: TenantControlPlane,
  pausing: (typeof PAUSING)[number],
  context: ReconcileContext,
  options: ReconcileOptions,
): Promise<Result> {
  const message = `the annotation ${pausing} is set: nothing is reconciled`;
  await writeConditions(
    tenantControlPlane,
    [{ type: 'Paused', status: 'True', reason: 'Paused', message }],
    context,
    options,
  );
  return {};
}

async function finish(gathered: Gathered, context: ReconcileContext, options: ReconcileOptions): Promise<Result> {
  const { tenantControlPlane } = gathered;
  const { client, signal } = context;
  const outcome = await reconcileDeletion({
    tenantControlPlane,
    tenantControlPlanes: options.informers.tenantControlPlanes.list(),
    dataStores: gathered.dataStores,
    connect: (dataStore) => options.dataStorePool.connect(dataStore, { signal }),
    credentials: gathered.secrets.get(gathered.names.datastoreConfig),
    client,
    signal,
  });
  if (outcome.finding === undefined) {
    for (const note of outcome.value.left) {
      options.events.record(tenantControlPlane, { type: 'Warning', reason: 'DataLeft', action: 'Delete', note });
      context.log.warn('a control plane was let go without its data', { left: note });
    }
    return {};
  }
  const { message } = outcome.finding;
  const findings: readonly Finding[] = [
    outcome.finding,
    { type: 'Ready', status: 'False', reason: 'Deleting', message },
  ];
  await writeConditions(tenantControlPlane, findings, context, options);
  if (outcome.error !== undefined) throw outcome.error;
  return outcome.requeueAfterMs === undefined ? {} : { requeueAfterMs: outcome.requeueAfterMs };
}

async function writeConditions(
  tenantControlPlane: TenantControlPlane,
  findings: readonly Finding[],
  { client, signal }: ReconcileContext,
  { clock, events }: ReconcileOptions,
): Promise<void> {
  const observedGeneration = tenantControlPlane.metadata.generation;
  const states = findings.map((finding) => ({ ...finding, observedGeneration }));
  const conditions = setConditions(tenantControlPlane.status?.conditions, states, clock);
  const { object, changed } = await patchStatus(
    client,
    tenantControlPlanes,
    tenantControlPlane,
    { conditions },
    { signal },
  );
  if (changed) recordChanges(tenantControlPlane, object, events);
}
