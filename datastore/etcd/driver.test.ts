import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { type TlsEtcd, startTlsEtcd } from '#test/tls-etcd.ts';
import type { ConnectionConfig } from '../connection.ts';
import type { Driver } from '../driver.ts';
import { DataStoreError, type DataStoreErrorCode } from '../errors.ts';
import { EtcdChannel } from './channel.ts';
import { openEtcd } from './driver.ts';
import { etcd } from './protocol.ts';

const never = new AbortController().signal;

suite('a store that we run', () => {
  test('an empty etcd becomes a store with authorization and an identity that survives a restart', async () => {
    await using server = await startTlsEtcd();
    const driver = openEtcd(await adminOf(server));
    assert.equal((await driver.probe(never)).authorizationEnabled, false);
    await initialize(driver, 'first');
    await initialize(driver, 'second');
    const before = await driver.probe(never);
    assert.equal(before.authorizationEnabled, true);
    assert.equal(before.identity, 'first');
    assert.match(before.version, /^3\.6\.\d+$/u);
    await server.end();
    await server.start();
    assert.equal((await driver.probe(never)).identity, 'first');
    driver.close();
  });

  test('an etcd that lost its volume has another identity, although its cluster id is the same', async () => {
    await using server = await startTlsEtcd();
    const driver = openEtcd(await adminOf(server));
    const unmarked = (await driver.probe(never)).identity;
    await initialize(driver, 'first');
    await server.end();
    await server.start({ empty: true });
    const emptied = await driver.probe(never);
    assert.equal(emptied.identity, unmarked);
    assert.equal(emptied.authorizationEnabled, false);
    await initialize(driver, 'second');
    assert.equal((await driver.probe(never)).identity, 'second');
    driver.close();
  });

  test('a process that lost its leadership begins no change, and may still look', async () => {
    await using server = await startTlsEtcd();
    const state = { leads: false };
    const beforeWrite = (): void => {
      if (!state.leads) throw new Error('not the leader');
    };
    const driver = openEtcd(await adminOf(server), { beforeWrite });
    const refused = (call: Promise<unknown> | undefined): Promise<void> =>
      assert.rejects(call ?? Promise.resolve(), /not the leader/u);
    await refused(driver.initialize?.('first', never));
    assert.equal((await driver.probe(never)).authorizationEnabled, false);

    state.leads = true;
    await initialize(driver, 'first');
    const tenant = { schema: 'schema', user: 'user' };
    await driver.ensureTenant(tenant, never);
    state.leads = false;
    await refused(driver.ensureTenant({ schema: 'another', user: 'another' }, never));
    await refused(driver.dropTenant(tenant, never));
    driver.close();

    const channel = channelOf(await adminOf(server));
    assert.deepEqual((await channel.call(etcd.userList, {}, never)).users.toSorted(), ['root', 'user']);
    channel.close();
  });

  for (const done of ['the user root', 'the user root with its role', 'everything but the identity'] as const) {
    test(`initializing goes on from a crash that left ${done}`, async () => {
      await using server = await startTlsEtcd();
      const config = await adminOf(server);
      const channel = channelOf(config);
      await channel.call(etcd.userAdd, { name: 'root', options: { noPassword: true } }, never);
      if (done !== 'the user root') await channel.call(etcd.userGrantRole, { user: 'root', role: 'root' }, never);
      if (done === 'everything but the identity') await channel.call(etcd.authEnable, {}, never);
      const driver = openEtcd(config);
      await initialize(driver, 'first');
      const { authorizationEnabled, identity } = await driver.probe(never);
      assert.deepEqual({ authorizationEnabled, identity }, { authorizationEnabled: true, identity: 'first' });
      channel.close();
      driver.close();
    });
  }
});

