import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startControlPlane } from '#test/control-plane.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { FakeClock } from '../clock.fake.ts';
import { createApplier } from './applier.ts';
import * as builtin from './builtin.ts';
import type { ConfigMap, Deployment, Secret, Service } from './builtin.ts';
import type { Client } from './client.ts';
import { setConditions } from './conditions.ts';
import { ApiError } from './errors.ts';
import { createClient } from './kube-client.ts';
import { loadKubeConfig } from './kubeconfig.ts';
import { addFinalizer, patchStatus, removeFinalizer } from './status-patch.ts';
import { createTransport } from './transport.ts';
import type { Transport } from './transport.ts';

const { configMaps, deployments, namespaces, pods, secrets, services } = builtin;

// Tier 3: everything here is answered by a real kube-apiserver.
let controlPlane: ControlPlane;
let transport: Transport;
let client: Client;
before(async () => {
  controlPlane = await startControlPlane();
  const access = await loadKubeConfig({ path: controlPlane.kubeconfigPath, clock: new FakeClock() });
  transport = createTransport(access.transport);
  client = createClient(transport);
});
after(async () => {
  await transport.close();
  await controlPlane.stop();
});

const namespace = 'default';
const key = (name: string) => ({ namespace, name });
const configMap = (name: string, data: ConfigMap['data'] = {}): ConfigMap => ({ metadata: key(name), data });

async function failure(call: Promise<unknown>): Promise<ApiError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

test('the coordinates of every built-in kind are those of the server', async () => {
  await Promise.all(
    Object.values(builtin).map(async (resource) => {
      const { resourceVersion } = await client.list<object>(resource, { limit: 1 });
      assert.notEqual(resourceVersion, '', resource.kind);
    }),
  );
});

test('an object is created, read, replaced and deleted', async () => {
  const created = await client.create(configMaps, configMap('crud', { a: '1' }));
  assert.deepEqual([created.kind, created.apiVersion, created.data], ['ConfigMap', 'v1', { a: '1' }]);
  const read = await client.get(configMaps, key('crud'));
  assert.deepEqual(read, created);
  const replaced = await client.replace(configMaps, { ...created, data: { a: '2' } });
  assert.deepEqual(replaced.data, { a: '2' });
  assert.equal((await failure(client.replace(configMaps, created))).isConflict, true);
  assert.equal(await client.delete(configMaps, key('crud')), true);
  assert.equal(await client.delete(configMaps, key('crud')), false);
  assert.equal(await client.get(configMaps, key('crud')), undefined);
});

test('failures say what they are', async () => {
  await client.create(configMaps, configMap('twice'));
  assert.equal((await failure(client.create(configMaps, configMap('twice')))).code, 'ALREADY_EXISTS');
  const invalid = await failure(client.create(configMaps, configMap('Not A Name')));
  assert.deepEqual([invalid.isInvalid, invalid.details.causes?.[0]?.field], [true, 'metadata.name']);
  const absent = await failure(client.mergePatch(configMaps, key('absent'), { data: {} }));
  assert.equal(absent.isNotFound, true);
  const nobody = controlPlane.clientFor(await controlPlane.identity('nobody'));
  const forbidden = await failure(nobody.list(secrets, { namespace }));
  assert.equal(forbidden.isForbidden, true);
  assert.match(forbidden.message, /secrets is forbidden: User "nobody"/);
});

test('a list is read page by page, at one resourceVersion, with kind and apiVersion on each item', async () => {
  await client.create(namespaces, { metadata: { name: 'paging' } });
  const names = Array.from({ length: 25 }, (_, i) => `page-${String(i).padStart(2, '0')}`);
  for (const name of names) {
    const labels = { parity: Number(name.slice(5)) % 2 === 0 ? 'even' : 'odd' };
    await client.create(configMaps, { metadata: { namespace: 'paging', name, labels }, data: { a: 'b' } });
  }
  const options = { namespace: 'paging', limit: 10, fieldSelector: 'metadata.name!=kube-root-ca.crt' };
  const all = await client.list(configMaps, options);
  assert.deepEqual(
    all.items.map((item) => item.metadata?.name),
    names,
  );
  assert.ok(all.items.every((item) => item.kind === 'ConfigMap' && item.apiVersion === 'v1'));
  const even = await client.list(configMaps, { ...options, labelSelector: 'parity=even', metadataOnly: true });
  assert.equal(even.items.length, 13);
  assert.deepEqual(Object.keys(even.items[0] ?? {}).sort(), ['apiVersion', 'kind', 'metadata']);
  assert.equal(even.items[0]?.kind, 'ConfigMap');
});

