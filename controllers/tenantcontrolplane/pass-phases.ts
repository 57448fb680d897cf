import { konnectivityImages } from '#addons/versions.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { dataStoresOf } from '#datastore/scheduling.ts';
import type { Deployment } from '#runtime/client/builtin.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import type { ReconcileContext } from '#runtime/controller/reconciler.ts';
import type { Gathered } from './gather.ts';
import { konnectivityEnabled } from './konnectivity.ts';
import { PassRecord } from './pass-record.ts';
import type { Authorities } from './phases/authorities.ts';
import { planAuthorities } from './phases/authorities.ts';
import type { Authorization } from './phases/authorization.ts';
import { planAuthorization } from './phases/authorization.ts';
import { certificatesFailure } from './phases/certificates-ready.ts';
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
import type { ReconcileOptions } from './reconcile.ts';
import type { Rollout } from './rollout.ts';
import type { SecretDraft } from './secrets.ts';
import type { SettledPasses, World } from './settled-passes.ts';
import { worldOf } from './settled-passes.ts';

/** What is kept from one pass to the next, by the UID of the control plane. */
export interface Memory {
  /** Stores on which this process has seen the user of a tenant. */
  readonly setups: Map<string, string>;
  readonly settledPasses: SettledPasses;
}

interface TenantSide {
  readonly rollout: Rollout;
  readonly endpoint: Endpoint | undefined;
  readonly caCertificatesPem: string | undefined;
  readonly drafts: readonly SecretDraft[];
  /** Nothing has changed since the last look into the tenant but perhaps there. */
  readonly isUnchanged?: boolean;
}

/** The phases of one pass, each with what it works on and with; what they find out goes into the record. */
export class PassPhases {
  readonly record = new PassRecord();
  readonly gathered: Gathered;
  readonly now: Date;
  readonly konnectivity: boolean;
  readonly #context: ReconcileContext;
  readonly #options: ReconcileOptions;
  readonly #memory: Memory;
  #tenantControlPlane: TenantControlPlane;

  constructor(gathered: Gathered, context: ReconcileContext, options: ReconcileOptions, memory: Memory) {
    this.gathered = gathered;
    this.now = new Date(options.clock.now());
    this.konnectivity = konnectivityEnabled(gathered.tenantControlPlane, options.konnectivityDefault);
    this.#context = context;
    this.#options = options;
    this.#memory = memory;
    this.#tenantControlPlane = gathered.tenantControlPlane;
  }

  /** As the pass has left it so far. */
  get tenantControlPlane(): TenantControlPlane {
    return this.#tenantControlPlane;
  }

  /** The store to be on, once the object says what it is called there. */
  async dataStore(): Promise<DataStore | undefined> {
    const { client, signal } = this.#context;
    const chosen = chooseDataStore(
      this.#tenantControlPlane,
      this.gathered.dataStores,
      this.#options.informers.tenantControlPlanes.list(),
      this.#options,
    );
    const dataStore = this.record.take(chosen);
    if (dataStore === undefined) return undefined;
    this.#tenantControlPlane = await recordIdentity(this.#tenantControlPlane, dataStore, client, signal);
    return dataStore;
  }