suite('tenants of an etcd', () => {
  let server: TlsEtcd;
  let config: ConnectionConfig;
  let driver: Driver;
  let channel: EtcdChannel;
  let serial = 0;
  let names = { schema: '', user: '' };
  before(async () => {
    server = await startTlsEtcd();
    config = await adminOf(server);
    driver = openEtcd(config);
    channel = channelOf(config);
    await initialize(driver, 'store');
  });
  beforeEach(() => {
    serial += 1;
    names = { schema: `schema-${serial}`, user: `user${serial}` };
  });
  after(async () => {
    driver.close();
    channel.close();
    await server.stop();
  });

  test('a tenant is made, is made again without change, and leaves nothing when dropped', async () => {
    const before = await listing(channel);
    await driver.ensureTenant(names, never);
    const made = await listing(channel);
    assert.deepEqual(await permissionsOf(names.schema), [`READWRITE /${names.schema}/ /${names.schema}0`]);
    await driver.ensureTenant(names, never);
    assert.deepEqual(await listing(channel), made);
    await put(`/${names.schema}/registry/pods/one`);
    await driver.dropTenant(names, never);
    assert.deepEqual(await listing(channel), before);
    await driver.dropTenant(names, never);
    assert.deepEqual(await listing(channel), before);
  });

  test('dropping a tenant with thousands of keys removes exactly those', async () => {
    await driver.ensureTenant(names, never);
    const neighbours = [`/${names.schema}`, `/${names.schema}-/key`, `/${names.schema}0`, `/${names.schema}0/key`];
    for (const key of neighbours) await put(key);
    for (let page = 0; page < 25; page += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => put(`/${names.schema}/${page}/${index}`)));
    }
    await driver.dropTenant(names, never);
    const { keys } = await listing(channel);
    assert.deepEqual(keys.filter((key) => key.startsWith(`/${names.schema}`)).sort(), neighbours.sort());
  });

  test('usage counts the keys of a tenant and their bytes, and nothing of its neighbours', async () => {
    await driver.ensureTenant(names, never);
    assert.deepEqual(await driver.usage(names, never), { keys: 0, bytes: 0 });
    const keys = Array.from({ length: 100 }, (_, index) => `/${names.schema}/${index}`);
    await Promise.all([...keys, `/${names.schema}0`, `/${names.schema}`].map((key) => put(key)));
    const bytes = keys.reduce((sum, key) => sum + key.length + 'x'.length, 0);
    assert.deepEqual(await driver.usage(names, never), { keys: 100, bytes });
    assert.deepEqual(await driver.usage({ schema: 'nobody', user: 'nobody' }, never), { keys: 0, bytes: 0 });
  });

  test('usage of thousands of keys is close to what they take', async () => {
    await driver.ensureTenant(names, never);
    for (let page = 0; page < 25; page += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => put(`/${names.schema}/${page + 10}/${index + 100}`)));
    }
    const { keys, bytes } = await driver.usage(names, never);
    assert.equal(keys, 2_500);
    assert.equal(bytes, 2_500 * (`/${names.schema}/10/100`.length + 'x'.length));
  });

  test('a user or a role that a crash left without the other is completed', async () => {
    await channel.call(etcd.userAdd, { name: names.user, options: { noPassword: true } }, never);
    await channel.call(etcd.roleAdd, { name: names.schema }, never);
    await driver.ensureTenant(names, never);
    assert.deepEqual(await rolesOf(names.user), [names.schema]);
    assert.deepEqual(await permissionsOf(names.schema), [`READWRITE /${names.schema}/ /${names.schema}0`]);
  });

  test('a role that reaches beyond the tenant is cut back', async () => {
    await driver.ensureTenant(names, never);
    const perm = { permType: 'READWRITE' as const, key: Buffer.from(`/${names.schema}/`), rangeEnd: Buffer.of(0) };
    await channel.call(etcd.roleGrantPermission, { name: names.schema, perm }, never);
    await driver.ensureTenant(names, never);
    assert.deepEqual(await permissionsOf(names.schema), [`READWRITE /${names.schema}/ /${names.schema}0`]);
  });

  test('a drop that crashed after taking the access away is finished by the next one', async () => {
    await driver.ensureTenant(names, never);
    await put(`/${names.schema}/key`);
    const range = { key: Buffer.from(`/${names.schema}/`), rangeEnd: Buffer.from(`/${names.schema}0`) };
    await channel.call(etcd.roleRevokePermission, { role: names.schema, ...range }, never);
    await driver.dropTenant(names, never);
    const { keys, roles, users } = await listing(channel);
    assert.ok(!keys.includes(`/${names.schema}/key`));
    assert.ok(!roles.includes(names.schema));
    assert.ok(!users.includes(names.user));
  });

  test('a schema of another user is refused, and the refused tenant can be dropped without touching it', async () => {
    await driver.ensureTenant(names, never);
    await put(`/${names.schema}/key`);
    const before = await listing(channel);
    const intruder = { schema: names.schema, user: `${names.user}intruder` };
    await assert.rejects(driver.ensureTenant(intruder, never), failsWith('NameConflict'));
    await driver.dropTenant(intruder, never);
    assert.deepEqual(await listing(channel), before);
  });

  test('a user of another schema is refused, and the refused tenant can be dropped without touching it', async () => {
    await driver.ensureTenant(names, never);
    const before = await listing(channel);
    const intruder = { schema: `${names.schema}-intruder`, user: names.user };
    await assert.rejects(driver.ensureTenant(intruder, never), failsWith('NameConflict'));
    await driver.dropTenant(intruder, never);
    assert.deepEqual(await listing(channel), before);
  });

  test('a prefix that already holds keys of someone else is refused and kept', async () => {
    await put(`/${names.schema}/registry/secrets/foreign`);
    const before = await listing(channel);
    await assert.rejects(driver.ensureTenant(names, never), failsWith('NameConflict'));
    await driver.dropTenant(names, never);
    assert.deepEqual(await listing(channel), before);
  });

  test('of two tenants that take the same names at the same time at most one gets them', async () => {
    const rival = { schema: names.schema, user: `${names.user}rival` };
    const outcomes = await Promise.allSettled([driver.ensureTenant(names, never), driver.ensureTenant(rival, never)]);
    const holders = (await rolesOf(names.user)).length + (await rolesOf(rival.user)).length;
    assert.ok(holders <= 1, `${holders} users hold the role`);
    assert.ok(outcomes.filter(({ status }) => status === 'fulfilled').length <= 1);
  });

  test('fifty tenants made at once each get their own', async () => {
    const tenants = Array.from({ length: 50 }, (_, index) => ({ schema: `many-${index}`, user: `many${index}` }));
    await Promise.all(tenants.map((tenant) => driver.ensureTenant(tenant, never)));
    for (const { schema, user } of tenants) assert.deepEqual(await rolesOf(user), [schema]);
    await Promise.all(tenants.map((tenant) => driver.dropTenant(tenant, never)));
    const { roles, users } = await listing(channel);
    assert.deepEqual(
      [...roles, ...users].filter((name) => name.startsWith('many')),
      [],
    );
  });

  for (const [schema, user] of [
    ['a/b', 'user'],
    ['', 'user'],
    ['root', 'user'],
    ['..', 'user'],
    ['schema', 'root'],
    ['schema', 'a b'],
    ['schema', 'ü'],
    ['s'.repeat(254), 'user'],
  ] as const) {
    test(`the names ${JSON.stringify(schema.slice(0, 10))} and ${JSON.stringify(user)} never reach the store`, async () => {
      await assert.rejects(driver.ensureTenant({ schema, user }, never), failsWith('InvalidName'));
      await assert.rejects(driver.dropTenant({ schema, user }, never), failsWith('InvalidName'));
    });
  }

  test('a tenant’s own certificate cannot administer the store', async () => {
    await driver.ensureTenant(names, never);
    const { certificatePem: certificate, privateKeyPem: key } = await server.client(names.user);
    const tenant = openEtcd({ ...config, tls: { ca: server.authority.certificatePem, client: { certificate, key } } });
    await assert.rejects(tenant.probe(never), failsWith('PermissionDenied'));
    await assert.rejects(tenant.ensureTenant({ schema: 'x', user: 'x' }, never), failsWith('PermissionDenied'));
    tenant.close();
  });

  test('a certificate of a user that the store does not know is refused', async () => {
    const { certificatePem: certificate, privateKeyPem: key } = await server.client('nobody');
    const stranger = openEtcd({
      ...config,
      tls: { ca: server.authority.certificatePem, client: { certificate, key } },
    });
    await assert.rejects(stranger.probe(never), failsWith('AuthenticationFailed'));
    stranger.close();
  });

  function put(key: string): Promise<unknown> {
    const bytes = Buffer.from(key);
    const success = [{ requestPut: { key: bytes, value: Buffer.from('x') } }];
    return channel.call(etcd.txn, { compare: [], success }, never);
  }

  async function rolesOf(name: string): Promise<readonly string[]> {
    return channel.call(etcd.userGet, { name }, never).then(
      ({ roles }) => roles,
      () => [],
    );
  }

  async function permissionsOf(role: string): Promise<string[]> {
    const { perm } = await channel.call(etcd.roleGet, { role }, never);
    return perm.map(({ permType, key, rangeEnd }) => `${permType} ${key.toString()} ${rangeEnd?.toString() ?? ''}`);
  }
});

