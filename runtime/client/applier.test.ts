import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApplier } from './applier.ts';
import { configMaps, deployments } from './builtin.ts';
import type { ConfigMap, Deployment } from './builtin.ts';
import type { Writer } from './client.ts';
import type { KubeObject, Resource } from './resource.ts';

const options = { fieldManager: 'test', hashAnnotation: 'example.com/hash' };

/** A server of one object: merges what is applied over what it has, as `normalise` then stores it. */
function serverOf<T extends KubeObject>(normalise: (object: T) => T = (object) => object) {
  let stored: T | undefined;
  let version = 0;
  let applies = 0;
  const client: Pick<Writer, 'apply'> = {
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
  for (let pass = 0; pass < 3; pass++) await applier.apply(server.client, deployments, wish, server.stored());
  assert.equal(server.applies(), 1);

  // After a restart one apply finds out that it changes nothing.
  const restarted = createApplier(options);
  for (let pass = 0; pass < 3; pass++) {
    assert.equal((await restarted.apply(server.client, deployments, wish, server.stored())).changed, false);
  }
  assert.equal(server.applies(), 2);
});

test('the memory of what is settled stays bounded', async () => {
  const server = serverOf<Deployment>((object) => ({ ...object, spec: { selector: {}, template: {} } }));
  const applier = createApplier({ ...options, memoSize: 1 });
  const wish = (minReadySeconds: number): Deployment => ({
    metadata: { namespace: 'ns', name: 'a' },
    spec: { selector: {}, template: {}, minReadySeconds },
  });
  await applier.apply(server.client, deployments, wish(1), undefined);
  await applier.apply(server.client, deployments, wish(2), undefined);
  await applier.apply(server.client, deployments, wish(2), server.stored());
  assert.equal(server.applies(), 2);
  await applier.apply(server.client, deployments, wish(1), server.stored());
  assert.equal(server.applies(), 3);
});
