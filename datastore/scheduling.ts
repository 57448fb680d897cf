import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { TenantNames } from './driver.ts';
import { defaultTenantNames } from './naming.ts';

/** With the value `true`, makes a DataStore the one of tenants that name none. */
export const DEFAULT_DATA_STORE_ANNOTATION = 'kamaji.clastix.io/default-datastore';

/** With the value `true` on a DataStore: new tenants are put on it although its condition `Isolated` is False. */
export const ACCEPT_ISOLATION_PROBLEMS = 'kamaji.clastix.io/accept-isolation-problems';

/** On a DataStore: how old the passwords of its tenants may become, in hours such as `720h`. */
export const CREDENTIALS_PERIOD_ANNOTATION = 'kamaji.clastix.io/rotate-credentials-every';

/** Name of the DataStore that is made when there is none for tenants that name none. */
export const MANAGED_DATA_STORE = 'default';

/**
 * The DataStore of a tenant: the one its spec names, else the one it already is on, else the default. Undefined when the tenant has to
 * wait for one. The name of a DataStore that does not exist is returned all the same: that is the caller's condition to report.
 *
 * `defaultName` is the flag `--datastore`. The default is the DataStore of that name, else the oldest one with the annotation
 * {@link DEFAULT_DATA_STORE_ANNOTATION}; one that is being deleted is none.
 */
export function pickDataStore(
  tenant: TenantControlPlane,
  dataStores: readonly DataStore[],
  defaultName?: string,
): string | undefined {
  const named = nonEmpty(tenant.spec.dataStore) ?? nonEmpty(tenant.status?.storage?.dataStoreName);
  return named ?? defaultDataStore(dataStores, defaultName)?.metadata.name;
}

/**
 * Whether a managed DataStore should be made for this tenant: it has to wait for one, and has never been on a store. `defaultName` as in
 * {@link pickDataStore}; when it names another DataStore than {@link MANAGED_DATA_STORE}, somebody means to bring that one.
 */
export function needsManagedDataStore(
  tenant: TenantControlPlane,
  dataStores: readonly DataStore[],
  defaultName?: string,
): boolean {
  if (tenant.metadata.deletionTimestamp !== undefined || tenant.status?.storage?.identity !== undefined) return false;
  if ((nonEmpty(defaultName) ?? MANAGED_DATA_STORE) !== MANAGED_DATA_STORE) return false;
  return pickDataStore(tenant, dataStores, defaultName) === undefined;
}

/**
 * Why no new tenant may be put on a DataStore whose tenants could reach one another; undefined when it may. Tenants that are there stay and
 * run on.
 */
export function refusesNewTenants({ metadata, status }: DataStore): string | undefined {
  if (metadata.annotations?.[ACCEPT_ISOLATION_PROBLEMS] === 'true') return undefined;
  const isolated = findCondition(status?.conditions, 'Isolated');
  return isolated?.status === 'False' ? isolated.message : undefined;
}

/** Names of all DataStores that a tenant holds data on or is about to: that of its status, of its spec, and its overrides'. */
export function dataStoresOf(tenant: TenantControlPlane): readonly string[] {
  const names = [
    tenant.status?.storage?.dataStoreName,
    tenant.spec.dataStore,
    ...(tenant.spec.dataStoreOverrides ?? []).map((override) => override.dataStore),
  ];
  return [...new Set(names.flatMap((name) => nonEmpty(name) ?? []))];
}

/** The names of a tenant in its stores: those in use, else those of its spec, else those derived from its UID. */
export function tenantNamesOf(tenant: TenantControlPlane): TenantNames {
  const setup = tenant.status?.storage?.setup;
  const schema = nonEmpty(setup?.schema) ?? nonEmpty(tenant.spec.dataStoreSchema);
  const user = nonEmpty(setup?.user) ?? nonEmpty(tenant.spec.dataStoreUsername);
  if (schema !== undefined && user !== undefined) return { schema, user };
  const fallback = defaultTenantNames(tenant.metadata.uid ?? '');
  return { schema: schema ?? fallback.schema, user: user ?? fallback.user };
}

/**
 * The tenant whose schema or user this one would share on a common DataStore, if there is one and it was there first. Such a tenant
 * must not be set up, nor may its deletion drop anything: the store itself cannot tell two tenants with the same names apart.
 * `others` may contain the tenant itself.
 */
export function findNameCollision(
  tenant: TenantControlPlane,
  others: readonly TenantControlPlane[],
): TenantControlPlane | undefined {
  const names = tenantNamesOf(tenant);
  const stores = dataStoresOf(tenant);
  return others.find((other) => {
    const taken = tenantNamesOf(other);
    if (taken.schema !== names.schema && taken.user !== names.user) return false;
    if (other.metadata.uid === tenant.metadata.uid || !isOlder(other, tenant)) return false;
    return dataStoresOf(other).some((name) => stores.includes(name));
  });
}

/** The oldest tenant on a DataStore besides this one, if it was there before it. */
export function olderTenantOf(
  dataStoreName: string,
  tenant: TenantControlPlane,
  others: readonly TenantControlPlane[],
): TenantControlPlane | undefined {
  return others.find(
    (other) =>
      other.metadata.uid !== tenant.metadata.uid &&
      isOlder(other, tenant) &&
      dataStoresOf(other).includes(dataStoreName),
  );
}

/**
 * How old passwords of tenants may become on a DataStore: its annotation {@link CREDENTIALS_PERIOD_ANNOTATION}, in hours such as `720h`.
 * Undefined where they stay for ever, and where it says something else, which the DataStore's own condition tells.
 */
export function credentialsPeriodMs({ metadata }: DataStore): number | undefined {
  const [, hours] = /^([1-9]\d{0,5})h$/u.exec(metadata.annotations?.[CREDENTIALS_PERIOD_ANNOTATION] ?? '') ?? [];
  return hours === undefined ? undefined : Number(hours) * 3_600_000;
}

function defaultDataStore(dataStores: readonly DataStore[], defaultName?: string): DataStore | undefined {
  const usable = dataStores.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const flagged = usable.find(({ metadata }) => metadata.name !== undefined && metadata.name === nonEmpty(defaultName));
  if (flagged !== undefined) return flagged;
  return usable
    .filter(({ metadata }) => metadata.annotations?.[DEFAULT_DATA_STORE_ANNOTATION] === 'true')
    .reduce<DataStore | undefined>(
      (oldest, next) => (oldest === undefined || isOlder(next, oldest) ? next : oldest),
      undefined,
    );
}

/** Total order by age; names decide between objects of the same second. */
function isOlder(one: DataStore | TenantControlPlane, other: DataStore | TenantControlPlane): boolean {
  return ageKey(one) < ageKey(other);
}

function ageKey({ metadata }: DataStore | TenantControlPlane): string {
  return [metadata.creationTimestamp ?? '', metadata.namespace ?? '', metadata.name ?? ''].join(' ');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
