import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import type { ConnectionConfig } from '#datastore/connection.ts';
import type { TenantNames } from '#datastore/driver.ts';
import type { DataStoreErrorCode } from '#datastore/errors.ts';
import { DataStoreError } from '#datastore/errors.ts';
import type { Connection } from '#datastore/pool.ts';
import { DataStoreConfigError } from '#datastore/resolve.ts';
import {
  findNameCollision,
  needsManagedDataStore,
  olderTenantOf,
  pickDataStore,
  refusesNewTenants,
  tenantNamesOf,
} from '#datastore/scheduling.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Outcome, Step } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { Reissued, SecretDraft } from '../secrets.ts';
import type { IssuingInput } from './certificates.ts';
import type { OverrideStore } from './override-stores.ts';
import { authoritiesOf, OverrideStoreError, reconcileOverrideStores } from './override-stores.ts';
import { hasPassword, passwordOf, planAccess } from './storage-access.ts';

/** A tenant's place in a store, ready to be used by its API server. */
export interface Storage {
  readonly dataStoreName: string;
  /** Undefined where nobody has asked the store yet. */
  readonly identity: string | undefined;
  readonly config: ConnectionConfig;
  /** What is kept elsewhere. */
  readonly overrides: readonly OverrideStore[];
  readonly names: TenantNames;
  readonly drafts: readonly SecretDraft[];
  readonly renewAt: Date | undefined;
  readonly reissued: readonly Reissued[];
}

type StorageOutcome<V> = Outcome<V, 'DataStoreReady'>;

/** The DataStore that a tenant is, or is to be put, on. Pure. */
export function chooseDataStore(
  tenant: TenantControlPlane,
  dataStores: readonly DataStore[],
  tenants: readonly TenantControlPlane[],
  options: { readonly defaultDataStore?: string; readonly makeDefaultDataStore: boolean },
): Step<DataStore, 'DataStoreReady'> {
  const recorded = tenant.status?.storage;
  const name = recorded?.dataStoreName ?? pickDataStore(tenant, dataStores, options.defaultDataStore);
  if (name === undefined) {
    return options.makeDefaultDataStore && needsManagedDataStore(tenant, dataStores, options.defaultDataStore)
      ? wait('DataStoreCreating', 'waiting for the DataStore default, which is made for tenants that name none')
      : wait(
          'DataStoreMissing',
          'spec.dataStore names no DataStore and there is no default one: set spec.dataStore, or annotate a DataStore with kamaji.clastix.io/default-datastore=true',
        );
  }
  const dataStore = dataStores.find((one) => one.metadata.name === name);
  if (dataStore === undefined) {
    return wait('DataStoreNotFound', `there is no DataStore ${name}: create it, or name another one in spec.dataStore`);
  }
  if (recorded?.identity !== undefined && (dataStore.status?.identity ?? recorded.identity) !== recorded.identity) {
    return wait(
      'DataStoreMismatch',
      `the tenant's data is on store ${recorded.identity}, but DataStore ${name} is now store ${dataStore.status?.identity ?? ''}: point the DataStore at the right store, nothing is created on the other one`,
    );
  }
  const rival = findNameCollision(tenant, tenants);
  if (rival !== undefined) {
    const message = `the schema or user of this tenant belongs to TenantControlPlane ${rival.metadata.namespace ?? ''}/${rival.metadata.name ?? ''} on DataStore ${name}: create the tenant anew with other names`;
    return { ...wait('SchemaTaken', message), requeueAfterMs: RECHECK_MS };
  }
  const tenantOfNats = dataStore.spec.driver === 'NATS' ? olderTenantOf(name, tenant, tenants) : undefined;
  if (tenantOfNats !== undefined) {
    const message = `DataStore ${name} is a NATS, which holds one tenant, and has TenantControlPlane ${tenantOfNats.metadata.namespace ?? ''}/${tenantOfNats.metadata.name ?? ''}: create the tenant anew on a DataStore of its own`;
    return { ...wait('SchemaTaken', message), requeueAfterMs: RECHECK_MS };
  }
  return { value: dataStore };
}

export interface StorageInput extends IssuingInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly objectNames: NamesOfControlPlane;
  readonly dataStore: DataStore;
  /** All that there are, since overrides may name any. */
  readonly dataStores: readonly DataStore[];
  readonly connect: (dataStore: DataStore) => Promise<Connection>;
  /** Whether to make sure of user and permissions in the store: once per process and tenant, and after a failure. */
  readonly ensureTenant: boolean;
  readonly signal: AbortSignal;
}

