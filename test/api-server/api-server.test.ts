import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps } from '#runtime/client/builtin.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { createApiServer } from './api-server.ts';

test('what one client writes in process another reads over HTTP', async () => {
  const server = createApiServer({ clock: new FakeClock() });
  const client = createClient(server.transport({ user: 'writer' }));
  const created = await client.create(configMaps, { metadata: { namespace: 'default', name: 'a' }, data: { x: '1' } });
  const patched = await client.mergePatch(configMaps, { namespace: 'default', name: 'a' }, { data: { y: '2' } });
  assert.deepEqual(patched.data, { x: '1', y: '2' });
  assert.equal(patched.metadata?.uid, created.metadata?.uid);
  const transport = createTransport({ server: (await server.listen()).url });
  const reader = createClient(transport);
  assert.deepEqual(await reader.get(configMaps, { namespace: 'default', name: 'a' }), patched);
  assert.deepEqual((await reader.list(configMaps)).items, [patched]);
  assert.equal(await reader.delete(configMaps, { namespace: 'default', name: 'a' }), true);
  assert.equal(await client.get(configMaps, { namespace: 'default', name: 'a' }), undefined);
  assert.deepEqual(
    server.requests.map(({ user, verb, status, changed }) => `${user} ${verb} ${status} ${changed}`),
    [
      'writer create 201 true',
      'writer patch 200 true',
      'system:admin get 200 false',
      'system:admin list 200 false',
      'system:admin delete 200 true',
      'writer get 404 false',
    ],
  );
  await transport.close();
  await server.close();
});
