import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { labels, PROJECT } from '#api/labels.ts';
import type { ConfigMap, Deployment, Service } from '#runtime/client/builtin.ts';
import {
  configMaps,
  deployments,
  endpoints,
  endpointSlices,
  namespaces,
  roles,
  services,
} from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { startControlPlane } from '#test/control-plane.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { DesiredObject, OwnedObjects } from './owned-objects.ts';
import { createOwnedObjects } from './owned-objects.ts';

const signal = new AbortController().signal;
const ours = { [labels.project]: PROJECT };

suite('objects that we own inside a tenant', () => {
  let tenant: ControlPlane;
  let client: Client;
  let owned: OwnedObjects;
  let serial = 0;
  let namespace = '';
  before(async () => {
    tenant = await startControlPlane({ auditPolicy });
    client = tenant.client;
  });
  beforeEach(async () => {
    // Each test has its own objects; those of the one before must not look like surplus ones.
    for (const { metadata } of (await client.list(configMaps, { labelSelector: selector })).items) {
      await client.delete(configMaps, { namespace, name: metadata?.name ?? '' });
    }
    namespace = `test-${(serial += 1)}`;
    await client.create(namespaces, { metadata: { name: namespace } });
    owned = start();
  });
  after(() => tenant?.stop());

  const start = (): OwnedObjects =>
    createOwnedObjects({ fieldManager: 'tester', kinds: [configMaps, deployments, roles] });
  const ensure = (...desired: readonly DesiredObject[]) => owned.ensure('one', client, desired, signal);
  const read = (name: string) => client.get(configMaps, { namespace, name });
  const change = (name: string, patch: object) => client.mergePatch(configMaps, { namespace, name }, patch);

  function configMap(name: string, data: ConfigMap['data'] = { key: 'value' }): DesiredObject {
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, labels: ours },
      ...(data === undefined ? {} : { data }),
    };
    return { resource: configMaps, object };
  }

  /** Requests that the test made while `action` ran, as `verb resource`. */
  async function requestsOf(action: () => Promise<unknown>): Promise<readonly string[]> {
    const { length } = await tenant.auditEvents();
    await action();
    return (await tenant.auditEvents()).slice(length).map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`);
  }

  test('are made, and cost one list per kind and no write while nobody touches them', async () => {
    assert.deepEqual(await ensure(configMap('a'), configMap('b')), { applied: 2, pruned: 0, failures: [] });
    const requests = await requestsOf(() => ensure(configMap('a'), configMap('b')));
    assert.deepEqual(requests.toSorted(), ['list configmaps', 'list deployments', 'list roles']);
  });

  test('come back when somebody deletes one', async () => {
    await ensure(configMap('a'), configMap('b'));
    await client.delete(configMaps, { namespace, name: 'a' });
    assert.equal((await ensure(configMap('a'), configMap('b'))).applied, 1);
    assert.deepEqual((await read('a'))?.data, { key: 'value' });
  });

  const changes: readonly [what: string, patch: object][] = [
    ['a value', { data: { key: 'other' } }],
    ['a removed key', { data: { key: null } }],
    ['our label, by which it is found', { metadata: { labels: { [labels.project]: null } } }],
  ];
  for (const [what, patch] of changes) {
    test(`are put right when somebody changed ${what}, and then left alone`, async () => {
      await ensure(configMap('a'));
      await change('a', patch);
      assert.equal((await ensure(configMap('a'))).applied, 1);
      const { data, metadata } = (await read('a')) ?? {};
      assert.deepEqual([data, metadata?.labels], [{ key: 'value' }, ours]);
      assert.equal((await ensure(configMap('a'))).applied, 0);
    });
  }

  test('keep what others have added beside our fields', async () => {
    await ensure(configMap('a'));
    await change('a', { data: { theirs: 'stays' } });
    await ensure(configMap('a'));
    assert.deepEqual((await read('a'))?.data, { key: 'value', theirs: 'stays' });
  });

  test('follow what is wanted of them, down to what is wanted no longer', async () => {
    await ensure(configMap('a', { key: 'value', gone: 'soon' }));
    assert.equal((await ensure(configMap('a', { key: 'new' }))).applied, 1);
    assert.deepEqual((await read('a'))?.data, { key: 'new' });
  });

  test('are deleted when they are not wanted any more; what does not carry our label is not', async () => {
    await ensure(configMap('a'), configMap('b'));
    await client.create(configMaps, { metadata: { name: 'theirs', namespace } });
    assert.deepEqual(await ensure(configMap('b')), { applied: 0, pruned: 1, failures: [] });
    assert.deepEqual([await read('a'), (await read('theirs'))?.metadata?.name], [undefined, 'theirs']);
  });

  test('are not written to because their status moves', async () => {
    const object: Deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace, labels: ours },
      spec: {
        selector: { matchLabels: { app: 'd' } },
        template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    };
    const workload = { resource: deployments, object };
    await ensure(workload);
    const key = { namespace, name: 'd' };
    await client.mergePatch(deployments, key, { status: { observedGeneration: 1 } }, { subresource: 'status' });
    assert.equal((await ensure(workload)).applied, 0);
    await client.mergePatch(deployments, key, { spec: { template: { spec: { nodeName: 'x' } } } });
    assert.equal((await ensure(workload)).applied, 1);
    await client.delete(deployments, key);
  });

  test('are looked at anew by a process that has just started, which changes nothing', async () => {
    await ensure(configMap('a'));
    const before = (await read('a'))?.metadata?.resourceVersion;
    owned = start();
    assert.equal((await ensure(configMap('a'))).applied, 1);
    assert.equal((await read('a'))?.metadata?.resourceVersion, before);
    assert.equal((await ensure(configMap('a'))).applied, 0);
    owned.forget('one');
    assert.equal((await ensure(configMap('a'))).applied, 1);
  });

  test('are told apart by tenant', async () => {
    await ensure(configMap('a'));
    assert.equal((await owned.ensure('two', client, [configMap('a')], signal)).applied, 1);
  });

  test('that cannot be written are reported, and stop no other', async () => {
    const lost = configMap('lost');
    const nowhere = {
      ...lost,
      object: { ...lost.object, metadata: { ...lost.object.metadata, namespace: 'nowhere' } },
    };
    const { applied, failures } = await ensure(configMap('a'), nowhere, configMap('b'));
    assert.equal(applied, 2);
    assert.deepEqual(
      failures.map(({ object }) => object),
      [nowhere.object],
    );
    assert.match(String(failures[0]?.error), /nowhere/u);
    assert.equal((await ensure(configMap('a'), nowhere, configMap('b'))).failures.length, 1);
  });

  test('that cannot be deleted are reported, and are tried again', async () => {
    await ensure(configMap('a'), configMap('b'));
    const stubborn: Client = { ...client, delete: () => Promise.reject(new Error('not now')) };
    const { pruned, failures } = await owned.ensure('one', stubborn, [configMap('b')], signal);
    assert.deepEqual([pruned, failures.map(({ object }) => object.metadata?.name)], [0, ['a']]);
    assert.equal((await ensure(configMap('b'))).pruned, 1);
  });

  test('are not reported as failed when the work was called off', async () => {
    const ending = new AbortController();
    ending.abort(new Error('shutdown'));
    await assert.rejects(owned.ensure('one', client, [configMap('a')], ending.signal), /shutdown/u);
  });
});

test('the endpoints of a Service of ours, which have its labels, are not taken for surplus', async () => {
  await using tenant = await startControlPlane({ controllers: ['endpoints-controller', 'endpointslice-controller'] });
  const { client } = tenant;
  const owned = createOwnedObjects({ fieldManager: 'tester', kinds: [services, endpoints, endpointSlices] });
  const object: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'dns', namespace: 'default', labels: ours },
    spec: { selector: { app: 'dns' }, ports: [{ port: 53 }] },
  };
  const ensure = (...desired: readonly DesiredObject[]) => owned.ensure('one', client, desired, signal);
  await ensure({ resource: services, object });
  const derived = async () => [
    ...(await client.list(endpoints, { labelSelector: selector })).items,
    ...(await client.list(endpointSlices, { labelSelector: selector })).items,
  ];
  while ((await derived()).length < 2) await sleep(50);
  const before = (await derived()).map(({ metadata }) => metadata?.uid);

  assert.deepEqual(await ensure({ resource: services, object }), { applied: 0, pruned: 0, failures: [] });
  assert.deepEqual(
    (await derived()).map(({ metadata }) => metadata?.uid),
    before,
  );
  assert.equal((await ensure()).pruned, 1, 'the Service itself');
});

const selector = `${labels.project}=${PROJECT}`;

// Requests of the test itself, without the API server's own.
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules: [{ level: 'Metadata', users: ['test-admin'] }, { level: 'None' }],
};
