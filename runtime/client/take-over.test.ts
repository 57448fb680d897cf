import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createApiServer } from '#test/api-server/api-server.ts';
import { FakeClock } from '../clock.fake.ts';
import { createApplier } from './applier.ts';
import { configMaps } from './builtin.ts';
import type { ConfigMap } from './builtin.ts';
import { createClient } from './kube-client.ts';
import { takeOver } from './take-over.ts';

const key = { namespace: 'default', name: 'a' };
const succession = { fieldManager: 'ours', from: ['old'] };

/** An object that `old` made and kept up, and that `other` has added something to. */
async function inherited() {
  const server = createApiServer({ clock: new FakeClock() });
  const as = (userAgent: string) => createClient(server.transport({ userAgent: `${userAgent}/v1` }));
  const metadata = { ...key, labels: { kept: 'yes', dropped: 'yes' }, finalizers: ['old.example/finalizer'] };
  await as('old').create(configMaps, { metadata, data: { kept: '1', dropped: '1' } });
  await as('old').mergePatch(configMaps, key, { data: { later: '1' } });
  await as('other').mergePatch(configMaps, key, { metadata: { annotations: { theirs: 'x' } }, data: { theirs: '1' } });
  const writes = () => server.requests.filter(({ verb }) => verb === 'patch').length;
  return { client: as('ours'), as, writes };
}

const wish: ConfigMap = { metadata: { ...key, labels: { kept: 'yes' } }, data: { kept: '2' } };

suite('an object of a program that ours succeeds', () => {
  test('holds after the first apply what that says and what others added, and nothing else', async () => {
    const { client } = await inherited();
    await takeOver(client, configMaps, key, succession);
    await client.apply(configMaps, wish, { fieldManager: 'ours' });
    const { metadata, data } = (await client.get(configMaps, key)) ?? {};
    assert.deepEqual(data, { kept: '2', theirs: '1' });
    assert.deepEqual(metadata?.labels, { kept: 'yes' });
    assert.deepEqual(metadata?.annotations, { theirs: 'x' });
    assert.equal(metadata?.finalizers, undefined);
    assert.deepEqual(metadata?.managedFields?.map(({ manager }) => manager).sort(), ['other', 'ours']);
  });

  test('is not changed by the succession itself', async () => {
    const { client } = await inherited();
    const before = await client.get(configMaps, key);
    await takeOver(client, configMaps, key, succession);
    const after = await client.get(configMaps, key);
    assert.deepEqual([after?.data, after?.metadata?.labels], [before?.data, before?.metadata?.labels]);
  });

  test('is succeeded once: nothing is written to one that holds nothing of theirs, or that is gone', async () => {
    const { client, writes } = await inherited();
    await takeOver(client, configMaps, key, succession);
    const before = writes();
    await takeOver(client, configMaps, key, succession);
    await takeOver(client, configMaps, { ...key, name: 'gone' }, succession);
    assert.equal(writes(), before);
  });

  test('is succeeded although somebody writes to it at the same moment', async () => {
    const { client, as } = await inherited();
    let disturbed = false;
    const get: typeof client.get = async (resource, of, options) => {
      const object = await client.get(resource, of, options);
      if (!disturbed) await as('other').mergePatch(configMaps, key, { data: { theirs: '2' } });
      disturbed = true;
      return object;
    };
    await takeOver({ ...client, get }, configMaps, key, succession);
    await client.apply(configMaps, wish, { fieldManager: 'ours' });
    assert.deepEqual((await client.get(configMaps, key))?.data, { kept: '2', theirs: '2' });
  });

  test('of which all was once applied by ours is not even looked at', async () => {
    const { client } = await inherited();
    const applier = createApplier({ fieldManager: 'ours', hashAnnotation: 'example.com/hash' });
    const { object } = await applier.apply(client, configMaps, wish, await client.get(configMaps, key));
    const unused = (): never => assert.fail('nothing is asked');
    await applier.succeed({ get: unused, mergePatch: unused }, configMaps, object, ['old']);
  });
});
