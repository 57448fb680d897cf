import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { DatabaseServer } from '#test/database-server.ts';
import { freePorts } from '#test/ports.ts';
import { startNats } from '#test/nats-server.ts';
import type { ConnectionConfig } from '../connection.ts';
import type { Driver } from '../driver.ts';
import { DataStoreError, type DataStoreErrorCode } from '../errors.ts';
import { openNats } from './driver.ts';

const never = new AbortController().signal;
const one = { schema: 'tenant-one', user: 'one' };
const two = { schema: 'tenant-two', user: 'two' };

function configOf(server: DatabaseServer, more: Partial<ConnectionConfig> = {}): ConnectionConfig {
  const tls = { ca: server.authority.certificatePem };
  return {
    driver: 'NATS',
    endpoints: [server.endpoint],
    tls,
    basicAuth: server.administrator,
    fingerprint: '',
    ...more,
  };
}

suite('a NATS as store of one tenant', () => {
  let server: DatabaseServer;
  let driver: Driver;
  before(async () => {
    server = await startNats();
  });
  beforeEach(() => {
    driver = openNats(configOf(server));
  });
  after(() => server.stop());

  test('tells version, size and an identity that survives a restart and dies with the data', async () => {
    const first = await driver.probe(never);
    assert.match(first.version, /^2\.\d+\.\d+$/u);
    assert.equal(first.authorizationEnabled, true);
    assert.equal(first.quotaBytes, undefined);
    assert.deepEqual(first.missingRights, []);
    assert.match(first.identity, /^[0-9a-f-]{36}$/u);
    assert.equal((await driver.probe(never)).identity, first.identity);
    await server.end();
    await failsWith('ConnectionRefused', driver);
    await server.start();
    assert.equal((await driver.probe(never)).identity, first.identity);
    await server.end();
    await server.start({ empty: true });
    driver.close();
    assert.notEqual((await driver.probe(never)).identity, first.identity);
    driver.close();
  });

  test('takes one tenant and refuses a second one, which changes nothing', async () => {
    const before = await streams(server);
    await driver.ensureTenant(one, never);
    await driver.ensureTenant(one, never);
    const held = await streams(server);
    await assert.rejects(driver.ensureTenant(two, never), (error) => {
      assert.ok(error instanceof DataStoreError);
      assert.equal(error.code, 'NameConflict');
      assert.match(error.message, /tenant-one.*of its own/u);
      return true;
    });
    await driver.dropTenant(two, never);
    assert.deepEqual(await streams(server), held);
    await driver.dropTenant(one, never);
    await driver.dropTenant(one, never);
    assert.deepEqual(await streams(server), before);
    await driver.ensureTenant(two, never);
    await driver.dropTenant(two, never);
    driver.close();
  });

  test('a process that lost its leadership begins no change, and may still look', async () => {
    await driver.probe(never);
    const fenced = openNats(configOf(server), {
      beforeWrite: () => {
        throw new Error('not the leader');
      },
    });
    await fenced.probe(never);
    await assert.rejects(fenced.ensureTenant(one, never), /not the leader/u);
    await driver.ensureTenant(one, never);
    await assert.rejects(fenced.dropTenant(one, never), /not the leader/u);
    await driver.dropTenant(one, never);
    fenced.close();
    driver.close();
  });

  test('a tenant without a bucket uses nothing', async () => {
    assert.deepEqual(await driver.usage(one, never), { keys: 0, bytes: 0 });
    driver.close();
  });

  test('names that JetStream could take for something else are refused before anything is asked', async () => {
    const bad = { schema: 'a.*.>', user: 'a' };
    for (const call of [
      () => driver.ensureTenant(bad, never),
      () => driver.dropTenant(bad, never),
      () => driver.usage(bad, never),
    ]) {
      await assert.rejects(call, (error) => error instanceof DataStoreError && error.code === 'InvalidName');
    }
    driver.close();
  });

  test('an aborted call rejects with the reason of its signal', async () => {
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const call = driver.probe(controller.signal);
    controller.abort(reason);
    await assert.rejects(call, reason);
    driver.close();
  });

  test('a wrong password is AuthenticationFailed, and the right one gets in afterwards', async () => {
    const wrong = openNats(configOf(server, { basicAuth: { ...server.administrator, password: 'wrong' } }));
    await failsWith('AuthenticationFailed', wrong);
    wrong.close();
    await driver.probe(never);
    driver.close();
  });

  test('an authority that did not sign the server’s certificate is TLSFailed', async () => {
    const { createAuthority } = await import('#pki/authority.ts');
    const { certificatePem: ca } = await createAuthority({ commonName: 'other', now: new Date() });
    const other = openNats(configOf(server, { tls: { ca } }));
    await failsWith('TLSFailed', other);
    other.close();
  });

  test('a port where nothing listens is ConnectionRefused, a host that does not exist NameResolutionFailed', async () => {
    const [port = 0] = await freePorts(1);
    await failsWith('ConnectionRefused', openNats(configOf(server, { endpoints: [`127.0.0.1:${port}`] })));
    await failsWith('NameResolutionFailed', openNats(configOf(server, { endpoints: ['no-such-host.invalid:4222'] })));
  });

  test('a server that stands still is Timeout, and answers again when it goes on', async () => {
    const impatient = openNats(configOf(server), { timeoutMs: 5_000 });
    await impatient.probe(never);
    await server.freeze();
    try {
      await failsWith('Timeout', impatient);
    } finally {
      await server.thaw();
    }
    await impatient.probe(never);
    impatient.close();
    driver.close();
  });
});

test('a NATS without JetStream says what is missing', async () => {
  await using server = await startNats({ jetStream: false });
  const driver = openNats(configOf(server));
  const { missingRights } = await driver.probe(never);
  assert.match(missingRights.join(), /JetStream/u);
  driver.close();
});

test('a NATS that lets everyone in is no place for a tenant', async () => {
  await using server = await startNats({ authorization: false });
  const driver = openNats(configOf(server));
  assert.equal((await driver.probe(never)).authorizationEnabled, false);
  driver.close();
});

async function failsWith(code: DataStoreErrorCode, driver: Driver): Promise<void> {
  await assert.rejects(driver.probe(never), (error) => {
    assert.ok(error instanceof DataStoreError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Names of everything that the store holds. */
async function streams(server: DatabaseServer): Promise<readonly string[]> {
  const { username: user, password: pass } = server.administrator;
  const connection = await connect({
    servers: [server.endpoint],
    user,
    pass,
    tls: { ca: server.authority.certificatePem },
  });
  const names: string[] = [];
  for await (const { config } of (await jetstreamManager(connection)).streams.list()) names.push(config.name);
  await connection.close();
  return names.sort();
}
