import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { ConnectionConfig } from '#datastore/connection.ts';
import { DataStoreError } from '#datastore/errors.ts';
import type { Connection } from '#datastore/pool.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { refusesNewTenants, tenantNamesOf } from '#datastore/scheduling.ts';

/** A resource of the tenant that is kept on another store than the rest. */
export interface OverrideStore {
  /** `group/resource`; the core group is empty. */
  readonly resource: string;
  readonly dataStore: DataStore;
  readonly endpoints: readonly string[];
  /** Where it is not that of the tenant's own store: what signs certificates of clients there. */
  readonly authority?: CertificatePair;
}

/** A store that `spec.dataStoreOverrides` names cannot be used; the message says which, why and what to do. */
export class OverrideStoreError extends Error {
  override readonly name = 'OverrideStoreError';
  readonly code: 'DataStoreNotFound' | 'DataStoreNotReady' | 'DataStoreNotIsolated' | 'DriverUnsupported';

  constructor(code: OverrideStoreError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface OverrideStoresInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly dataStores: readonly DataStore[];
  /** Of the store that has all the rest. */
  readonly main: ConnectionConfig;
  readonly connect: (dataStore: DataStore) => Promise<Connection>;
  readonly ensureTenant: boolean;
  readonly signal: AbortSignal;
}

/**
 * Makes the tenant's user and prefix on the stores of its overrides too. Throws OverrideStoreError, and as the driver does.
 */
export async function reconcileOverrideStores(input: OverrideStoresInput): Promise<readonly OverrideStore[]> {
  const stores = new Map<string, Promise<Omit<OverrideStore, 'resource'>>>();
  const overrides = (input.tenantControlPlane.spec.dataStoreOverrides ?? []).map(
    async ({ resource = '', dataStore: name = '' }) => {
      const store = stores.get(name) ?? storeOf(name, input);
      stores.set(name, store);
      return { resource, ...(await store) };
    },
  );
  return Promise.all(overrides);
}

/** The authorities of those stores beside that of the tenant's own, each once. */
export function authoritiesOf(overrides: readonly OverrideStore[]): readonly CertificatePair[] {
  const found = new Map(
    overrides.flatMap(({ authority }) => (authority === undefined ? [] : [[authority.certificatePem, authority]])),
  );
  // The order in which somebody names resources is no reason to replace pods.
  return [...found.keys()].toSorted().flatMap((certificatePem) => found.get(certificatePem) ?? []);
}

async function storeOf(name: string, input: OverrideStoresInput): Promise<Omit<OverrideStore, 'resource'>> {
  const { tenantControlPlane, main } = input;
  const dataStore = input.dataStores.find(({ metadata }) => metadata.name === name);
  if (dataStore === undefined) {
    const message = `there is no DataStore ${name}: create it, or name another one in spec.dataStoreOverrides`;
    throw new OverrideStoreError('DataStoreNotFound', message);
  }
  const wasSetUp = tenantControlPlane.status?.storage?.setup?.schema !== undefined;
  const ready = dataStore.status?.ready === true;
  if (!ready && !wasSetUp) {
    throw new OverrideStoreError('DataStoreNotReady', `DataStore ${name} of spec.dataStoreOverrides is not ready`);
  }
  const refusal = wasSetUp ? undefined : refusesNewTenants(dataStore);
  if (refusal !== undefined) {
    throw new OverrideStoreError(
      'DataStoreNotIsolated',
      `DataStore ${name} of spec.dataStoreOverrides takes no new tenants: ${refusal}`,
    );
  }
  const { config, driver } = await input.connect(dataStore);
  if (config.driver !== 'etcd' || main.driver !== 'etcd') {
    const message = `spec.dataStoreOverrides needs stores of driver etcd, and so does spec.dataStore then: ${name} or the tenant's own is none`;
    throw new OverrideStoreError('DriverUnsupported', message);
  }
  if (ready && input.ensureTenant)
    await ensure(name, () => driver.ensureTenant(tenantNamesOf(tenantControlPlane), input.signal));
  const { ca, caKey } = config.tls ?? {};
  const isOther = ca !== undefined && caKey !== undefined && ca.trim() !== main.tls?.ca.trim();
  return {
    dataStore,
    endpoints: config.endpoints,
    ...(isOther ? { authority: { certificatePem: ca, privateKeyPem: caKey } } : {}),
  };
}

async function ensure(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DataStoreError)) throw error;
    throw new DataStoreError(error.code, `on DataStore ${name} of spec.dataStoreOverrides: ${error.message}`, {
      cause: error,
    });
  }
}