const applierOptions = { fieldManager: 'tester', hashAnnotation: 'example.com/applied' };
const service: Service = {
  metadata: key('svc'),
  spec: {
    selector: { app: 'a' },
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'api', port: 53 },
    ],
  },
};
const deployment: Deployment = {
  metadata: { ...key('deploy'), labels: { app: 'a' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'a' } },
    template: {
      metadata: { labels: { app: 'a' } },
      spec: {
        automountServiceAccountToken: false,
        hostNetwork: false,
        containers: [
          {
            name: 'main',
            image: 'example.com/main:v1',
            ports: [{ containerPort: 6443 }],
            env: [{ name: 'A', value: '1' }],
            resources: { requests: { cpu: '1000m', memory: '0.5Gi' } },
            livenessProbe: { httpGet: { path: '/livez', port: 6443 } },
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: {} }],
      },
    },
  },
};
const secret: Secret = {
  metadata: key('secret'),
  type: 'Opaque',
  data: { token: Buffer.from('hello').toString('base64') },
};

test('applying again what is there writes nothing, nor does a restarted process', async () => {
  for (const [resource, desired] of [
    [services, service],
    [deployments, deployment],
    [secrets, secret],
  ] as const) {
    const apply = (applier: ReturnType<typeof createApplier>, live?: object) =>
      applier.apply<object>(client, resource, desired, live);
    const first = createApplier(applierOptions);
    const created = await apply(first);
    assert.equal(created.changed, true);
    const live = await client.get<object>(resource, { namespace, name: desired.metadata?.name ?? '' });
    assert.deepEqual(await apply(first, live), { object: live, changed: false });

    const restarted = await apply(createApplier(applierOptions), live);
    assert.equal(restarted.changed, false, resource.kind);
    assert.deepEqual(await client.get<object>(resource, { namespace, name: desired.metadata?.name ?? '' }), live);
  }
});

test('an object that the server stores as it was sent is not even asked about after a restart', async () => {
  let applies = 0;
  const apply: Client['apply'] = (...args) => {
    applies++;
    return client.apply(...args);
  };
  const counting = { ...client, apply };
  const { hostNetwork: _dropped, ...podSpec } = deployment.spec?.template.spec ?? { containers: [] };
  const desired: Deployment = {
    ...deployment,
    metadata: key('as-sent'),
    ...(deployment.spec === undefined
      ? {}
      : { spec: { ...deployment.spec, template: { ...deployment.spec.template, spec: podSpec } } }),
  };
  const { object: live } = await createApplier(applierOptions).apply(counting, deployments, desired, undefined);
  await createApplier(applierOptions).apply(counting, deployments, desired, live);
  assert.equal(applies, 1);
});

test('drift of our fields is healed, what we no longer want is taken away, fields of others stay', async () => {
  const applier = createApplier(applierOptions);
  const wish = { ...configMap('drift', { ours: '1', old: '1' }) };
  await applier.apply(client, configMaps, wish, undefined);
  const edited = await client.mergePatch(configMaps, key('drift'), { data: { ours: 'edited', theirs: '1' } });
  const healed = await applier.apply(client, configMaps, wish, edited);
  assert.deepEqual(healed.object.data, { ours: '1', old: '1', theirs: '1' });
  const shrunk = await applier.apply(client, configMaps, configMap('drift', { ours: '1' }), healed.object);
  assert.deepEqual(shrunk.object.data, { ours: '1', theirs: '1' });
  const again = await applier.apply(client, configMaps, configMap('drift', { ours: '1' }), shrunk.object);
  assert.equal(again.changed, false);
});

test('apply without force meets the fields of another manager as a conflict', async () => {
  await client.apply(configMaps, configMap('owned', { a: '1' }), { fieldManager: 'one' });
  const call = client.apply(configMaps, configMap('owned', { a: '2' }), { fieldManager: 'two', force: false });
  assert.equal((await failure(call)).isConflict, true);
  const forced = await client.apply(configMaps, configMap('owned', { a: '2' }), { fieldManager: 'two' });
  assert.deepEqual(forced.data, { a: '2' });
});

