import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Driver, ProbeResult } from '#datastore/driver.ts';
import { DataStoreError } from '#datastore/errors.ts';
import { refusesNewTenants } from '#datastore/scheduling.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { StoreAnswer } from './phases/probe.ts';
import { dataStoreStatus } from './status.ts';

const unused = () => Promise.reject(new Error('not used here'));
const driver: Driver = {
  driver: 'etcd',
  probe: unused,
  ensureTenant: unused,
  dropTenant: unused,
  usage: unused,
  isolationProblems: unused,
  close() {},
};
const clock = { now: () => 0 };
const healthy: ProbeResult = {
  version: '3.6.16',
  identity: 'a',
  authorizationEnabled: true,
  sizeBytes: 1024,
  quotaBytes: 2 ** 31,
  alarms: [],
  missingRights: [],
};

const answer = (
  more: Partial<ProbeResult> = {},
  isolation: Extract<StoreAnswer, { kind: 'answer' }>['isolation'] = [],
) => ({ kind: 'answer', driver, probe: { ...healthy, ...more }, isolation }) as const;

function dataStore(more: Pick<DataStore, 'status'> & { annotations?: Record<string, string> } = {}): DataStore {
  const { annotations = {}, status } = more;
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name: 'one', annotations },
    spec: { driver: 'etcd', endpoints: ['etcd:2379'] },
    ...(status === undefined ? {} : { status }),
  };
}

/** The DataStore as it is after a pass. */
function after(
  before: DataStore,
  said: StoreAnswer,
  tenants: readonly TenantControlPlane[] = [],
): DataStore & { status: NonNullable<DataStore['status']> } {
  const status = dataStoreStatus(
    { dataStore: before, tenants, managed: undefined },
    { answer: said, managed: undefined },
    clock,
  );
  // What a merge patch of the whole status leaves.
  return { ...before, status: { ...before.status, ...JSON.parse(JSON.stringify(status)) } };
}

const said = ({ status }: DataStore, type: string): string => {
  const found = findCondition(status?.conditions, type);
  return `${found?.status ?? ''} ${found?.reason ?? ''}`;
};

suite('what a DataStore says of its store', () => {
  test('a store that answers and has room is ready', () => {
    const { status } = after(dataStore(), answer());
    assert.equal(status.ready, true);
    const all = Object.fromEntries((status.conditions ?? []).map(({ type, status: value }) => [type, value]));
    assert.deepEqual(all, {
      'kamaji.clastix.io/DataStoreValidation': 'True',
      Reachable: 'True',
      Authenticated: 'True',
      Isolated: 'True',
      CapacityAvailable: 'True',
      DataStoreMismatch: 'False',
      Ready: 'True',
      'kamaji.clastix.io/DataStoreAllowedDeletion': 'True',
    });
  });

  test('an administrator without all rights is named with what it lacks', () => {
    const one = after(dataStore(), answer({ missingRights: ['CREATEROLE', 'CREATEDB'] }));
    assert.equal(said(one, 'Authenticated'), 'False PermissionMissing');
    assert.match(findCondition(one.status.conditions, 'Ready')?.message ?? '', /CREATEROLE, CREATEDB/u);
  });

  test('a store that refuses writes for want of room is not ready', () => {
    const one = after(dataStore(), answer({ alarms: ['memberID:1 alarm:NOSPACE'] }));
    assert.equal(said(one, 'CapacityAvailable'), 'False StoreFull');
    assert.equal(said(one, 'Ready'), 'False StoreFull');
    assert.equal(one.status.ready, false);
  });

  test('a store that is nearly full says so once, whatever bytes come and go, until it is well below', () => {
    const quotaBytes = 1000 * 2 ** 20;
    const at = (percent: number) => answer({ quotaBytes, sizeBytes: (quotaBytes * percent) / 100 });
    const full = after(dataStore(), at(90));
    assert.equal(said(full, 'CapacityAvailable'), 'False AlmostFull');
    assert.equal(full.status.ready, true);
    for (const percent of [97, 91, 88, 85]) assert.deepEqual(after(full, at(percent)).status, full.status);
    assert.equal(said(after(full, at(84)), 'CapacityAvailable'), 'True CapacityAvailable');
    assert.equal(said(after(dataStore(), at(88)), 'CapacityAvailable'), 'True CapacityAvailable');
  });

  test('a store that runs out of connections says so', () => {
    const one = after(dataStore(), answer({ connections: { used: 95, limit: 100 } }));
    assert.equal(said(one, 'CapacityAvailable'), 'False FewConnectionsLeft');
  });

  test('a store with a known way around its permissions stays ready, takes no new tenants, and does when annotated', () => {
    const problem = { summary: 'it has CVE-1', remedy: 'upgrade it' };
    const one = after(dataStore(), answer({}, [problem]));
    assert.equal(said(one, 'Isolated'), 'False KnownVulnerability');
    assert.equal(one.status.ready, true);
    assert.match(
      refusesNewTenants(one) ?? '',
      /CVE-1: upgrade it; .*kamaji.clastix.io\/accept-isolation-problems=true/u,
    );
    const annotations = { 'kamaji.clastix.io/accept-isolation-problems': 'true' };
    const accepted = after(dataStore({ annotations }), answer({}, [problem]));
    assert.equal(said(accepted, 'Isolated'), 'False KnownVulnerability');
    assert.equal(refusesNewTenants(accepted), undefined);
  });

  test('a store whose configuration cannot be looked at is not called isolated, nor refused', () => {
    const one = after(dataStore(), answer({}, new DataStoreError('PermissionDenied', 'no')));
    assert.equal(said(one, 'Isolated'), 'Unknown NotChecked');
    assert.equal(one.status.ready, true);
    assert.equal(refusesNewTenants(one), undefined);
  });

  test('of a store that does not answer nothing is claimed that nobody knows', () => {
    const error = new DataStoreError('Timeout', 'etcd etcd:2379: no answer within 10000 ms');
    const one = after(after(dataStore(), answer()), { kind: 'failure', error });
    assert.equal(said(one, 'Reachable'), 'False ConnectionTimeout');
    for (const type of ['Authenticated', 'Isolated', 'CapacityAvailable', 'DataStoreMismatch']) {
      assert.equal(said(one, type), 'Unknown Waiting');
    }
    assert.equal(one.status.ready, false);
  });
});
