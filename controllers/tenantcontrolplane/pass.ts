import { konnectivityImages } from '#addons/versions.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { dataStoresOf } from '#datastore/scheduling.ts';
import { patchStatus } from '#runtime/client/status-patch.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import { recordChanges, recordReissues } from './condition-events.ts';
import type { Finding, Step } from './finding.ts';
import type { Gathered } from './gather.ts';
import { konnectivityEnabled } from './konnectivity.ts';
import type { Authorities } from './phases/authorities.ts';
import { planAuthorities } from './phases/authorities.ts';
import type { Authorization } from './phases/authorization.ts';
import { planAuthorization } from './phases/authorization.ts';
import { certificatesFailure, certificatesFinding } from './phases/certificates-ready.ts';
import type { Credentials } from './phases/credentials.ts';
import { planCredentials } from './phases/credentials.ts';
import type { Endpoint } from './phases/endpoint.ts';
import { reconcileEndpoint } from './phases/endpoint.ts';
import type { Exposure } from './phases/exposure.ts';
import { reconcileExposure } from './phases/exposure.ts';
import { recordIdentity } from './phases/identity.ts';
import { reconcileSecrets } from './phases/secret-objects.ts';
import type { Storage } from './phases/storage.ts';
import { chooseDataStore, reconcileStorage } from './phases/storage.ts';
import { reconcileTenantSide, tenantSideWaiting } from './phases/tenant.ts';
import { letGoOfUpstream } from './phases/upstream-leftovers.ts';
import { reconcileWorkload } from './phases/workload.ts';
import { nextPass } from './next-pass.ts';
import type { ReconcileOptions } from './reconcile.ts';
import type { Rollout } from './rollout.ts';
import { controlPlaneFinding, rolloutOf } from './rollout.ts';
import type { SecretDraft } from './secrets.ts';
import { secretText } from './secrets.ts';
import type { PassResult } from './status.ts';
import { TURN_RECHECK_MS } from './start-turns.ts';
import { statusOf } from './status.ts';
import { tenantCheckIntervalMs, untilNextCheck } from './tenant-check.ts';

/** One pass over one living control plane; collects findings and failures on its way through the phases. */
export class Pass {
  readonly #gathered: Gathered;
  readonly #context: ReconcileContext;
  readonly #options: ReconcileOptions;
  readonly #setUp: Map<string, string>;
  readonly #now: Date;
  readonly #konnectivity: boolean;
  #findings: Finding[] = [];
  readonly #errors: Error[] = [];
  readonly #requeues: number[] = [];
  #tenantControlPlane: TenantControlPlane;

  constructor(gathered: Gathered, context: ReconcileContext, options: ReconcileOptions, setUp: Map<string, string>) {
    this.#gathered = gathered;
    this.#context = context;
    this.#options = options;
    this.#setUp = setUp;
    this.#now = new Date(options.clock.now());
    this.#tenantControlPlane = gathered.tenantControlPlane;
    this.#konnectivity = konnectivityEnabled(gathered.tenantControlPlane, options.konnectivityDefault);
  }