test('a dry run is judged and stores nothing', async () => {
  const wanted = configMap('tried', { a: '1' });
  const { data } = await client.apply(configMaps, wanted, { fieldManager: 'one', dryRun: true });
  assert.deepEqual(data, { a: '1' });
  assert.equal(await client.get(configMaps, { namespace, name: 'tried' }), undefined);
});

test('a status computed from an old version is a conflict, not an overwrite; an equal one no request', async () => {
  const stale = await client.create(deployments, { ...deployment, metadata: key('status') });
  const first = await patchStatus(client, deployments, stale, { replicas: 1, observedGeneration: 1 });
  assert.equal(first.changed, true);
  assert.equal((await failure(patchStatus(client, deployments, stale, { replicas: 2 }))).isConflict, true);
  assert.deepEqual(await patchStatus(client, deployments, first.object, { replicas: 1 }), {
    object: first.object,
    changed: false,
  });
  const state = { type: 'Available', status: 'True', reason: 'Up', message: 'up' } as const;
  const conditions = setConditions(undefined, [state], new FakeClock());
  const second = await patchStatus(client, deployments, first.object, { conditions });
  assert.deepEqual(second.object.status?.conditions?.[0]?.lastTransitionTime, '2026-01-01T00:00:00Z');
  assert.deepEqual(second.object.spec, stale.spec);
});

test('a merge patch keeps fields that no type of ours knows', async () => {
  await controlPlane.kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  port: { 'x-kubernetes-int-or-string': true },
                },
              },
            },
          },
        ],
      },
    }),
  );
  const crd = await client.get(builtin.customResourceDefinitions, { name: 'widgets.example.com' });
  const schema = JSON.stringify(crd?.spec.versions[0]?.schema);
  assert.match(schema, /x-kubernetes-preserve-unknown-fields/);
  assert.match(schema, /x-kubernetes-int-or-string/);

  const widgets = { group: 'example.com', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };
  await controlPlane.kubectl(['wait', '--for=condition=Established', 'crd/widgets.example.com']);
  const widget = { metadata: key('w'), spec: { future: { a: 1 }, known: 1 } };
  await client.create(widgets, widget);
  const patched = await client.mergePatch(widgets, key('w'), { spec: { known: 2 } });
  assert.deepEqual((patched as typeof widget).spec, { future: { a: 1 }, known: 2 });
});

test('deletion holds only for the object that was meant', async () => {
  const old = await client.create(configMaps, configMap('precondition'));
  const uid = old.metadata?.uid ?? '';
  await client.delete(configMaps, key('precondition'), { uid });
  const successor = await client.create(configMaps, configMap('precondition'));
  assert.equal((await failure(client.delete(configMaps, key('precondition'), { uid }))).isConflict, true);
  const changed = await client.mergePatch(configMaps, key('precondition'), { data: { a: '1' } });
  const resourceVersion = successor.metadata?.resourceVersion ?? '';
  assert.equal((await failure(client.delete(configMaps, key('precondition'), { resourceVersion }))).isConflict, true);
  assert.deepEqual(await client.get(configMaps, key('precondition')), changed);
});

test('a finalizer holds the object until it is removed', async () => {
  const plain = await client.create(configMaps, configMap('finalizer'));
  const { object: held } = await addFinalizer(client, configMaps, plain, 'example.com/hold');
  await client.delete(configMaps, key('finalizer'));
  const deleting = await client.get(configMaps, key('finalizer'));
  assert.notEqual(deleting?.metadata?.deletionTimestamp, undefined);
  // As read before the deletion began, and as it is.
  assert.equal((await failure(removeFinalizer(client, configMaps, held, 'example.com/hold'))).isConflict, true);
  if (deleting === undefined) throw new Error('gone too early');
  await removeFinalizer(client, configMaps, deleting, 'example.com/hold');
  assert.equal(await client.get(configMaps, key('finalizer')), undefined);
  assert.equal((await removeFinalizer(client, configMaps, deleting, 'example.com/hold')).changed, false);
});

test('raw paths answer as text', async () => {
  assert.equal(await client.getRaw('/readyz'), 'ok');
  assert.match(await client.getRaw('/version'), /"gitVersion"/);
  assert.equal((await failure(client.getRaw('/absent'))).status, 404);
});

test('a namespaced object without namespace is refused before it is sent', async () => {
  await assert.rejects(client.create(pods, { metadata: { name: 'a' } }), TypeError);
});
