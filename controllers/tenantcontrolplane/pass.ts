import { konnectivityImages } from '#addons/versions.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { secrets } from '#runtime/client/builtin.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { patchStatus } from '#runtime/client/status-patch.ts';
import type { ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import { recordChanges } from './condition-events.ts';
import type { Finding, Outcome } from './finding.ts';
import { RECHECK_MS } from './finding.ts';
import type { Gathered } from './gather.ts';
import { konnectivityEnabled } from './konnectivity.ts';
import { foreignController } from './ownership.ts';
import type { Authorities } from './phases/authorities.ts';
import { planAuthorities } from './phases/authorities.ts';
import type { Credentials } from './phases/credentials.ts';
import { credentialsFailure, planCredentials } from './phases/credentials.ts';
import type { Endpoint } from './phases/endpoint.ts';
import { reconcileEndpoint } from './phases/endpoint.ts';
import { recordIdentity } from './phases/identity.ts';
import type { Storage } from './phases/storage.ts';
import { chooseDataStore, reconcileStorage } from './phases/storage.ts';
import { reconcileTenantSide } from './phases/tenant.ts';
import { applySecrets, reconcileWorkload } from './phases/workload.ts';
import type { ReconcileOptions } from './reconcile.ts';
import { controlPlaneFinding, rolloutOf } from './rollout.ts';
import type { SecretDraft } from './secrets.ts';
import { secretObject, secretText } from './secrets.ts';
import type { PassResult } from './status.ts';
import { statusOf } from './status.ts';

/** One pass over one living control plane; collects findings and failures on its way through the phases. */
export class Pass {
  readonly #gathered: Gathered;
  readonly #context: ReconcileContext;
  readonly #options: ReconcileOptions;
  readonly #setUp: Set<string>;
  readonly #now: Date;
  readonly #konnectivity: boolean;
  readonly #findings: Finding[] = [];
  readonly #errors: Error[] = [];
  readonly #requeues: number[] = [];
  #tenantControlPlane: TenantControlPlane;

  constructor(gathered: Gathered, context: ReconcileContext, options: ReconcileOptions, setUp: Set<string>) {
    this.#gathered = gathered;
    this.#context = context;
    this.#options = options;
    this.#setUp = setUp;
    this.#now = new Date(options.clock.now());
    this.#tenantControlPlane = gathered.tenantControlPlane;
    this.#konnectivity = konnectivityEnabled(gathered.tenantControlPlane, options.konnectivityDefault);
  }

  async run(): Promise<Result> {
    const [endpoint, authorities, storage] = await Promise.all([
      this.#endpoint(),
      this.#authorities(),
      this.#storage(),
    ]);
    const credentials = await this.#credentials(authorities, endpoint);
    const drafts = [...(authorities?.drafts ?? []), ...(credentials?.drafts ?? []), ...(storage?.drafts ?? [])];
    const written = await this.#writeSecrets(drafts, authorities, credentials, endpoint);
    const deployment =
      written && endpoint !== undefined && credentials !== undefined && storage !== undefined
        ? await this.#workload(endpoint, storage, drafts)
        : this.#gathered.deployment;
    const rollout = rolloutOf(this.#tenantControlPlane, deployment);
    if (!this.#has('ControlPlaneReady')) {
      this.#findings.push(
        deployment === undefined
          ? { type: 'ControlPlaneReady', status: 'False', reason: 'Waiting', message: 'waiting for what comes before' }
          : controlPlaneFinding(this.#tenantControlPlane, rollout, this.#gathered.pods),
      );
    }
    await this.#tenantSide({ serving: rollout.serving && !rollout.asleep, endpoint, authorities, drafts });
    await this.#writeStatus({
      findings: this.#findings,
      names: this.#gathered.names,
      konnectivity: this.#konnectivity,
      endpoint,
      storage,
      drafts: written ? drafts : [],
      deployment,
      rollout,
    });
    const [failure] = this.#errors;
    if (failure !== undefined) throw failure;
    if (rollout.serving) this.#requeues.push(this.#options.tenantCheckMs);
    for (const renewAt of [credentials?.renewAt, storage?.renewAt]) {
      if (renewAt !== undefined) this.#requeues.push(Math.max(0, renewAt.getTime() - this.#now.getTime()));
    }
    return this.#requeues.length === 0 ? {} : { requeueAfterMs: Math.min(...this.#requeues) };
  }

  async #endpoint(): Promise<Endpoint | undefined> {
    const { applier } = this.#options;
    const { client, signal } = this.#context;
    return this.#take(
      await reconcileEndpoint({
        tenantControlPlane: this.#tenantControlPlane,
        service: this.#gathered.service,
        konnectivity: this.#konnectivity,
        applier,
        client,
        signal,
      }),
    );
  }

  async #authorities(): Promise<Authorities | undefined> {
    const { names } = this.#gathered;
    const foreign = foreignController(this.#gathered.secrets.get(names.ca), this.#tenantControlPlane);
    if (foreign !== undefined) {
      return this.#take({
        finding: {
          type: 'CertificatesReady',
          status: 'False',
          reason: 'ForeignObject',
          message: `Secret ${names.ca} belongs to ${foreign.kind} ${foreign.name}: delete it, so that this control plane's can take its place`,
        },
        requeueAfterMs: RECHECK_MS,
      });
    }
    try {
      return await planAuthorities({ ...this.#issuing(), tenantControlPlane: this.#tenantControlPlane, names });
    } catch (error) {
      return this.#take(credentialsFailure(names, error));
    }
  }

  async #storage(): Promise<Storage | undefined> {
    const { informers, dataStorePool } = this.#options;
    const { client, signal } = this.#context;
    const chosen = chooseDataStore(
      this.#tenantControlPlane,
      this.#gathered.dataStores,
      informers.tenantControlPlanes.list(),
      this.#options,
    );
    const dataStore = chosen.value;
    if (dataStore === undefined) return this.#take({ ...chosen, value: undefined });
    this.#tenantControlPlane = await recordIdentity(this.#tenantControlPlane, dataStore, client, signal);
    const uid = this.#tenantControlPlane.metadata.uid ?? '';
    const outcome = await reconcileStorage({
      ...this.#issuing(),
      tenantControlPlane: this.#tenantControlPlane,
      objectNames: this.#gathered.names,
      dataStore,
      connect: (one) => dataStorePool.connect(one, { signal }),
      ensureTenant: !this.#setUp.has(uid),
      signal,
    });
    if (outcome.finding.status === 'True') this.#setUp.add(uid);
    else this.#setUp.delete(uid);
    return this.#take(outcome);
  }

  async #credentials(
    authorities: Authorities | undefined,
    endpoint: Endpoint | undefined,
  ): Promise<Credentials | undefined> {
    if (authorities === undefined || endpoint === undefined) return undefined;
    const { names } = this.#gathered;
    try {
      return await planCredentials({
        ...this.#issuing(),
        tenantControlPlane: this.#tenantControlPlane,
        names,
        authorities,
        address: endpoint.address,
        konnectivity: this.#konnectivity,
      });
    } catch (error) {
      return this.#take(credentialsFailure(names, error));
    }
  }

  async #writeSecrets(
    drafts: readonly SecretDraft[],
    authorities: Authorities | undefined,
    credentials: Credentials | undefined,
    endpoint: Endpoint | undefined,
  ): Promise<boolean> {
    const { names, secrets: live } = this.#gathered;
    const { client, signal } = this.#context;
    try {
      await applySecrets(
        drafts.map((draft) => ({
          desired: secretObject(this.#tenantControlPlane, draft, live.get(draft.name)),
          live: live.get(draft.name),
        })),
        { applier: this.#options.applier, client, signal },
      );
      if (!this.#konnectivity) {
        const surplus = [names.konnectivityCertificate, names.konnectivityKubeconfig].flatMap(
          (name) => live.get(name) ?? [],
        );
        await Promise.all(surplus.map((secret) => client.delete(secrets, keyOf(secret), { signal })));
      }
    } catch (error) {
      this.#take(credentialsFailure(names, error));
      return false;
    }
    for (const { secretName, reissue } of authorities?.reissued ?? []) this.#reissued(secretName, reissue.message);
    for (const { secretName, message } of credentials?.reissued ?? []) this.#reissued(secretName, message);
    if (!this.#has('CertificatesReady')) {
      this.#findings.push(
        credentials === undefined
          ? {
              type: 'CertificatesReady',
              status: 'False',
              reason: 'Waiting',
              message: endpoint === undefined ? 'waiting for the address that certificates have to name' : 'waiting',
            }
          : {
              type: 'CertificatesReady',
              status: 'True',
              reason: 'CertificatesReady',
              message: `certificates and kubeconfigs are in place; the next renewal is due at ${credentials.renewAt.toISOString()}`,
            },
      );
    }
    return true;
  }

  async #workload(endpoint: Endpoint, storage: Storage, drafts: readonly SecretDraft[]) {
    const { applier, kineImage, managementAddresses, managerNamespace } = this.#options;
    const { client, signal } = this.#context;
    const dataStore = this.#gathered.dataStores.find((one) => one.metadata.name === storage.dataStoreName);
    const outcome = await reconcileWorkload({
      gathered: { ...this.#gathered, tenantControlPlane: this.#tenantControlPlane },
      endpoint,
      storage,
      konnectivity: this.#konnectivity ? konnectivityImages(this.#tenantControlPlane) : undefined,
      drafts,
      dataStore,
      managerNamespace,
      managementAddresses,
      kineImage,
      applier,
      client,
      signal,
    });
    if (outcome.finding !== undefined) this.#take(outcome);
    return outcome.value ?? this.#gathered.deployment;
  }

  async #tenantSide(input: {
    readonly serving: boolean;
    readonly endpoint: Endpoint | undefined;
    readonly authorities: Authorities | undefined;
    readonly drafts: readonly SecretDraft[];
  }): Promise<void> {
    const { endpoint, authorities } = input;
    const adminKubeconfig =
      input.drafts.find(({ name }) => name === this.#gathered.names.adminKubeconfig)?.data['super-admin.svc'] ??
      secretText(this.#gathered.secrets.get(this.#gathered.names.adminKubeconfig), 'super-admin.svc');
    if (!input.serving || endpoint === undefined || authorities === undefined || adminKubeconfig === undefined) {
      const asleep = this.#tenantControlPlane.spec.controlPlane.deployment?.replicas === 0;
      const reason = asleep ? 'Asleep' : 'Waiting';
      const message = asleep ? 'replicas is 0: the control plane sleeps' : 'waiting for an API server';
      this.#findings.push({ type: 'BootstrapReady', status: 'False', reason, message });
      this.#findings.push({ type: 'AddonsReady', status: 'False', reason, message });
      return;
    }
    const outcome = await reconcileTenantSide({
      tenantControlPlane: this.#tenantControlPlane,
      endpoint,
      konnectivity: this.#konnectivity,
      adminKubeconfig,
      caCertificatesPem: authorities.ca.certificatePem,
      pool: this.#options.tenantPool,
      ownedObjects: this.#options.ownedObjects,
      signal: this.#context.signal,
    });
    this.#findings.push(outcome.bootstrap, outcome.addons);
    if (outcome.error !== undefined) this.#errors.push(outcome.error);
  }

  async #writeStatus(result: PassResult): Promise<void> {
    const { client, signal } = this.#context;
    const status = statusOf(this.#tenantControlPlane, result, this.#options.clock);
    const { object, changed } = await patchStatus(client, tenantControlPlanes, this.#tenantControlPlane, status, {
      signal,
    });
    if (changed) recordChanges(this.#tenantControlPlane, object, this.#options.events);
  }

  #reissued(secretName: string, message: string): void {
    if (message === 'there is none yet') return;
    this.#options.events.record(this.#tenantControlPlane, {
      type: 'Normal',
      reason: 'CertificateReissued',
      action: 'Reissue',
      note: `Secret ${secretName} has new content: ${message}`,
    });
  }

  #issuing() {
    const { renewBeforeMs, keyAlgorithm } = this.#options;
    return { secrets: this.#gathered.secrets, now: this.#now, renewBeforeMs, algorithm: keyAlgorithm };
  }

  #has(type: Finding['type']): boolean {
    return this.#findings.some((finding) => finding.type === type);
  }

  #take<V>(outcome: Outcome<V> | { readonly finding: Finding; readonly value?: V | undefined }): V | undefined {
    // A finding that only says that all is well is added where the phase as a whole is known to have succeeded.
    this.#findings.push(outcome.finding);
    if ('error' in outcome && outcome.error !== undefined) this.#errors.push(outcome.error);
    if ('requeueAfterMs' in outcome && outcome.requeueAfterMs !== undefined)
      this.#requeues.push(outcome.requeueAfterMs);
    return outcome.value;
  }
}
