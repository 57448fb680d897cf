import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps, services } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { NetworkError } from '#runtime/client/errors.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { openWatch } from '#runtime/client/watch.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { createApiServer } from './api-server.ts';

const key = (name: string) => ({ namespace: 'default', name });
const map = (name: string) => ({ metadata: key(name) });

test('what one client writes in process another reads over HTTP', async () => {
  const server = createApiServer({ clock: new FakeClock() });
  const client = createClient(server.transport({ user: 'writer' }));
  const created = await client.create(configMaps, { ...map('a'), data: { x: '1' } });
  const patched = await client.mergePatch(configMaps, key('a'), { data: { y: '2' } });
  assert.deepEqual(patched.data, { x: '1', y: '2' });
  assert.equal(patched.metadata?.uid, created.metadata?.uid);
  const transport = createTransport({ server: (await server.listen()).url, bearerToken: async () => 'reader' });
  const reader = createClient(transport);
  assert.deepEqual(await reader.get(configMaps, key('a')), patched);
  assert.deepEqual((await reader.list(configMaps)).items, [patched]);
  assert.equal(await reader.delete(configMaps, key('a')), true);
  assert.equal(await client.get(configMaps, key('a')), undefined);
  assert.deepEqual(
    server.requests.map(({ user, verb, status, changed }) => `${user} ${verb} ${status} ${changed}`),
    [
      'writer create 201 true',
      'writer patch 200 true',
      'reader get 200 false',
      'reader list 200 false',
      'reader delete 200 true',
      'writer get 404 false',
    ],
  );
  await transport.close();
  await server.close();
});

test('the audit says who asked for what, what came of it and whether anything changed', async () => {
  const clock = new FakeClock(1_000);
  const server = createApiServer({ clock });
  const client = createClient(server.transport({ user: 'someone', userAgent: 'manager/1.0' }));
  await client.create(configMaps, map('a'));
  await client.mergePatch(configMaps, key('a'), {});
  await client.list(configMaps, { namespace: 'default' });
  server.faults.next({ kind: 'reset' });
  await assert.rejects(client.get(configMaps, key('a')));
  const common = { time: 1_000, user: 'someone', userAgent: 'manager/1.0', group: '', resource: 'configmaps' };
  const collection = '/api/v1/namespaces/default/configmaps';
  const of = { ...common, subresource: '', namespace: 'default' };
  assert.deepEqual(server.requests, [
    { ...of, verb: 'create', name: '', path: collection, status: 201, changed: true },
    { ...of, verb: 'patch', name: 'a', path: `${collection}/a`, status: 200, changed: false },
    { ...of, verb: 'list', name: '', path: collection, status: 200, changed: false },
    { ...of, verb: 'get', name: 'a', path: `${collection}/a`, status: 0, changed: false, fault: 'reset' },
  ]);
});

test('resourceVersions go on from where they are told to, beyond what a JavaScript number holds', async () => {
  const server = createApiServer({ clock: new FakeClock(), firstRevision: '9007199254740992' });
  const client = createClient(server.transport());
  const first = await client.create(configMaps, map('a'));
  const second = await client.create(configMaps, map('b'));
  // Four namespaces are there from the start.
  assert.equal(first.metadata?.resourceVersion, '9007199254740997');
  assert.equal(second.metadata?.resourceVersion, '9007199254740998');
  assert.equal(server.revision, '9007199254740998');
});

test('history is kept as long as is said', async () => {
  const server = createApiServer({ clock: new FakeClock(), historyLimit: 2 });
  const transport = server.transport();
  const client = createClient(transport);
  const versions: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    versions.push((await client.create(configMaps, map(name))).metadata?.resourceVersion ?? '');
  }
  const seen = async (resourceVersion: string): Promise<string[]> => {
    const { signal } = new AbortController();
    const watch = await openWatch(transport, configMaps, {}, { resourceVersion, timeoutSeconds: 60, signal });
    for await (const batch of watch.batches) return batch.map(({ type }) => type);
    return [];
  };
  assert.deepEqual(await seen(versions[1] ?? ''), ['ADDED', 'ADDED']);
  await assert.rejects(seen(versions[0] ?? ''), { code: 'EXPIRED' });
});

test('what a snapshot holds is a copy', async () => {
  const server = createApiServer({ clock: new FakeClock() });
  const client = createClient(server.transport());
  await client.create(configMaps, map('a'));
  const [found] = server.snapshot().filter(({ kind }) => kind === 'ConfigMap');
  Object.assign(found?.metadata ?? {}, { name: 'other' });
  assert.equal((await client.get(configMaps, key('a')))?.metadata?.name, 'a');
});

