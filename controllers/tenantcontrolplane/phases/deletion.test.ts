import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { finalizers } from '#api/labels.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { TenantNames } from '#datastore/driver.ts';
import { DataStoreError } from '#datastore/errors.ts';
import type { Connection } from '#datastore/pool.ts';
import { DataStoreConfigError } from '#datastore/resolve.ts';
import type { Client } from '#runtime/client/client.ts';
import type { DeletionInput } from './deletion.ts';
import { LEAVE_DATA, reconcileDeletion } from './deletion.ts';

const unused = (): never => {
  throw new Error('not used here');
};

const idle: Client = {
  get: unused,
  list: unused,
  create: unused,
  replace: unused,
  apply: unused,
  mergePatch: unused,
  delete: unused,
  getRaw: unused,
};

function store(name: string, identity?: string): DataStore {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name },
    spec: { driver: 'etcd', endpoints: ['etcd:2379'] },
    ...(identity === undefined ? {} : { status: { identity } }),
  };
}

function leaving(
  spec: Partial<TenantControlPlane['spec']> = { dataStore: 'one' },
  held: readonly string[] = [finalizers.tenantControlPlane],
): TenantControlPlane {
  const base = tenant();
  const metadata = { creationTimestamp: '2026-02-01T00:00:00Z', resourceVersion: '1', finalizers: [...held] };
  return {
    ...base,
    metadata: { ...base.metadata, ...metadata },
    spec: { ...base.spec, ...spec },
    status: { storage: { dataStoreName: 'one', identity: 'a', setup: { schema: 's', user: 'u' } } },
  };
}

/** Runs the phase over stores that answer; `did` tells what it did, in order. */
async function remove(subject: TenantControlPlane, more: Partial<DeletionInput> = {}, failure?: Error) {
  const did: string[] = [];
  const connection = ({ metadata }: DataStore): Connection => ({
    config: { driver: 'etcd', endpoints: [], fingerprint: '' },
    driver: {
      driver: 'etcd',
      probe: unused,
      ensureTenant: unused,
      usage: unused,
      isolationProblems: unused,
      close: unused,
      dropTenant: async ({ schema, user }: TenantNames) => {
        if (failure !== undefined) throw failure;
        did.push(`dropped ${schema} and ${user} on ${metadata.name}`);
      },
    },
  });
  const client: Client = {
    ...idle,
    mergePatch: async (_resource, _key, patch) => {
      did.push(`wrote ${JSON.stringify(patch)}`);
      return JSON.parse(JSON.stringify(subject));
    },
  };
  const outcome = await reconcileDeletion({
    tenantControlPlane: subject,
    tenantControlPlanes: [subject],
    dataStores: [store('one', 'a'), store('two', 'b')],
    connect: async (dataStore) => connection(dataStore),
    credentials: undefined,
    client,
    signal: new AbortController().signal,
    ...more,
  });
  return { did, outcome };
}

const letGo = 'wrote {"metadata":{"resourceVersion":"1","finalizers":[]}}';

suite('a control plane that is being deleted', () => {
  test('goes when its data are gone', async () => {
    const { did, outcome } = await remove(leaving());
    assert.deepEqual(did, ['dropped s and u on one', letGo]);
    assert.deepEqual(outcome.value, { left: [] });
  });

  test('is dropped from every store that it has data on', async () => {
    const { did } = await remove(
      leaving({ dataStore: 'one', dataStoreOverrides: [{ resource: '/events', dataStore: 'two' }] }),
    );
    assert.deepEqual(did.slice(0, 2), ['dropped s and u on one', 'dropped s and u on two']);
  });

  test('that was never on a store goes at once', async () => {
    const { did, outcome } = await remove(leaving({}, []));
    assert.deepEqual([did, outcome.value], [[], { left: [] }]);
  });

  test('is not over where it could not be let go: the failure is reported, and it is tried again', async () => {
    const mergePatch = () => Promise.reject(new Error('the API server is down'));
    const client = { ...idle, mergePatch };
    await assert.rejects(remove(leaving(), { client }), /the API server is down/u);
  });

  test('takes upstream’s finalizer from its credentials, which would never go', async () => {
    const metadata = { name: 'demo-datastore-config', resourceVersion: '7', finalizers: [finalizers.dataStoreSecret] };
    const { did } = await remove(leaving(), { credentials: { metadata } });
    const freed = 'wrote {"metadata":{"resourceVersion":"7","finalizers":[]}}';
    assert.deepEqual(did, ['dropped s and u on one', freed, letGo]);
  });

  test('does not take the data of an older one along whose names it was refused', async () => {
    const subject = leaving();
    const older = {
      ...subject,
      metadata: { ...subject.metadata, uid: 'other', creationTimestamp: '2026-01-01T00:00:00Z' },
    };
    const { did } = await remove(subject, { tenantControlPlanes: [subject, older] });
    assert.deepEqual(did, [letGo]);
  });

  const givenUp = (subject: TenantControlPlane): TenantControlPlane => ({
    ...subject,
    metadata: { ...subject.metadata, annotations: { [LEAVE_DATA]: 'true' } },
  });

  test('is dropped where it can be, though its data may be left', async () => {
    const stores = { dataStore: 'one', dataStoreOverrides: [{ resource: '/events', dataStore: 'gone' }] };
    const { did, outcome } = await remove(givenUp(leaving(stores)));
    assert.deepEqual(did, ['dropped s and u on one', letGo]);
    assert.equal(outcome.value?.left.length, 1);
    assert.deepEqual((await remove(givenUp(leaving()))).outcome.value, { left: [] });
  });

  const waits: readonly [why: string, reason: string, message: RegExp, Partial<DeletionInput>, failure?: Error][] = [
    ['its DataStore is gone', 'DataStoreMissing', /create it again/u, { dataStores: [] }],
    [
      'another store stands behind the name',
      'DataStoreMismatch',
      /nothing is dropped/u,
      { dataStores: [store('one', 'b')] },
    ],
    ['the store does not answer', 'WaitingForDataStore', /silence/u, {}, new DataStoreError('Timeout', 'silence')],
    [
      'nobody has the store’s credentials',
      'CredentialsMissing',
      /Secret x/u,
      { connect: () => Promise.reject(new DataStoreConfigError('SecretNotFound', 'Secret x does not exist')) },
    ],
    ['something else failed', 'InternalError', /oops/u, {}, new TypeError('oops')],
  ];
  for (const [why, reason, message, more, failure] of waits) {
    test(`stays, and says ${reason}: ${why}`, async () => {
      const { did, outcome } = await remove(leaving(), more, failure);
      assert.deepEqual(did, []);
      assert.ok(outcome.finding !== undefined);
      assert.deepEqual([outcome.finding.reason, outcome.value], [reason, undefined]);
      assert.match(outcome.finding.message, message);
      assert.match(outcome.finding.message, /to let .* go .* annotate it with kamaji\.clastix\.io\/leave-data=true/u);
      assert.ok(outcome.requeueAfterMs !== undefined || outcome.error !== undefined, 'it is looked at again');
    });

    test(`goes all the same where its data are given up, and says what stays behind: ${why}`, async () => {
      const { did, outcome } = await remove(givenUp(leaving()), more, failure);
      assert.deepEqual(did, [letGo]);
      assert.equal(outcome.value?.left.length, 1);
      assert.match(outcome.value?.left[0] ?? '', /data s and user u stay on DataStore one: /u);
      assert.match(outcome.value?.left[0] ?? '', message);
      assert.doesNotMatch(outcome.value?.left[0] ?? '', /annotate/u);
    });
  }
});
