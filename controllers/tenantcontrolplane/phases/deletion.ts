import { tenantControlPlanes } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { finalizers } from '#api/labels.ts';
import { DataStoreError } from '#datastore/errors.ts';
import type { Connection } from '#datastore/pool.ts';
import { DataStoreConfigError } from '#datastore/resolve.ts';
import { dataStoresOf, findNameCollision, tenantNamesOf } from '#datastore/scheduling.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { removeFinalizer } from '#runtime/client/status-patch.ts';
import type { Finding, Outcome, Step } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';

export interface DeletionInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly tenantControlPlanes: readonly TenantControlPlane[];
  readonly dataStores: readonly DataStore[];
  readonly connect: (dataStore: DataStore) => Promise<Connection>;
  /** The Secret of the tenant's names and password in its store. */
  readonly credentials: Secret | undefined;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/** It is gone; where data stays behind, a sentence for each store that says what and why. */
export interface Deleted {
  readonly left: readonly string[];
}

type DeletionOutcome = Step<Deleted, 'Deleting'>;
type Trouble = Outcome<never, 'Deleting'>;

/** On a TenantControlPlane with value `true`: it goes although its data cannot be dropped, which then stay behind. */
export const LEAVE_DATA = 'kamaji.clastix.io/leave-data';

/**
 * Drops what the tenant has in its stores, then lets the object go; everything in the management cluster follows by owner
 * reference. The store takes the tenant's access away before its data, so pods that still run cannot write any more. What cannot
 * be dropped is waited for, unless `LEAVE_DATA` says otherwise.
 */
export async function reconcileDeletion(input: DeletionInput): Promise<DeletionOutcome> {
  const { tenantControlPlane: tenant, client, signal } = input;
  const held = tenant.metadata.finalizers ?? [];
  const left: string[] = [];
  for (const name of held.includes(finalizers.tenantControlPlane) ? storesWithData(input) : []) {
    const trouble = await dropFrom(name, input);
    if (trouble === undefined) continue;
    if (tenant.metadata.annotations?.[LEAVE_DATA] !== 'true') return withWayOut(trouble);
    const { schema, user } = tenantNamesOf(tenant);
    left.push(`data ${schema} and user ${user} stay on DataStore ${name}: ${trouble.finding.message}`);
  }
  if (input.credentials !== undefined) {
    await removeFinalizer(client, secrets, input.credentials, finalizers.dataStoreSecret, { signal });
  }
  let object = tenant;
  for (const finalizer of [finalizers.tenantControlPlaneSoot, finalizers.tenantControlPlane]) {
    if (!held.includes(finalizer)) continue;
    ({ object } = await removeFinalizer(client, tenantControlPlanes, object, finalizer, { signal }));
  }
  return { value: { left } };
}

function withWayOut({ finding, ...rest }: Trouble): Trouble {
  const wayOut = `to let the control plane go and leave the data behind, annotate it with ${LEAVE_DATA}=true`;
  return { ...rest, finding: { ...finding, message: `${finding.message}; ${wayOut}` } };
}

function storesWithData({ tenantControlPlane, tenantControlPlanes: all }: DeletionInput): readonly string[] {
  // Those names are the other tenant's: this one never got them, and must not take that one's data with it.
  return findNameCollision(tenantControlPlane, all) === undefined ? dataStoresOf(tenantControlPlane) : [];
}

/** Undefined when nothing is left there. */
async function dropFrom(name: string, input: DeletionInput): Promise<Trouble | undefined> {
  const { tenantControlPlane: tenant } = input;
  const dataStore = input.dataStores.find((one) => one.metadata.name === name);
  if (dataStore === undefined) {
    return waitFor(
      'DataStoreMissing',
      `the tenant's data is on DataStore ${name}, which does not exist: create it again`,
    );
  }
  // The identity is that of the store which holds the data, not of others that the spec names.
  const { dataStoreName, identity } = tenant.status?.storage ?? {};
  const recorded = dataStoreName === name ? identity : undefined;
  const present = dataStore.status?.identity;
  if (recorded !== undefined && present !== undefined && recorded !== present) {
    return waitFor(
      'DataStoreMismatch',
      `the tenant's data is on store ${recorded}, but DataStore ${name} is now store ${present}: nothing is dropped there`,
    );
  }
  try {
    const { driver } = await input.connect(dataStore);
    await driver.dropTenant(tenantNamesOf(tenant), input.signal);
    return undefined;
  } catch (error) {
    return failed(name, error);
  }
}

function failed(name: string, error: unknown): Trouble {
  const message = `the tenant's data on DataStore ${name} could not be dropped: ${messageOf(error)}`;
  if (error instanceof DataStoreConfigError) return waitFor('CredentialsMissing', message);
  if (error instanceof DataStoreError) return { ...waitFor('WaitingForDataStore', message), error: asError(error) };
  return { ...waitFor('InternalError', message), error: asError(error) };
}

function waitFor(reason: Finding<'Deleting'>['reason'], message: string): Trouble {
  return { finding: { type: 'Deleting', status: 'True', reason, message }, requeueAfterMs: RECHECK_MS };
}
