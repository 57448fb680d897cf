import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import {
  DEFAULT_DATA_STORE_ANNOTATION,
  dataStoresOf,
  findNameCollision,
  needsManagedDataStore,
  pickDataStore,
  tenantNamesOf,
} from './scheduling.ts';

function store(name: string, metadata: Partial<DataStore['metadata']> = {}): DataStore {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { driver: 'etcd', endpoints: ['etcd:2379'] },
  };
}

const isDefault = { annotations: { [DEFAULT_DATA_STORE_ANNOTATION]: 'true' } };

type Parts = {
  metadata?: Partial<TenantControlPlane['metadata']>;
  spec?: Partial<TenantControlPlane['spec']>;
  status?: TenantControlPlane['status'];
};

function tenant(name: string, { metadata, spec, status }: Parts = {}): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: {
      name,
      namespace: 'tenants',
      uid: `uid-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: '1.35.4', kubelet: {} },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

suite('the DataStore of a tenant', () => {
  const stores = [store('plain'), store('marked', isDefault)];
  const onPlain = { storage: { dataStoreName: 'plain' } };
  const cases: readonly [
    reason: string,
    TenantControlPlane,
    readonly DataStore[],
    string | undefined,
    string | undefined,
  ][] = [
    ['what its spec names', tenant('a', { spec: { dataStore: 'x' }, status: onPlain }), stores, undefined, 'x'],
    ['where it is, when its spec names none', tenant('a', { status: onPlain }), stores, undefined, 'plain'],
    ['the one of the flag', tenant('a'), stores, 'plain', 'plain'],
    ['the marked one when the flag’s does not exist', tenant('a'), stores, 'later', 'marked'],
    ['the marked one', tenant('a'), stores, undefined, 'marked'],
    ['none', tenant('a'), [store('plain')], undefined, undefined],
    ['none when there are none', tenant('a'), [], 'default', undefined],
    [
      'none when the marked one is being deleted',
      tenant('a'),
      [store('marked', { ...isDefault, deletionTimestamp: '2026-01-02T00:00:00Z' })],
      undefined,
      undefined,
    ],
    [
      'the oldest of several marked ones',
      tenant('a'),
      [store('b', { ...isDefault, creationTimestamp: '2026-01-02T00:00:00Z' }), store('c', isDefault)],
      undefined,
      'c',
    ],
    [
      'the first by name of those of the same second',
      tenant('a'),
      [store('z', isDefault), store('y', isDefault)],
      '',
      'y',
    ],
    [
      'none when the mark says otherwise',
      tenant('a'),
      [store('b', { annotations: { [DEFAULT_DATA_STORE_ANNOTATION]: 'false' } })],
      '',
      undefined,
    ],
  ];
  for (const [reason, given, dataStores, flag, expected] of cases) {
    test(`is ${reason}`, () => assert.equal(pickDataStore(given, dataStores, flag), expected));
  }
});

suite('a managed DataStore', () => {
  const cases: readonly [reason: string, boolean, TenantControlPlane, readonly DataStore[], string?][] = [
    ['is made for the first tenant that names none', true, tenant('a'), []],
    ['is made beside DataStores that are not the default', true, tenant('a'), [store('plain')]],
    ['is made under the flag’s name when that is the usual one', true, tenant('a'), [], 'default'],
    ['is not made when the flag names another', false, tenant('a'), [], 'prod'],
    ['is not made when there is a default', false, tenant('a'), [store('marked', isDefault)]],
    ['is not made when the default exists by name', false, tenant('a'), [store('default')], 'default'],
    ['is not made for a tenant that names one', false, tenant('a', { spec: { dataStore: 'prod' } }), []],
    [
      'is not made for a tenant that was on a store',
      false,
      tenant('a', { status: { storage: { identity: 'x' } } }),
      [],
    ],
    [
      'is not made for a tenant that goes away',
      false,
      tenant('a', { metadata: { deletionTimestamp: '2026-01-02T00:00:00Z' } }),
      [],
    ],
  ];
  for (const [reason, expected, given, dataStores, flag] of cases) {
    test(reason, () => assert.equal(needsManagedDataStore(given, dataStores, flag), expected));
  }
});

test('a tenant uses the stores of its status, its spec and its overrides, each once', () => {
  const given = tenant('a', {
    spec: {
      dataStore: 'new',
      dataStoreOverrides: [{ resource: '/events', dataStore: 'events' }, { dataStore: 'new' }],
    },
    status: { storage: { dataStoreName: 'old' } },
  });
  assert.deepEqual(dataStoresOf(given), ['old', 'new', 'events']);
  assert.deepEqual(dataStoresOf(tenant('b')), []);
});

suite('names of tenants', () => {
  test('what is in use goes before the spec, the spec before the UID', () => {
    const spec = { dataStoreSchema: 'spec', dataStoreUsername: 'spec' };
    const status = { storage: { setup: { schema: 'used', user: 'used' } } };
    assert.deepEqual(tenantNamesOf(tenant('a', { spec, status })), { schema: 'used', user: 'used' });
    assert.deepEqual(tenantNamesOf(tenant('a', { spec })), { schema: 'spec', user: 'spec' });
    assert.deepEqual(tenantNamesOf(tenant('a')), { schema: 'uid-a', user: 'uida' });
  });

  const on = (dataStore: string, dataStoreSchema: string, dataStoreUsername: string) => ({
    spec: { dataStore, dataStoreSchema, dataStoreUsername },
  });
  const first = tenant('first', on('store', 'schema', 'user'));
  const cases: readonly [reason: string, boolean, TenantControlPlane][] = [
    ['the same schema collides', true, tenant('second', on('store', 'schema', 'other'))],
    ['the same user collides', true, tenant('second', on('store', 'other', 'user'))],
    ['other names do not', false, tenant('second', on('store', 'other', 'other'))],
    ['the same names on another store do not', false, tenant('second', on('elsewhere', 'schema', 'user'))],
    ['a tenant does not collide with itself', false, first],
    [
      'the older one keeps its names',
      false,
      tenant('second', {
        ...on('store', 'schema', 'user'),
        metadata: { creationTimestamp: '2025-01-01T00:00:00Z' },
      }),
    ],
  ];
  for (const [reason, collides, second] of cases) {
    test(reason, () =>
      assert.equal(findNameCollision(second, [first, second])?.metadata.name, collides ? 'first' : undefined),
    );
  }
});
