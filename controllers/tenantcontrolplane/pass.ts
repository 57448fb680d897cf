import { tenantControlPlanes } from '#api/kinds.ts';
import { patchStatus } from '#runtime/client/status-patch.ts';
import type { ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import { recordChanges, recordReissues } from './condition-events.ts';
import { nextPass } from './next-pass.ts';
import type { Memory } from './pass-phases.ts';
import { PassPhases } from './pass-phases.ts';
import { certificatesFinding } from './phases/certificates-ready.ts';
import type { HeldUpgrade } from './phases/held-upgrade.ts';
import { takeTurn } from './phases/start-turn.ts';
import type { ReconcileOptions } from './reconcile.ts';
import { controlPlaneFinding, rolloutOf } from './rollout.ts';
import type { Settled } from './settled-passes.ts';
import type { PassResult } from './status.ts';
import { statusOf } from './status.ts';
import { tenantCheckIntervalMs, untilNextCheck } from './tenant-check.ts';

/** One pass over one living control plane: the order of the phases, and the status that follows from what they found. */
export class Pass {
  readonly #phases: PassPhases;
  readonly #context: ReconcileContext;
  readonly #options: ReconcileOptions;
  readonly #memory: Memory;

  constructor(held: HeldUpgrade, context: ReconcileContext, options: ReconcileOptions, memory: Memory) {
    this.#phases = new PassPhases(held.gathered, context, options, memory);
    this.#context = context;
    this.#options = options;
    this.#memory = memory;
    if (held.finding !== undefined) this.#phases.record.take({ finding: held.finding });
    if (held.requeueAfterMs !== undefined) this.#phases.record.wait(held.requeueAfterMs);
  }

  async run(): Promise<Result> {
    const phases = this.#phases;
    const { record, gathered } = phases;
    const { settledPasses } = this.#memory;
    const uid = phases.tenantControlPlane.metadata.uid ?? '';
    const dataStore = await phases.dataStore();
    const world = dataStore === undefined ? undefined : await phases.world();
    const settled = settledPasses.recall(uid, world, phases.now);
    if (settled !== undefined && (await this.#lookIntoTenant(settled))) return this.#nextPass(settled.renewals);
    settledPasses.forget(uid);
    const [endpoint, authorities, authorization, storage] = await Promise.all([
      this.#timed('endpoint', () => phases.endpoint()),
      this.#timed('authorities', () => phases.authorities()),
      this.#timed('authorization', () => phases.authorization()),
      this.#timed('storage', () => phases.storage(dataStore)),
    ]);
    const exposure = endpoint === undefined ? undefined : await this.#timed('exposure', () => phases.exposure());
    const credentials = await this.#timed('credentials', () => phases.credentials(authorities, endpoint));
    const planned = [authorities, credentials, storage, authorization];
    const drafts = planned.flatMap((one) => one?.drafts ?? []);
    const written = await this.#timed('secrets', () => phases.secrets(drafts));
    if (written) recordReissues(phases.tenantControlPlane, planned, this.#options.events);
    record.unlessSaid(certificatesFinding(authorities, credentials, endpoint));
    const deployment =
      written &&
      endpoint !== undefined &&
      credentials !== undefined &&
      storage !== undefined &&
      authorization !== undefined &&
      this.#mayStart()
        ? await this.#timed('workload', () => phases.workload(endpoint, storage, authorization, drafts))
        : gathered.deployment;
    record.unlessSaid(controlPlaneFinding(phases.tenantControlPlane, deployment, gathered.pods));
    const rollout = rolloutOf(phases.tenantControlPlane, deployment);
    if (rollout.serving) this.#options.startTurns?.served(uid);
    const caCertificatesPem = authorities?.ca.certificatePem;
    if (settled === undefined) {
      await this.#timed('tenant', () => phases.tenantSide({ rollout, endpoint, caCertificatesPem, drafts }));
    }
    await this.#writeStatus({
      findings: record.findings,
      names: gathered.names,
      konnectivity: phases.konnectivity,
      endpoint,
      exposure,
      storage,
      drafts: written ? drafts : [],
      deployment,
      rollout,
    });
    const [failure] = record.errors;
    if (failure !== undefined) throw failure;
    const renewals = [credentials?.renewAt, storage?.renewAt, authorization?.renewAt];
    const isSettled =
      record.waitsMs.length === 0 &&
      record.findings.every(({ status }) => status === 'True') &&
      // That such an authority has ended is found by looking at it again.
      authorities?.ending.length === 0;
    if (isSettled && world !== undefined && endpoint !== undefined && caCertificatesPem !== undefined) {
      settledPasses.note(uid, world, { endpoint, caCertificatesPem, renewals }, phases.now);
    }
    return this.#nextPass(renewals, rollout.serving);
  }

  /** Whether everything there is as it should be. */
  async #lookIntoTenant({ endpoint, caCertificatesPem }: Settled): Promise<boolean> {
    const { tenantControlPlane, gathered, record } = this.#phases;
    const rollout = rolloutOf(tenantControlPlane, gathered.deployment);
    await this.#timed('tenant', () =>
      this.#phases.tenantSide({ rollout, endpoint, caCertificatesPem, drafts: [], isUnchanged: true }),
    );
    return record.errors.length === 0 && record.findings.every(({ status }) => status === 'True');
  }

  #nextPass(renewals: readonly (Date | undefined)[], isServing = true): Result {
    const { record, now } = this.#phases;
    return nextPass({ now, waitsMs: [...record.waitsMs, ...(isServing ? [this.#untilNextCheck()] : [])], renewals });
  }

  #mayStart(): boolean {
    const { record, tenantControlPlane, gathered } = this.#phases;
    return record.take(takeTurn(tenantControlPlane, gathered.deployment, this.#options.startTurns)) === true;
  }

  async #timed<V>(phase: string, work: () => Promise<V>): Promise<V> {
    const { clock, phaseTook } = this.#options;
    const started = clock.monotonic();
    try {
      return await work();
    } finally {
      phaseTook?.(phase, (clock.monotonic() - started) / 1000);
    }
  }

  async #writeStatus(result: PassResult): Promise<void> {
    const { client, signal } = this.#context;
    const { tenantControlPlane: before } = this.#phases;
    const { gateways } = this.#options.informers;
    const status = statusOf(before, result, this.#options.clock, (namespace, name) =>
      gateways.get({ namespace, name }),
    );
    const { object, changed } = await patchStatus(client, tenantControlPlanes, before, status, { signal });
    if (changed) recordChanges(before, object, this.#options.events);
  }

  #untilNextCheck(): number {
    const { informers, tenantCheckMs = tenantCheckIntervalMs } = this.#options;
    const { tenantControlPlane, now } = this.#phases;
    const intervalMs = tenantCheckMs(informers.tenantControlPlanes.list().length);
    return untilNextCheck(tenantControlPlane.metadata.uid ?? '', now, intervalMs);
  }
}
