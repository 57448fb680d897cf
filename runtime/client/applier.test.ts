import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiServer } from '#test/api-server/api-server.ts';
import { widgetCrd, widgets } from '#test/api-server/schema/widget-crd.ts';
import { FakeClock } from '../clock.fake.ts';
import { createApplier } from './applier.ts';
import { configMaps, deployments } from './builtin.ts';
import type { ConfigMap, Deployment } from './builtin.ts';
import type { Writer } from './client.ts';
import { createClient } from './kube-client.ts';
import type { KubeObject, Resource } from './resource.ts';

const options = { fieldManager: 'test', hashAnnotation: 'example.com/hash' };

/** A server of one object: merges what is applied over what it has, as `normalise` then stores it. */
function serverOf<T extends KubeObject>(normalise: (object: T) => T = (object) => object) {
  let stored: T | undefined;
  let version = 0;
  let applies = 0;
  const client: Pick<Writer, 'apply' | 'mergePatch'> = {
    mergePatch: () => Promise.reject(new Error('nothing is patched')),
    apply: <U extends KubeObject>(_resource: Resource<U>, object: U) => {
      applies++;
      const metadata = { ...stored?.metadata, ...object.metadata, uid: 'u', resourceVersion: String(version) };
      const next = normalise({ ...stored, ...(object as unknown as T), metadata });
      if (JSON.stringify(next) !== JSON.stringify(stored)) {
        version++;
        stored = { ...next, metadata: { ...next.metadata, resourceVersion: String(version) } };
      }
      return Promise.resolve(stored as unknown as U);
    },
  };
  return {
    client,
    applies: () => applies,
    stored: () => stored,
    /** A change by somebody else. */
    edit: (change: (object: T) => T) => {
      if (stored === undefined) throw new Error('nothing stored');
      version++;
      const next = change(stored);
      stored = { ...next, metadata: { ...next.metadata, resourceVersion: String(version) } };
    },
  };
}

const desired: ConfigMap = { metadata: { namespace: 'ns', name: 'a' }, data: { key: 'value' } };

test('what is there already is not written again, not even after a restart', async () => {
  const server = serverOf<ConfigMap>();
  const applier = createApplier(options);
  const created = await applier.apply(server.client, configMaps, desired, undefined);
  assert.equal(created.changed, true);
  assert.deepEqual(await applier.apply(server.client, configMaps, desired, server.stored()), {
    object: server.stored(),
    changed: false,
  });
  const restarted = createApplier(options);
  assert.equal((await restarted.apply(server.client, configMaps, desired, server.stored())).changed, false);
  assert.equal(server.applies(), 1);
});

test('a new wish is written', async () => {
  const server = serverOf<ConfigMap>();
  const applier = createApplier(options);
  await applier.apply(server.client, configMaps, desired, undefined);
  const result = await applier.apply(server.client, configMaps, { ...desired, data: {} }, server.stored());
  assert.equal(result.changed, true);
  assert.equal(server.applies(), 2);
});

test('a field of ours that somebody changed is put back; a field of theirs is let be', async () => {
  const server = serverOf<ConfigMap>();
  const applier = createApplier(options);
  await applier.apply(server.client, configMaps, desired, undefined);
  server.edit((object) => ({ ...object, metadata: { ...object.metadata, labels: { theirs: 'x' } } }));
  assert.equal((await applier.apply(server.client, configMaps, desired, server.stored())).changed, false);
  server.edit((object) => ({ ...object, data: { key: 'other' } }));
  assert.equal((await applier.apply(server.client, configMaps, desired, server.stored())).changed, true);
  assert.equal(server.applies(), 2);
});

test('an object without our annotation is taken over', async () => {
  const server = serverOf<ConfigMap>();
  const foreign = { ...desired, metadata: { ...desired.metadata, uid: 'u', resourceVersion: '1' } };
  await createApplier(options).apply(server.client, configMaps, desired, foreign);
  assert.equal(server.applies(), 1);
});

