import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps, namespaces } from '#runtime/client/builtin.ts';
import { startControlPlane } from '#test/control-plane.ts';
import { startKine } from '#test/kine.ts';
import { startNats } from '#test/nats-server.ts';
import { openNats } from './driver.ts';

const never = new AbortController().signal;

test('an API server lives on a NATS through kine: its objects outlive a restart of both, are counted, and go with the tenant', async () => {
  await using server = await startNats();
  const { username, password } = server.administrator;
  const tenant = { schema: '4b8a4f0e-9f3c-4a53-9d3c-1f1f6a1c2d3e', user: 'unused' };
  const driver = openNats({
    driver: 'NATS',
    endpoints: [server.endpoint],
    tls: { ca: server.authority.certificatePem },
    basicAuth: server.administrator,
    fingerprint: '',
  });
  const { identity, sizeBytes: before = 0 } = await driver.probe(never);
  await driver.ensureTenant(tenant, never);
  {
    // As controlplane/kine.ts writes it.
    const endpoint = `nats://${username}:${password}@${server.endpoint}?bucket=${tenant.schema}&noEmbed`;
    await using kine = await startKine(endpoint, server.authority.certificatePem);
    await using controlPlane = await startControlPlane({ storeEndpoint: kine.endpoint });
    const { client } = controlPlane;
    await client.create(namespaces, { metadata: { name: 'kept' } });
    const key = { namespace: 'kept', name: 'one' };
    await client.create(configMaps, { metadata: key, data: { text: 'here' } });
    const { keys, bytes } = await driver.usage(tenant, never);
    assert.ok(keys > 20, `${keys} keys`);
    assert.ok(bytes > 1_000, `${bytes} bytes`);

    await server.end();
    await server.start();
    await kine.restart();
    await controlPlane.restartApiServer();
    assert.deepEqual((await client.get(configMaps, key))?.data, { text: 'here' });
    await driver.ensureTenant(tenant, never);
    assert.equal((await driver.probe(never)).identity, identity);
  }
  await driver.dropTenant(tenant, never);
  assert.deepEqual(await driver.usage(tenant, never), { keys: 0, bytes: 0 });
  assert.equal((await driver.probe(never)).sizeBytes, before);
  driver.close();
});
