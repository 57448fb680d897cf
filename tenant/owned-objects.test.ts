import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { labels, PROJECT } from '#api/labels.ts';
import type { ConfigMap, Deployment, RoleBinding, Service } from '#runtime/client/builtin.ts';
import {
  configMaps,
  deployments,
  endpoints,
  endpointSlices,
  namespaces,
  roleBindings,
  roles,
  services,
} from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { startControlPlane } from '#test/control-plane.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { DesiredObject, OwnedObjects } from './owned-objects.ts';
import { createOwnedObjects } from './owned-objects.ts';

const signal = new AbortController().signal;
const options = { fieldManager: 'tester', hashAnnotation: 'tester/applied' };
const planOf = (desired: readonly DesiredObject[]) => async () => ({ desired, notes: undefined });
const ours = { [labels.project]: PROJECT };

suite('objects that we own inside a tenant', () => {
  let tenant: ControlPlane;
  let client: Client;
  let owned: OwnedObjects<never>;
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

  const start = (turns: readonly (readonly Resource[])[] = [[configMaps, deployments, roleBindings]]) =>
    createOwnedObjects({ ...options, namespaces: [namespace], turns });
  const ensure = (...desired: readonly DesiredObject[]) => owned.ensure('one', client, planOf(desired), signal);
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

  function workload(replicas = 1): DesiredObject {
    const object: Deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace, labels: { ...ours, app: 'd' } },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'd' } },
        template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    };
    return { resource: deployments, object };
  }

  function binding(role: string): DesiredObject {
    const apiGroup = 'rbac.authorization.k8s.io';
    const object: RoleBinding = {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'b', namespace, labels: ours },
      roleRef: { apiGroup, kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup, kind: 'User', name: 'somebody' }],
    };
    return { resource: roleBindings, object };
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
    assert.deepEqual(requests.toSorted(), ['list configmaps', 'list deployments', 'list rolebindings']);
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
    await ensure(workload());
    const key = { namespace, name: 'd' };
    await client.mergePatch(deployments, key, { status: { observedGeneration: 1 } }, { subresource: 'status' });
    assert.equal((await ensure(workload())).applied, 0);
    await client.mergePatch(deployments, key, { spec: { template: { spec: { nodeName: 'x' } } } });
    assert.equal((await ensure(workload())).applied, 1);
    await client.delete(deployments, key);
  });

  test('are read once in full by a process that has just started, which writes nothing', async () => {
    await ensure(configMap('a'), workload(), binding('view'));
    owned = start();
    const requests = await requestsOf(() => ensure(configMap('a'), workload(), binding('view')));
    assert.deepEqual(
      requests.filter((request) => !request.startsWith('list ')),
      [],
    );
    owned.forget('one');
    assert.equal((await ensure(configMap('a'), workload(), binding('view'))).applied, 0);
  });

  test('are applied without a look to a tenant that is new; the look after sees what was there all the same', async () => {
    await ensure(configMap('surplus'), binding('view'));
    owned = start();
    const desired = [configMap('a'), binding('edit')];
    const requests = await requestsOf(async () => {
      const { applied, failures } = await owned.ensure('one', client, planOf(desired), signal, 'new');
      assert.deepEqual([applied, failures.length], [1, 1]);
    });
    assert.deepEqual(requests.toSorted(), ['patch configmaps', 'patch rolebindings']);
    assert.deepEqual(await ensure(...desired), { applied: 1, pruned: 1, failures: [] });
    assert.equal((await client.get(roleBindings, { namespace, name: 'b' }))?.roleRef.name, 'edit');
    assert.deepEqual(await ensure(...desired), { applied: 0, pruned: 0, failures: [] });
  });

  test('are put right by a process that has just started, when they were changed while none ran', async () => {
    await ensure(configMap('a'), workload());
    await change('a', { data: { key: 'other' } });
    await client.mergePatch(deployments, { namespace, name: 'd' }, { spec: { replicas: 7 } });
    owned = start();
    assert.equal((await ensure(configMap('a'), workload())).applied, 2);
    assert.deepEqual((await read('a'))?.data, { key: 'value' });
    assert.equal((await ensure(configMap('a'), workload())).applied, 0);
  });

  test('lose what an earlier process had applied and this one does not want', async () => {
    await ensure(configMap('a', { key: 'value', gone: 'soon' }));
    owned = start();
    assert.equal((await ensure(configMap('a'))).applied, 1);
    assert.deepEqual((await read('a'))?.data, { key: 'value' });
  });

  test('of kinds that take turns are seen in one of two looks; damage to one has all looked at', async () => {
    owned = start([
      [configMaps, roles],
      [configMaps, deployments, services],
    ]);
    const both = [configMap('a'), workload()];
    await ensure(...both);
    await ensure(...both);
    const seen = async () => (await requestsOf(() => ensure(...both))).toSorted();
    assert.deepEqual(await seen(), ['list configmaps', 'list roles']);
    assert.deepEqual(await seen(), ['list configmaps', 'list deployments', 'list services']);
    await client.delete(deployments, { namespace, name: 'd' });
    assert.equal((await ensure(...both)).applied, 0, 'not its turn');
    assert.equal((await ensure(...both)).applied, 1, 'its turn');

    await ensure(...both);
    await client.delete(deployments, { namespace, name: 'd' });
    await client.delete(configMaps, { namespace, name: 'a' });
    assert.equal((await ensure(...both)).applied, 2, 'the one that was not its turn as well');
  });

  test('of a kind whose turn it is not follow what is wanted of them all the same', async () => {
    owned = start([[configMaps], [deployments], [roles]]);
    await ensure(configMap('a'), workload());
    await ensure(configMap('a'), workload());
    assert.equal((await ensure(configMap('a'), workload(3))).applied, 1);
    assert.equal((await client.get(deployments, { namespace, name: 'd' }))?.spec?.replicas, 3);
    await ensure(configMap('a'), workload(3));
    assert.equal((await ensure(configMap('a'))).pruned, 1);
  });

  test('get back a label or annotation that somebody removed, also where that is no new generation', async () => {
    await ensure(workload());
    const metadata = { labels: { app: null }, annotations: { 'tester/applied': null } };
    await client.mergePatch(deployments, { namespace, name: 'd' }, { metadata });
    assert.equal((await ensure(workload())).applied, 1);
    const { labels: has } = (await client.get(deployments, { namespace, name: 'd' }))?.metadata ?? {};
    assert.equal(has?.['app'], 'd');
    assert.equal((await ensure(workload())).applied, 0);
  });

  test('are made anew where they have to be other than an existing one can become', async () => {
    owned = start([[roleBindings, services]]);
    const service = (clusterIP: string): DesiredObject => {
      const object: Service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's', namespace, labels: ours },
        spec: { clusterIP, ports: [{ port: 53 }] },
      };
      return { resource: services, object };
    };
    await ensure(binding('view'), service('10.96.7.7'));
    const { failures } = await ensure(binding('edit'), service('10.96.7.8'));
    assert.deepEqual(failures, []);
    const names = { namespace, name: 'b' };
    assert.equal((await client.get(roleBindings, names))?.roleRef.name, 'edit');
    assert.equal((await client.get(services, { namespace, name: 's' }))?.spec?.clusterIP, '10.96.7.8');
    await ensure();
  });

  test('of control planes that are hosted inside the tenant, and others’ in their namespaces, are left alone', async () => {
    const hosted = { ...ours, [labels.name]: 'inner' };
    await client.create(configMaps, { metadata: { name: 'inner', namespace, labels: hosted } });
    const elsewhere = { name: 'inner-store', namespace: 'default', labels: ours };
    await client.create(configMaps, { metadata: elsewhere });
    assert.deepEqual(await ensure(configMap('a')), { applied: 1, pruned: 0, failures: [] });
    assert.ok((await read('inner')) !== undefined);
    assert.ok(await client.delete(configMaps, elsewhere));
  });

  test('that are not wanted any more stay where the plan says so', async () => {
    await ensure(configMap('a'), configMap('b'));
    const keeping = async () => ({ desired: [configMap('b')], notes: undefined, keepOthers: true });
    assert.equal((await owned.ensure('one', client, keeping, signal)).pruned, 0);
    assert.equal((await ensure(configMap('b'))).pruned, 1);
  });

  suite('of a tenant of which the same is wanted as at the last look', () => {
    const unchanged = (...desired: readonly DesiredObject[]) =>
      owned.ensure('one', client, planOf(desired), signal, 'unchanged');
    const settle = async (...desired: readonly DesiredObject[]): Promise<void> => {
      while ((await ensure(...desired)).applied > 0);
    };

    test('are only looked at, whatever a plan would say, as long as nobody has touched them', async () => {
      await settle(configMap('a'));
      assert.deepEqual(await unchanged(configMap('never wanted')), { applied: 0, pruned: 0, failures: [] });
      assert.equal(await read('never wanted'), undefined);
      await change('a', { data: { key: 'other' } });
      assert.equal((await unchanged(configMap('a'))).applied, 1);
      assert.deepEqual((await read('a'))?.data, { key: 'value' });
    });

    test('are planned until there is nothing more to do', async () => {
      await ensure(configMap('a'));
      assert.equal((await unchanged(configMap('a'), configMap('b'))).applied, 1);
    });

    test('come back when somebody deletes one', async () => {
      await settle(configMap('a'));
      await client.delete(configMaps, { namespace, name: 'a' });
      assert.equal((await unchanged(configMap('a'))).applied, 1);
    });

    test('get back a label that somebody removed, also where that is no new generation', async () => {
      await settle(workload());
      await client.mergePatch(deployments, { namespace, name: 'd' }, { metadata: { labels: { app: null } } });
      assert.equal((await unchanged(workload())).applied, 1);
    });

    test('are rid of one that somebody put beside them under our label', async () => {
      await settle(configMap('a'));
      await client.create(configMaps, { metadata: { name: 'surplus', namespace, labels: ours } });
      assert.equal((await unchanged(configMap('a'))).pruned, 1);
    });
  });

  test('are planned by what is there: the plan is told when that changes, and what it noted at the look before', async () => {
    const noting = createOwnedObjects<string>({ ...options, namespaces: [namespace], turns: [[configMaps]] });
    const key = { namespace, name: 'a' };
    const told: unknown[] = [];
    const look = () =>
      noting.ensure(
        'one',
        client,
        async ({ versionOf, notes }) => {
          const version = versionOf(configMaps, key);
          told.push([version === undefined ? 'absent' : version === notes ? 'the same' : 'changed']);
          return { desired: [configMap('a')], notes: version };
        },
        signal,
      );
    for (let round = 0; round < 3; round += 1) await look();
    await change('a', { data: { theirs: 'x' } });
    await look();
    assert.deepEqual(told.flat(), ['absent', 'changed', 'the same', 'changed']);
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
    const { pruned, failures } = await owned.ensure('one', stubborn, planOf([configMap('b')]), signal);
    assert.deepEqual([pruned, failures.map(({ object }) => object.metadata?.name)], [0, ['a']]);
    assert.equal((await ensure(configMap('b'))).pruned, 1);
  });

  test('are not reported as failed when the work was called off', async () => {
    const ending = new AbortController();
    ending.abort(new Error('shutdown'));
    await assert.rejects(owned.ensure('one', client, planOf([configMap('a')]), ending.signal), /shutdown/u);
  });
});

test('the endpoints of a Service of ours, which have its labels, are not taken for surplus', async () => {
  await using tenant = await startControlPlane({ controllers: ['endpoints-controller', 'endpointslice-controller'] });
  const { client } = tenant;
  const owned = createOwnedObjects({
    ...options,
    namespaces: ['default'],
    turns: [[services, endpoints, endpointSlices]],
  });
  const object: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'dns', namespace: 'default', labels: ours },
    spec: { selector: { app: 'dns' }, ports: [{ port: 53 }] },
  };
  const ensure = (...desired: readonly DesiredObject[]) => owned.ensure('one', client, planOf(desired), signal);
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
