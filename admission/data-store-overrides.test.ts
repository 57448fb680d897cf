import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { overrideFlaws } from './data-store-overrides.ts';

const store = (name: string, driver: DataStore['spec']['driver'] = 'etcd'): DataStore => ({
  apiVersion: 'kamaji.clastix.io/v1alpha1',
  kind: 'DataStore',
  metadata: { name },
  spec: { driver, endpoints: ['host:1234'] },
});
const stores = [store('main'), store('events'), store('leases'), store('sql', 'PostgreSQL')];

function tenant(
  overrides: Readonly<Record<string, string>>,
  more: Partial<TenantControlPlane> = {},
  dataStore = 'main',
) {
  const object: TenantControlPlane = {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { namespace: 'a', name: 'one' },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
      dataStore,
      dataStoreOverrides: Object.entries(overrides).map(([resource, name]) => ({ resource, dataStore: name })),
    },
    ...more,
  };
  return object;
}
const live: Partial<TenantControlPlane> = { status: { storage: { setup: { schema: 's', user: 'u' } } } };
const annotated: Partial<TenantControlPlane> = {
  ...live,
  metadata: { namespace: 'a', name: 'one', annotations: { 'kamaji.clastix.io/accept-override-change': 'true' } },
};

suite('dataStoreOverrides of a control plane', () => {
  const cases: readonly [
    what: string,
    says: RegExp | undefined,
    object: TenantControlPlane,
    old?: TenantControlPlane,
  ][] = [
    ['a new one with an etcd', undefined, tenant({ '/events': 'events' })],
    ['a new one with a store that is none', /there is no DataStore none: create it/u, tenant({ '/events': 'none' })],
    ['a new one with a database', /DataStore sql has driver PostgreSQL/u, tenant({ '/events': 'sql' })],
    [
      'a new one that is itself on a database',
      /needs an etcd in spec\.dataStore too/u,
      tenant({ '/events': 'events' }, {}, 'sql'),
    ],
    [
      'no change, though the store is gone',
      undefined,
      tenant({ '/events': 'gone' }, live),
      tenant({ '/events': 'gone' }, live),
    ],
    [
      'the same in another order',
      undefined,
      tenant({ '/events': 'events', '/leases': 'leases' }, live),
      tenant({ '/leases': 'leases', '/events': 'events' }, live),
    ],
    ['a change before there are data', undefined, tenant({}), tenant({ '/events': 'events' })],
    ['a removal', /accept-override-change=true/u, tenant({}, live), tenant({ '/events': 'events' }, live)],
    [
      'another store',
      /would no longer be found/u,
      tenant({ '/events': 'leases' }, live),
      tenant({ '/events': 'events' }, live),
    ],
    ['one more', /would no longer be found/u, tenant({ '/events': 'events' }, live), tenant({}, live)],
    ['a removal that is meant', undefined, tenant({}, annotated), tenant({ '/events': 'events' }, live)],
    [
      'another store that is meant and is none',
      /there is no DataStore none/u,
      tenant({ '/events': 'none' }, annotated),
      tenant({}, live),
    ],
  ];
  for (const [what, says, object, old] of cases) {
    test(`${what} is ${says === undefined ? 'let through' : `refused: ${says.source}`}`, () => {
      const flaws = overrideFlaws(object, old, stores).join('; ');
      if (says === undefined) assert.equal(flaws, '');
      else assert.match(flaws, says);
    });
  }
});