interface Listing {
  readonly keys: string[];
  readonly roles: string[];
  readonly users: string[];
}

/** Everything in the store. */
async function listing(channel: EtcdChannel): Promise<Listing> {
  const { kvs } = await channel.call(etcd.range, { key: Buffer.of(0), rangeEnd: Buffer.of(0), keysOnly: true }, never);
  const { users } = await channel.call(etcd.userList, {}, never);
  const { roles } = await channel.call(etcd.roleList, {}, never);
  return { keys: kvs.map(({ key }) => key.toString()), roles: [...roles], users: [...users] };
}

function initialize(driver: Driver, identity: string): Promise<void> {
  assert.ok(driver.initialize !== undefined);
  return driver.initialize(identity, never);
}

function failsWith(code: DataStoreErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DataStoreError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

function channelOf({ endpoints, tls }: ConnectionConfig): EtcdChannel {
  assert.ok(tls !== undefined);
  return new EtcdChannel({ endpoints, tls });
}

async function adminOf(server: TlsEtcd): Promise<ConnectionConfig> {
  const { certificatePem: certificate, privateKeyPem: key } = await server.client('root');
  return {
    driver: 'etcd',
    endpoints: [server.endpoint],
    tls: { ca: server.authority.certificatePem, client: { certificate, key } },
    fingerprint: '',
  };
}