test('a value that the server stores in another form is not written in every pass', async () => {
  const wish: Deployment = {
    metadata: { namespace: 'ns', name: 'a' },
    spec: { selector: {}, template: { spec: { containers: [], hostNetwork: false } } },
  };
  // hostNetwork: false is dropped by the real server, too.
  const server = serverOf<Deployment>((object) => ({
    ...object,
    spec: { selector: {}, template: { spec: { containers: [] } } },
  }));
  const applier = createApplier(options);
  await applier.apply(server.client, deployments, wish, undefined);
  // A second apply finds out that the first was enough.
  for (let pass = 0; pass < 3; pass++) await applier.apply(server.client, deployments, wish, server.stored());
  assert.equal(server.applies(), 2);

  // So does one after a restart.
  const restarted = createApplier(options);
  for (let pass = 0; pass < 3; pass++) {
    assert.equal((await restarted.apply(server.client, deployments, wish, server.stored())).changed, false);
  }
  assert.equal(server.applies(), 3);
});

test('the memory of what is settled stays bounded', async () => {
  const serverThatDrops = () => serverOf<Deployment>((object) => ({ ...object, spec: { selector: {}, template: {} } }));
  const [one, two] = [serverThatDrops(), serverThatDrops()];
  const applier = createApplier({ ...options, memoSize: 1 });
  const pass = async (server: typeof one, minReadySeconds: number): Promise<void> => {
    const metadata = { namespace: 'ns', name: 'a' };
    const wish: Deployment = { metadata, spec: { selector: {}, template: {}, minReadySeconds } };
    await applier.apply(server.client, deployments, wish, server.stored());
  };
  for (let i = 0; i < 3; i++) await pass(one, 1);
  assert.equal(one.applies(), 2);
  for (let i = 0; i < 2; i++) await pass(two, 2);
  await pass(one, 1);
  assert.equal(one.applies(), 3);
});

test('a member that is wanted empty now stays there, in kinds that would be refused with a null in its place', async () => {
  const client = createClient(createApiServer({ clock: new FakeClock(), crds: [widgetCrd] }).transport());
  const applier = createApplier(options);
  const wish = (spec: object) => ({ metadata: { namespace: 'default', name: 'w' }, spec });
  const before = wish({ struct: { a: 'x', deep: { a: 'y' } }, labels: { l: 'z' } });
  const { object: live } = await applier.apply(client, widgets, before, undefined);
  const { object, changed } = await applier.apply(client, widgets, wish({ struct: {}, labels: {} }), live);
  assert.equal(changed, true);
  assert.deepEqual(Object.entries(object).find(([name]) => name === 'spec')?.[1], {
    text: 'fallback',
    struct: {},
    labels: {},
    filled: { number: 1, list: ['x'] },
  });
});

test('a member that is wanted empty now is put back by the next pass, in kinds where the server loses it', async () => {
  const client = createClient(createApiServer({ clock: new FakeClock() }).transport());
  const applier = createApplier(options);
  const wish = (affinity: object): Deployment => ({
    metadata: { namespace: 'default', name: 'd' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { affinity, containers: [{ name: 'c', image: 'x:1' }] } },
    },
  });
  const { object: live } = await applier.apply(client, deployments, wish({ podAntiAffinity: {} }), undefined);
  const { object: next } = await applier.apply(client, deployments, wish({}), live);
  const { object } = await applier.apply(client, deployments, wish({}), next);
  assert.deepEqual(object.spec?.template.spec?.affinity, {});
});

test('a refusal for another reason is told as it is', async () => {
  const client = createClient(createApiServer({ clock: new FakeClock(), crds: [widgetCrd] }).transport());
  const applier = createApplier(options);
  const wish = (spec: object) => ({ metadata: { namespace: 'default', name: 'w' }, spec });
  const { object: live } = await applier.apply(client, widgets, wish({ struct: { a: 'x' } }), undefined);
  await assert.rejects(applier.apply(client, widgets, wish({ struct: {}, count: 7 }), live), /spec.count/);
});