  /** What this pass decides on; undefined where that cannot be said. */
  async world(): Promise<World | undefined> {
    const { informers, dataStorePool } = this.#options;
    // A tenant that has no place yet is at the beginning of its way.
    if (this.#tenantControlPlane.status?.storage?.setup?.schema === undefined) return undefined;
    const names = dataStoresOf(this.#tenantControlPlane);
    const stores = this.gathered.dataStores.filter(({ metadata }) => names.includes(metadata.name ?? ''));
    try {
      const { signal } = this.#context;
      const connections = await Promise.all(stores.map((one) => dataStorePool.connect(one, { signal })));
      return worldOf(this.gathered, [
        ...stores,
        ...connections.map(({ config }) => config.fingerprint),
        ...informers.addonVersions.list(),
        ...informers.gateways.list(),
      ]);
    } catch {
      // The phase that needs the store finds out what is wrong with it.
      return undefined;
    }
  }

  async endpoint(): Promise<Endpoint | undefined> {
    const { tenantControlPlane, konnectivity } = this;
    const { service } = this.gathered;
    return this.record.take(await reconcileEndpoint({ tenantControlPlane, service, konnectivity, ...this.#writing() }));
  }

  async exposure(): Promise<Exposure | undefined> {
    const { tenantControlPlane, konnectivity } = this;
    const { exposure: live } = this.gathered;
    return this.record.take(await reconcileExposure({ tenantControlPlane, live, konnectivity, ...this.#writing() }));
  }

  async authorities(): Promise<Authorities | undefined> {
    const { tenantControlPlane } = this;
    const { names } = this.gathered;
    return this.record.take(await planAuthorities({ ...this.#issuing(), tenantControlPlane, names }));
  }

  async authorization(): Promise<Authorization | undefined> {
    const { tenantControlPlane } = this;
    const { names, managerCertificate } = this.gathered;
    const { managerNamespace } = this.#options;
    return this.record.take(
      await planAuthorization({ ...this.#issuing(), tenantControlPlane, names, managerCertificate, managerNamespace }),
    );
  }

  async storage(dataStore: DataStore | undefined): Promise<Storage | undefined> {
    if (dataStore === undefined) return undefined;
    const { signal } = this.#context;
    const uid = this.#tenantControlPlane.metadata.uid ?? '';
    const stores = dataStoresOf(this.#tenantControlPlane).join();
    const outcome = await reconcileStorage({
      ...this.#issuing(),
      tenantControlPlane: this.#tenantControlPlane,
      objectNames: this.gathered.names,
      dataStore,
      dataStores: this.gathered.dataStores,
      connect: (one) => this.#options.dataStorePool.connect(one, { signal }),
      ensureTenant: this.#memory.setups.get(uid) !== stores,
      signal,
    });
    if (outcome.finding.status === 'True') this.#memory.setups.set(uid, stores);
    else this.#memory.setups.delete(uid);
    return this.record.take(outcome);
  }

  async credentials(
    authorities: Authorities | undefined,
    endpoint: Endpoint | undefined,
  ): Promise<Credentials | undefined> {
    if (authorities === undefined || endpoint === undefined) return undefined;
    try {
      return await planCredentials({
        ...this.#issuing(),
        tenantControlPlane: this.#tenantControlPlane,
        names: this.gathered.names,
        authorities,
        address: endpoint.address,
        konnectivity: this.konnectivity,
      });
    } catch (error) {
      return this.record.take(certificatesFailure(error));
    }
  }

  /** Whether all that is wanted stands. */
  async secrets(drafts: readonly SecretDraft[]): Promise<boolean> {
    const step = await reconcileSecrets({
      tenantControlPlane: this.#tenantControlPlane,
      names: this.gathered.names,
      drafts,
      live: this.gathered.secrets,
      absent: this.gathered.absentSecrets,
      konnectivity: this.konnectivity,
      ...this.#writing(),
    });
    return this.record.take(step) === true;
  }

  async workload(
    endpoint: Endpoint,
    storage: Storage,
    { asksManager }: Authorization,
    drafts: readonly SecretDraft[],
  ): Promise<Deployment | undefined> {
    const { tenantControlPlane, gathered } = this;
    const { kineImage, managementAddresses, managerNamespace } = this.#options;
    const step = await reconcileWorkload({
      gathered: { ...gathered, tenantControlPlane },
      endpoint,
      storage,
      konnectivity: this.konnectivity
        ? konnectivityImages(tenantControlPlane, gathered.addonVersions.versions)
        : undefined,
      drafts,
      dataStore: gathered.dataStores.find((one) => one.metadata.name === storage.dataStoreName),
      managerNamespace,
      asksManager,
      managementAddresses,
      kineImage,
      ...this.#writing(),
    });
    return this.record.take(step) ?? gathered.deployment;
  }

  async tenantSide({ rollout, endpoint, caCertificatesPem, drafts, isUnchanged = false }: TenantSide): Promise<void> {
    const { tenantControlPlane, konnectivity } = this;
    const { tenantPool, ownedObjects } = this.#options;
    const { names, secrets, addonVersions } = this.gathered;
    const { client, signal } = this.#context;
    const planned = drafts.find(({ name }) => name === names.adminKubeconfig)?.data['super-admin.svc'];
    const adminKubeconfig = planned ?? secretText(secrets.get(names.adminKubeconfig), 'super-admin.svc');
    const awake = rollout.serving && !rollout.asleep;
    if (rollout.asleep) tenantPool.forget(tenantControlPlane.metadata.uid ?? '');
    const outcome =
      awake && endpoint !== undefined && caCertificatesPem !== undefined && adminKubeconfig !== undefined
        ? await reconcileTenantSide({
            tenantControlPlane,
            endpoint,
            konnectivity,
            addonVersions,
            adminKubeconfig,
            caCertificatesPem,
            isUnchanged,
            pool: tenantPool,
            ownedObjects,
            signal,
          })
        : tenantSideWaiting(tenantControlPlane);
    this.record.take({ finding: outcome.bootstrap });
    this.record.take({ finding: outcome.addons });
    if (outcome.error !== undefined) this.record.fail(outcome.error);
    if (outcome.bootstrap.status === 'True') {
      this.#tenantControlPlane = await letGoOfUpstream(tenantControlPlane, client, signal);
    }
  }

  #writing() {
    const { client, signal } = this.#context;
    return { applier: this.#options.applier, client, signal };
  }

  #issuing() {
    const { renewBeforeMs, keyAlgorithm: algorithm, generateKeyPair } = this.#options;
    const { secrets } = this.gathered;
    return {
      secrets,
      now: this.now,
      renewBeforeMs,
      algorithm,
      ...(generateKeyPair === undefined ? {} : { generateKeyPair }),
    };
  }
}
