import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { FakeClock } from '#runtime/clock.fake.ts';
import { type TlsEtcd, startTlsEtcd } from '#test/tls-etcd.ts';
import type { ConnectionConfig } from '../connection.ts';
import type { Driver } from '../driver.ts';
import { type EtcdCalls, EtcdChannel } from './channel.ts';
import { openEtcd } from './driver.ts';
import { etcd } from './protocol.ts';

const never = new AbortController().signal;

let server: TlsEtcd;
let config: ConnectionConfig;
let channel: EtcdChannel;
let driver: Driver;
let clock: FakeClock;
let requests = 0;
let serial = 0;
let names = { schema: '', user: '' };

before(async () => {
  server = await startTlsEtcd();
  const { certificatePem: certificate, privateKeyPem: key } = await server.client('root');
  const tls = { ca: server.authority.certificatePem, client: { certificate, key } };
  config = { driver: 'etcd', endpoints: [server.endpoint], tls, fingerprint: '' };
  channel = new EtcdChannel({ endpoints: config.endpoints, tls });
  const first = openEtcd(config);
  await first.initialize?.('store', never);
  first.close();
});
beforeEach(() => {
  serial += 1;
  names = { schema: `schema-${serial}`, user: `user${serial}` };
  clock = new FakeClock();
  driver = openEtcd(config, { clock, connect: counted });
});
after(async () => {
  channel.close();
  await server.stop();
});

/** Counts the requests of the driver under test. */
function counted(options: ConstructorParameters<typeof EtcdChannel>[0]): EtcdCalls {
  const inner = new EtcdChannel(options);
  return {
    call: (...parameters) => {
      requests += 1;
      return inner.call(...parameters);
    },
    callEach: (...parameters) => inner.callEach(...parameters),
    close: () => inner.close(),
  };
}

test('removing a fleet takes as many requests for each of sixty tenants as for each of twenty', async (t) => {
  const perTenant: number[] = [];
  for (const count of [20, 60]) {
    const tenants = Array.from({ length: count }, (_, n) => ({ schema: `of-${count}-${n}`, user: `of${count}x${n}` }));
    await Promise.all(tenants.map((tenant) => driver.ensureTenant(tenant, never)));
    requests = 0;
    for (const tenant of tenants) await driver.dropTenant(tenant, never);
    perTenant.push(requests / count);
    t.diagnostic(`${count} tenants: ${requests} requests, ${(requests / count).toFixed(1)} for each`);
    await clock.advance(60_000);
  }
  driver.close();
  const [few = 0, many = 0] = perTenant;
  assert.ok(many <= few + 1, `${few} for each of the few, ${many} for each of the many`);
  assert.ok(many < 12);
});

test('a role that somebody gave to another user, too, is kept with its keys when the tenant goes', async () => {
  await driver.ensureTenant(names, never);
  await channel.call(etcd.userAdd, { name: `backup${serial}`, options: { noPassword: true } }, never);
  await channel.call(etcd.userGrantRole, { user: `backup${serial}`, role: names.schema }, never);
  await driver.dropTenant(names, never);
  driver.close();
  assert.ok((await channel.call(etcd.roleList, {}, never)).roles.includes(names.schema));
  assert.deepEqual((await channel.call(etcd.userGet, { name: `backup${serial}` }, never)).roles, [names.schema]);
});

test('that is seen within half a minute of another removal', async () => {
  await driver.ensureTenant(names, never);
  const other = { schema: `${names.schema}-other`, user: `${names.user}other` };
  await driver.ensureTenant(other, never);
  await driver.dropTenant(other, never);
  await channel.call(etcd.userAdd, { name: `backup${serial}`, options: { noPassword: true } }, never);
  await channel.call(etcd.userGrantRole, { user: `backup${serial}`, role: names.schema }, never);
  await clock.advance(30_000);
  await driver.dropTenant(names, never);
  driver.close();
  assert.ok((await channel.call(etcd.roleList, {}, never)).roles.includes(names.schema));
});

test('a schema that was another user’s a moment ago goes with its new user', async () => {
  await driver.ensureTenant(names, never);
  const next = { schema: names.schema, user: `${names.user}next` };
  const another = { schema: `${names.schema}-another`, user: `${names.user}another` };
  await driver.ensureTenant(another, never);
  // Users are listed now, while the schema is still the first one's.
  await driver.dropTenant(another, never);
  await driver.dropTenant(names, never);
  await driver.ensureTenant(next, never);
  await driver.dropTenant(next, never);
  driver.close();
  const { roles } = await channel.call(etcd.roleList, {}, never);
  const { users } = await channel.call(etcd.userList, {}, never);
  assert.deepEqual([roles.includes(next.schema), users.includes(next.user)], [false, false]);
});

test('a removal that is given up ends at once, and another one that waits for the same listing does not', async () => {
  const other = { schema: `${names.schema}-other`, user: `${names.user}other` };
  await driver.ensureTenant(names, never);
  await driver.ensureTenant(other, never);
  const giving = new AbortController();
  const given = driver.dropTenant(names, giving.signal);
  const kept = driver.dropTenant(other, never);
  giving.abort(new Error('given up'));
  await assert.rejects(given, /given up/u);
  await kept;
  await driver.dropTenant(names, never);
  driver.close();
  const { roles } = await channel.call(etcd.roleList, {}, never);
  assert.deepEqual(
    roles.filter((role) => role.startsWith(names.schema)),
    [],
  );
});