test('two runs with the same random numbers are the same', async () => {
  const run = async (): Promise<unknown> => {
    let seed = 1;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const server = createApiServer({ clock: new FakeClock(), random });
    const client = createClient(server.transport());
    const metadata = { namespace: 'default', generateName: 'x-' };
    await Promise.all([client.create(configMaps, { metadata }), client.create(configMaps, { metadata })]);
    const spec = { type: 'NodePort', ports: [{ port: 1 }] };
    await client.create(services, { ...map('a'), spec });
    return server.snapshot();
  };
  assert.deepEqual(await run(), await run());
});

test('without latency a request is done within microtasks, with it when its time has come', async () => {
  const clock = new FakeClock();
  const server = createApiServer({ clock });
  let done = false;
  void createClient(server.transport())
    .create(configMaps, map('a'))
    .then(() => (done = true));
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assert.equal(done, true);

  const slow = createClient(server.transport({ latencyMs: () => 500 }));
  const creation = slow.create(configMaps, map('b'));
  await clock.advance(499);
  assert.equal(server.requests.length, 1);
  await clock.advance(1);
  assert.equal((await creation).metadata?.name, 'b');
});

test('events of a slow watch come late and in order', async () => {
  const clock = new FakeClock();
  const server = createApiServer({ clock });
  const latencies = [300, 100, 200];
  const transport = server.transport({ watchLatencyMs: () => latencies.shift() ?? 0 });
  const client = createClient(transport);
  const stop = new AbortController();
  const position = { resourceVersion: server.revision, timeoutSeconds: 600, signal: stop.signal };
  const watch = await openWatch(transport, configMaps, {}, position);
  const seen: string[] = [];
  const reading = (async () => {
    for await (const batch of watch.batches) {
      for (const event of batch) seen.push(event.type === 'BOOKMARK' ? '' : (event.object.metadata?.name ?? ''));
    }
  })();
  for (const name of ['a', 'b', 'c']) await client.create(configMaps, map(name));
  await clock.advance(299);
  assert.deepEqual(seen, []);
  await clock.advance(1);
  assert.deepEqual(seen, ['a', 'b', 'c']);
  stop.abort(new Error('enough'));
  await assert.rejects(reading, /enough/);
});

test('a process that lost its lease does not write', async () => {
  const server = createApiServer({ clock: new FakeClock() });
  const refuse = (): void => {
    throw new Error('not the leader');
  };
  const client: Client = createClient(server.transport({ beforeSend: refuse }));
  await assert.rejects(client.create(configMaps, map('a')), (error) => {
    return error instanceof NetworkError && error.code === 'NOT_SENT';
  });
  assert.deepEqual(server.requests, []);
});

test('a caller that gives up is told why, and its watch ends', async () => {
  const clock = new FakeClock();
  const server = createApiServer({ clock });
  const transport = server.transport();
  const stop = new AbortController();
  server.faults.next({ kind: 'silence' });
  const creation = createClient(transport).create(configMaps, map('a'), { signal: stop.signal });
  const options = { resourceVersion: server.revision, timeoutSeconds: 600, signal: stop.signal };
  const watch = await openWatch(transport, configMaps, {}, options);
  stop.abort(new Error('shutting down'));
  await assert.rejects(creation, /shutting down/);
  await assert.rejects(async () => {
    for await (const _ of watch.batches) assert.fail('an event');
  }, /shutting down/);
  assert.deepEqual(clock.pending(), []);
});

test('garbage is collected as often as is said', async () => {
  const clock = new FakeClock();
  const server = createApiServer({ clock, garbageCollectionIntervalMs: 1_000 });
  const client = createClient(server.transport());
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'gone' };
  await client.create(configMaps, { metadata: { ...key('a'), ownerReferences: [owner] } });
  await clock.advance(999);
  assert.ok(await client.get(configMaps, key('a')));
  await clock.advance(1);
  assert.equal(await client.get(configMaps, key('a')), undefined);
  await server.close();
  assert.deepEqual(clock.pending(), []);
});

test('a path without resource answers what a probe and discovery ask', async () => {
  const server = createApiServer({ clock: new FakeClock() });
  const client = createClient(server.transport());
  assert.equal(await client.getRaw('/readyz'), 'ok');
  assert.match(await client.getRaw('/version'), /"gitVersion":"v1\.35\.4"/);
  assert.match(await client.getRaw('/apis/apps/v1'), /"deployments\/scale"/);
  assert.match(await client.getRaw('/apis'), /"name":"apps"/);
  await assert.rejects(client.getRaw('/nothing'), { status: 404 });
});