/** Makes user, permissions and schema in the store, and plans the Secrets by which the API server gets in. */
export async function reconcileStorage(input: StorageInput): Promise<StorageOutcome<Storage>> {
  const { tenantControlPlane: tenant, dataStore, objectNames } = input;
  const name = dataStore.metadata.name ?? '';
  const wasSetUp = tenant.status?.storage?.setup?.schema !== undefined;
  const ready = dataStore.status?.ready === true;
  if (!ready && !wasSetUp) return storeNotReady(dataStore);
  const refusal = wasSetUp ? undefined : refusesNewTenants(dataStore);
  if (refusal !== undefined) return wait('DataStoreNotIsolated', `DataStore ${name} takes no new tenants: ${refusal}`);
  try {
    const { config, driver } = await input.connect(dataStore);
    const names = tenantNamesOf(tenant);
    const secret = input.secrets.get(objectNames.datastoreConfig);
    const password = passwordOf(ready ? secret : untouched(secret), dataStore, input.now);
    // The store must know a password before anybody is given it.
    if (ready && (input.ensureTenant || (hasPassword(config) && password.madeAt !== undefined))) {
      await driver.ensureTenant(hasPassword(config) ? { ...names, password: password.text } : names, input.signal);
    }
    const overrides = await reconcileOverrideStores({ ...input, main: config });
    const access = await planAccess(input, config, names, password, authoritiesOf(overrides));
    const value: Storage = {
      dataStoreName: name,
      identity: tenant.status?.storage?.identity ?? dataStore.status?.identity,
      config,
      overrides,
      names,
      ...access,
    };
    if (!ready) return { ...storeNotReady(dataStore), value };
    const wanted = tenant.spec.dataStore ?? name;
    if (wanted !== name) {
      const message = `the tenant's data stays on DataStore ${name}: moving it to ${wanted} is not possible yet, set spec.dataStore back to ${name}`;
      return { ...wait('MigrationRequired', message), value };
    }
    return {
      finding: {
        type: 'DataStoreReady',
        status: 'True',
        reason: 'DataStoreReady',
        message: `user ${names.user} and schema ${names.schema} are set up on DataStore ${name}`,
      },
      value,
    };
  } catch (error) {
    return failed(name, error);
  }
}

/** A Secret with which nothing is wrong that could be mended while the store takes no new password. */
function untouched(secret: Secret | undefined): Secret | undefined {
  return secret?.data === undefined ? secret : { data: secret.data };
}

function storeNotReady(dataStore: DataStore): StorageOutcome<never> {
  const name = dataStore.metadata.name ?? '';
  const conditions = dataStore.status?.conditions;
  const reachable = findCondition(conditions, 'Reachable');
  const why = findCondition(conditions, 'Ready')?.message ?? 'it has not been looked at yet';
  return reachable?.status === 'False'
    ? wait('DataStoreUnreachable', `DataStore ${name} cannot be reached: ${reachable.message}`)
    : wait('DataStoreNotReady', `DataStore ${name} is not ready: ${why}`);
}

const UNREACHABLE: ReadonlySet<DataStoreErrorCode> = new Set([
  'ConnectionRefused',
  'NameResolutionFailed',
  'Timeout',
  'TLSFailed',
  'Unavailable',
]);

function failed(name: string, error: unknown): StorageOutcome<never> {
  if (error instanceof OverrideStoreError) return wait(error.code, error.message);
  const message = `DataStore ${name}: ${messageOf(error)}`;
  if (error instanceof DataStoreConfigError) return wait('CredentialsMissing', message);
  if (!(error instanceof DataStoreError)) return { ...wait('InternalError', message), error: asError(error) };
  if (error.code === 'NameConflict' || error.code === 'InvalidName') {
    return { ...wait('SchemaTaken', message), requeueAfterMs: RECHECK_MS };
  }
  return {
    ...wait(UNREACHABLE.has(error.code) ? 'DataStoreUnreachable' : 'SetupFailed', message),
    error: asError(error),
  };
}

function wait(reason: StorageOutcome<never>['finding']['reason'], message: string): StorageOutcome<never> {
  return { finding: { type: 'DataStoreReady', status: 'False', reason, message } };
}