  async run(): Promise<Result> {
    const dataStore = await this.#dataStore();
    const [endpoint, authorities, authorization, storage] = await Promise.all([
      this.#timed('endpoint', () => this.#endpoint()),
      this.#timed('authorities', () => this.#authorities()),
      this.#timed('authorization', () => this.#authorization()),
      this.#timed('storage', () => this.#storage(dataStore)),
    ]);
    const exposure = endpoint === undefined ? undefined : await this.#timed('exposure', () => this.#exposure());
    const credentials = await this.#timed('credentials', () => this.#credentials(authorities, endpoint));
    const planned = [authorities, credentials, storage, authorization];
    const drafts = planned.flatMap((one) => one?.drafts ?? []);
    const written = await this.#timed('secrets', () => this.#secrets(drafts));
    if (written) recordReissues(this.#tenantControlPlane, planned, this.#options.events);
    this.#unlessSaid(certificatesFinding(authorities, credentials, endpoint));
    const deployment =
      written &&
      endpoint !== undefined &&
      credentials !== undefined &&
      storage !== undefined &&
      authorization !== undefined &&
      this.#mayStart()
        ? await this.#timed('workload', () => this.#workload(endpoint, storage, authorization, drafts))
        : this.#gathered.deployment;
    this.#unlessSaid(controlPlaneFinding(this.#tenantControlPlane, deployment, this.#gathered.pods));
    const rollout = rolloutOf(this.#tenantControlPlane, deployment);
    if (rollout.serving) this.#options.startTurns?.served(this.#tenantControlPlane.metadata.uid ?? '');
    await this.#timed('tenant', () => this.#tenantSide(rollout, endpoint, authorities, drafts));
    await this.#writeStatus({
      findings: this.#findings,
      names: this.#gathered.names,
      konnectivity: this.#konnectivity,
      endpoint,
      exposure,
      storage,
      drafts: written ? drafts : [],
      deployment,
      rollout,
    });
    const [failure] = this.#errors;
    if (failure !== undefined) throw failure;
    return nextPass({
      now: this.#now,
      waitsMs: [...this.#requeues, ...(rollout.serving ? [this.#untilNextCheck()] : [])],
      renewals: [credentials?.renewAt, storage?.renewAt, authorization?.renewAt],
    });
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

  /** The store to be on, once the object says what it is called there. */
  async #dataStore(): Promise<DataStore | undefined> {
    const { client, signal } = this.#context;
    const chosen = chooseDataStore(
      this.#tenantControlPlane,
      this.#gathered.dataStores,
      this.#options.informers.tenantControlPlanes.list(),
      this.#options,
    );
    const dataStore = this.#take(chosen);
    if (dataStore === undefined) return undefined;
    this.#tenantControlPlane = await recordIdentity(this.#tenantControlPlane, dataStore, client, signal);
    return dataStore;
  }

  async #endpoint(): Promise<Endpoint | undefined> {
    return this.#take(
      await reconcileEndpoint({
        tenantControlPlane: this.#tenantControlPlane,
        service: this.#gathered.service,
        konnectivity: this.#konnectivity,
        ...this.#writing(),
      }),
    );
  }

  async #exposure(): Promise<Exposure | undefined> {
    return this.#take(
      await reconcileExposure({
        tenantControlPlane: this.#tenantControlPlane,
        live: this.#gathered.exposure,
        konnectivity: this.#konnectivity,
        ...this.#writing(),
      }),
    );
  }

  async #authorities(): Promise<Authorities | undefined> {
    const { names } = this.#gathered;
    const tenantControlPlane = this.#tenantControlPlane;
    return this.#take(await planAuthorities({ ...this.#issuing(), tenantControlPlane, names }));
  }

  async #authorization(): Promise<Authorization | undefined> {
    const { names, managerCertificate } = this.#gathered;
    const { managerNamespace } = this.#options;
    const tenantControlPlane = this.#tenantControlPlane;
    return this.#take(
      await planAuthorization({ ...this.#issuing(), tenantControlPlane, names, managerCertificate, managerNamespace }),
    );
  }

  async #storage(dataStore: DataStore | undefined): Promise<Storage | undefined> {
    if (dataStore === undefined) return undefined;
    const { signal } = this.#context;
    const uid = this.#tenantControlPlane.metadata.uid ?? '';
    const stores = dataStoresOf(this.#tenantControlPlane).join();
    const outcome = await reconcileStorage({
      ...this.#issuing(),
      tenantControlPlane: this.#tenantControlPlane,
      objectNames: this.#gathered.names,
      dataStore,
      dataStores: this.#gathered.dataStores,
      connect: (one) => this.#options.dataStorePool.connect(one, { signal }),
      ensureTenant: this.#setUp.get(uid) !== stores,
      signal,
    });
    if (outcome.finding.status === 'True') this.#setUp.set(uid, stores);
    else this.#setUp.delete(uid);
    return this.#take(outcome);
  }

  async #credentials(
    authorities: Authorities | undefined,
    endpoint: Endpoint | undefined,
  ): Promise<Credentials | undefined> {
    if (authorities === undefined || endpoint === undefined) return undefined;
    try {
      return await planCredentials({
        ...this.#issuing(),
        tenantControlPlane: this.#tenantControlPlane,
        names: this.#gathered.names,
        authorities,
        address: endpoint.address,
        konnectivity: this.#konnectivity,
      });
    } catch (error) {
      return this.#take(certificatesFailure(error));
    }
  }

  async #secrets(drafts: readonly SecretDraft[]): Promise<boolean> {
    const step = await reconcileSecrets({
      tenantControlPlane: this.#tenantControlPlane,
      names: this.#gathered.names,
      drafts,
      live: this.#gathered.secrets,
      konnectivity: this.#konnectivity,
      ...this.#writing(),
    });
    return this.#take(step) === true;
  }

  /** Whether its pods may be there: what has never served waits for its turn. */
  #mayStart(): boolean {
    const { startTurns } = this.#options;
    const { metadata, spec, status } = this.#tenantControlPlane;
    const hasServed = status?.kubernetesResources?.version?.version !== undefined;
    const uid = metadata.uid ?? '';
    if (startTurns === undefined || hasServed) return true;
    if (spec.controlPlane.deployment?.replicas === 0) {
      startTurns.leave(uid);
      return true;
    }
    if (this.#gathered.deployment !== undefined) {
      startTurns.resume(uid);
      return true;
    }
    if (startTurns.mayStart(uid, keyOf(this.#tenantControlPlane))) return true;
    const message = 'other control planes are starting: this one follows when they serve';
    this.#take({
      finding: { type: 'ControlPlaneReady', status: 'False', reason: 'WaitingForTurn', message },
      requeueAfterMs: TURN_RECHECK_MS,
    });
    return false;
  }

  async #workload(
    endpoint: Endpoint,
    storage: Storage,
    { asksManager }: Authorization,
    drafts: readonly SecretDraft[],
  ) {
    const { kineImage, managementAddresses, managerNamespace } = this.#options;
    const { addonVersions } = this.#gathered;
    const step = await reconcileWorkload({
      gathered: { ...this.#gathered, tenantControlPlane: this.#tenantControlPlane },
      endpoint,
      storage,
      konnectivity: this.#konnectivity
        ? konnectivityImages(this.#tenantControlPlane, addonVersions.versions)
        : undefined,
      drafts,
      dataStore: this.#gathered.dataStores.find((one) => one.metadata.name === storage.dataStoreName),
      managerNamespace,
      asksManager,
      managementAddresses,
      kineImage,
      ...this.#writing(),
    });
    return this.#take(step) ?? this.#gathered.deployment;
  }

  async #tenantSide(
    rollout: Rollout,
    endpoint: Endpoint | undefined,
    authorities: Authorities | undefined,
    drafts: readonly SecretDraft[],
  ): Promise<void> {
    const tenantControlPlane = this.#tenantControlPlane;
    const { tenantPool, ownedObjects } = this.#options;
    const { names, secrets } = this.#gathered;
    const planned = drafts.find(({ name }) => name === names.adminKubeconfig)?.data['super-admin.svc'];
    const adminKubeconfig = planned ?? secretText(secrets.get(names.adminKubeconfig), 'super-admin.svc');
    const awake = rollout.serving && !rollout.asleep;
    if (rollout.asleep) tenantPool.forget(tenantControlPlane.metadata.uid ?? '');
    const outcome =
      awake && endpoint !== undefined && authorities !== undefined && adminKubeconfig !== undefined
        ? await reconcileTenantSide({
            tenantControlPlane,
            endpoint,
            konnectivity: this.#konnectivity,
            addonVersions: this.#gathered.addonVersions,
            adminKubeconfig,
            caCertificatesPem: authorities.ca.certificatePem,
            pool: tenantPool,
            ownedObjects,
            signal: this.#context.signal,
          })
        : tenantSideWaiting(tenantControlPlane);
    this.#findings.push(outcome.bootstrap, outcome.addons);
    if (outcome.error !== undefined) this.#errors.push(outcome.error);
    if (outcome.bootstrap.status === 'True') {
      const { client, signal } = this.#context;
      this.#tenantControlPlane = await letGoOfUpstream(this.#tenantControlPlane, client, signal);
    }
  }

  async #writeStatus(result: PassResult): Promise<void> {
    const { client, signal } = this.#context;
    const before = this.#tenantControlPlane;
    const { gateways } = this.#options.informers;
    const status = statusOf(before, result, this.#options.clock, (namespace, name) =>
      gateways.get({ namespace, name }),
    );
    const { object, changed } = await patchStatus(client, tenantControlPlanes, before, status, { signal });
    if (changed) recordChanges(before, object, this.#options.events);
  }

  #untilNextCheck(): number {
    const { informers, tenantCheckMs = tenantCheckIntervalMs } = this.#options;
    const intervalMs = tenantCheckMs(informers.tenantControlPlanes.list().length);
    return untilNextCheck(this.#tenantControlPlane.metadata.uid ?? '', this.#now, intervalMs);
  }

  #writing() {
    const { client, signal } = this.#context;
    return { applier: this.#options.applier, client, signal };
  }

  #issuing() {
    const { renewBeforeMs, keyAlgorithm: algorithm, generateKeyPair } = this.#options;
    const { secrets } = this.#gathered;
    return {
      secrets,
      now: this.#now,
      renewBeforeMs,
      algorithm,
      ...(generateKeyPair === undefined ? {} : { generateKeyPair }),
    };
  }

  /** For what follows from a phase as a whole: counts only where no step of it had a say. */
  #unlessSaid(finding: Finding): void {
    if (!this.#findings.some(({ type }) => type === finding.type)) this.#findings.push(finding);
  }

  #take<V>(step: Step<V>): V | undefined {
    if (step.finding === undefined) return step.value;
    const { type } = step.finding;
    // The later step of two that speak of the same has the last word: it runs only where the earlier one was content.
    this.#findings = [...this.#findings.filter((finding) => finding.type !== type), step.finding];
    if (step.error !== undefined) this.#errors.push(step.error);
    if (step.requeueAfterMs !== undefined) this.#requeues.push(step.requeueAfterMs);
    return step.value;
  }
}
