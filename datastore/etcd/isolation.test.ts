import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Client, type ServiceError, status as grpcStatus } from '@grpc/grpc-js';
import { type TlsEtcd, startTlsEtcd } from '#test/tls-etcd.ts';
import { call, keepAlive, rawClient, watch } from './attacker.fake.ts';
import { openEtcd } from './driver.ts';

// What a tenant's own certificate may do to the keys of another, asked of a real etcd call by call.
const mine = { schema: 'tenant-a', user: 'tenanta' };
const theirs = { schema: 'tenant-b', user: 'tenantb' };
const secret = Buffer.from('/tenant-b/registry/secrets/one');
const own = Buffer.from('/tenant-a/registry/secrets/one');
const all = { key: Buffer.of(0), rangeEnd: Buffer.of(0) };
const never = new AbortController().signal;

suite('a tenant of a shared etcd', () => {
  let server: TlsEtcd;
  let tenant: Client;
  let administrator: Client;
  before(async () => {
    server = await startTlsEtcd();
    const { certificatePem: certificate, privateKeyPem: key } = await server.client('root');
    const tls = { ca: server.authority.certificatePem, client: { certificate, key } };
    const driver = openEtcd({ driver: 'etcd', endpoints: [server.endpoint], tls, fingerprint: '' });
    assert.ok(driver.initialize !== undefined);
    await driver.initialize('store', never);
    await driver.ensureTenant(mine, never);
    await driver.ensureTenant(theirs, never);
    driver.close();
    tenant = await rawClient(server, mine.user);
    administrator = await rawClient(server, 'root');
    await call(administrator, 'KV', 'Put', { key: secret, value: Buffer.from('theirs') });
  });
  after(async () => {
    tenant.close();
    administrator.close();
    await server.stop();
  });

  test('reads, writes, watches and deletes its own keys', async () => {
    await call(tenant, 'KV', 'Put', { key: own, value: Buffer.from('mine') });
    const { kvs } = await call(tenant, 'KV', 'Range', { key: own });
    assert.equal(Array.isArray(kvs) && kvs.length, 1);
    assert.equal(
      await watch(tenant, { key: Buffer.from('/tenant-a/'), rangeEnd: Buffer.from('/tenant-a0') }),
      'created',
    );
    await call(tenant, 'KV', 'Txn', { success: [{ requestDeleteRange: { key: own } }] });
  });

  const range = { requestRange: { key: secret } };
  const put = { requestPut: { key: secret, value: Buffer.from('x') } };
  const remove = { requestDeleteRange: { key: secret } };
  const prefix = { key: Buffer.from('/tenant-b/'), rangeEnd: Buffer.from('/tenant-b0') };
  const compare = [{ target: 'VERSION', key: secret, version: '0' }];
  const refused: readonly [what: string, service: string, method: string, request: object][] = [
    ['get', 'KV', 'Range', { key: secret }],
    ['count', 'KV', 'Range', { key: secret, countOnly: true }],
    ['get of a past revision', 'KV', 'Range', { key: secret, revision: '2' }],
    ['list', 'KV', 'Range', prefix],
    ['list of everything', 'KV', 'Range', all],
    ['list from its own keys on', 'KV', 'Range', { key: own, rangeEnd: Buffer.of(0) }],
    ['list across the border', 'KV', 'Range', { key: own, rangeEnd: Buffer.from('/tenant-b0') }],
    ['put', 'KV', 'Put', { key: secret, value: Buffer.from('x') }],
    ['put that returns the previous value', 'KV', 'Put', { key: secret, value: Buffer.from('x'), prevKv: true }],
    ['put beside every tenant', 'KV', 'Put', { key: Buffer.from('/tenant-c'), value: Buffer.from('x') }],
    ['put of the store’s identity', 'KV', 'Put', { key: Buffer.from('kamaji.clastix.io/store-identity'), value: own }],
    ['delete', 'KV', 'DeleteRange', { key: secret }],
    ['delete of everything', 'KV', 'DeleteRange', all],
    ['delete that returns the previous values', 'KV', 'DeleteRange', { ...prefix, prevKv: true }],
    ['transaction that compares', 'KV', 'Txn', { compare, success: [] }],
    ['transaction that gets', 'KV', 'Txn', { success: [range] }],
    ['transaction that puts', 'KV', 'Txn', { success: [put] }],
    ['transaction that deletes', 'KV', 'Txn', { success: [remove] }],
    ['transaction that would get in the other branch', 'KV', 'Txn', { success: [], failure: [range] }],
    ['nested transaction that compares', 'KV', 'Txn', { success: [{ requestTxn: { compare, success: [] } }] }],
    ['nested transaction that gets', 'KV', 'Txn', { success: [{ requestTxn: { success: [range] } }] }],
    ['nested transaction that puts', 'KV', 'Txn', { success: [{ requestTxn: { success: [put] } }] }],
    ['nested transaction that deletes', 'KV', 'Txn', { success: [{ requestTxn: { success: [remove] } }] }],
    [
      'twice nested transaction that gets',
      'KV',
      'Txn',
      { success: [{ requestTxn: { success: [{ requestTxn: { failure: [range], success: [range] } }] } }] },
    ],
    ['compaction', 'KV', 'Compact', { revision: '2' }],
    ['list of users', 'Auth', 'UserList', {}],
    ['list of roles', 'Auth', 'RoleList', {}],
    ['look at another role', 'Auth', 'RoleGet', { role: theirs.schema }],
    ['look at another user', 'Auth', 'UserGet', { name: theirs.user }],
    ['grant of another role to itself', 'Auth', 'UserGrantRole', { user: mine.user, role: theirs.schema }],
    [
      'wider permission for its own role',
      'Auth',
      'RoleGrantPermission',
      { name: mine.schema, perm: { permType: 'READWRITE', ...all } },
    ],
    ['new user', 'Auth', 'UserAdd', { name: 'another', options: { noPassword: true } }],
    ['end of authorization', 'Auth', 'AuthDisable', {}],
    ['snapshot of the whole store', 'Maintenance', 'Snapshot', {}],
    ['removal of another user', 'Auth', 'UserDelete', { name: theirs.user }],
    ['password for another user', 'Auth', 'UserChangePassword', { name: theirs.user, password: 'x' }],
    ['removal of its own role from another', 'Auth', 'UserRevokeRole', { name: theirs.user, role: theirs.schema }],
    ['new role', 'Auth', 'RoleAdd', { name: 'another' }],
    ['removal of another role', 'Auth', 'RoleDelete', { role: theirs.schema }],
    ['end of another permission', 'Auth', 'RoleRevokePermission', { role: theirs.schema, ...prefix }],
    ['state of authorization', 'Auth', 'AuthStatus', {}],
    ['start of authorization', 'Auth', 'AuthEnable', {}],
    ['new member', 'Cluster', 'MemberAdd', { peerURLs: ['http://192.0.2.1:2380'] }],
    ['removal of a member', 'Cluster', 'MemberRemove', { ID: '1' }],
    ['update of a member', 'Cluster', 'MemberUpdate', { ID: '1' }],
    ['promotion of a member', 'Cluster', 'MemberPromote', { ID: '1' }],
    ['alarm that stops all writes', 'Maintenance', 'Alarm', { action: 1, alarm: 1 }],
    ['end of an alarm', 'Maintenance', 'Alarm', { action: 2, alarm: 1 }],
    ['defragmentation', 'Maintenance', 'Defragment', {}],
    ['hash of the whole store', 'Maintenance', 'Hash', {}],
    ['hash of all keys', 'Maintenance', 'HashKV', {}],
    ['change of leader', 'Maintenance', 'MoveLeader', { targetID: '1' }],
    ['downgrade', 'Maintenance', 'Downgrade', { action: 1, version: '3.5.0' }],
  ];
  for (const [what, service, method, request] of refused) {
    test(`is refused the ${what}`, async () => {
      await assert.rejects(call(tenant, service, method, request), isPermissionDenied);
    });
  }

  for (const [what, request] of [
    ['another’s key', { key: secret }],
    ['another’s prefix', prefix],
    ['everything', all],
    ['everything from its own keys on', { key: own, rangeEnd: Buffer.of(0) }],
    ['another’s prefix with previous values', { ...prefix, prevKv: true, startRevision: '1' }],
  ] as const) {
    test(`is refused a watch of ${what}`, async () => {
      assert.equal(await watch(tenant, request), 'canceled');
    });
  }

  test('cannot attach its key to a lease of another, nor revoke it, nor read its keys', async () => {
    const { ID } = await call(administrator, 'Lease', 'LeaseGrant', { TTL: '600' });
    assert.equal(typeof ID, 'string');
    await call(administrator, 'KV', 'Put', { key: secret, value: Buffer.from('theirs'), lease: ID });
    const attach = { key: own, value: Buffer.from('x'), lease: ID };
    await assert.rejects(call(tenant, 'KV', 'Put', attach), isPermissionDenied);
    await assert.rejects(call(tenant, 'KV', 'Txn', { success: [{ requestPut: attach }] }), isPermissionDenied);
    await assert.rejects(call(tenant, 'Lease', 'LeaseRevoke', { ID }), isPermissionDenied);
    await assert.rejects(call(tenant, 'Lease', 'LeaseTimeToLive', { ID, keys: true }), isPermissionDenied);
    await assert.rejects(call(tenant, 'Lease', 'LeaseLeases', {}), isPermissionDenied);
  });

  // What a stock etcd lets every user do: docs/datastores.md names it.
  const allowed: readonly [what: string, service: string, method: string, request: object][] = [
    ['list of members', 'Cluster', 'MemberList', {}],
    ['status of a member', 'Maintenance', 'Status', {}],
    ['list of alarms', 'Maintenance', 'Alarm', { action: 0 }],
    ['new lease', 'Lease', 'LeaseGrant', { TTL: '60' }],
    ['look at its own role', 'Auth', 'RoleGet', { role: mine.schema }],
    ['look at itself', 'Auth', 'UserGet', { name: mine.user }],
  ];
  for (const [what, service, method, request] of allowed) {
    test(`is given the ${what}, as every user of an etcd`, async () => {
      const answer = JSON.stringify(await call(tenant, service, method, request));
      assert.ok(!answer.includes(theirs.user) && !answer.includes(theirs.schema), answer);
    });
  }

  test('keeps a lease alive whoever made it, and learns nothing by that', async () => {
    const { ID } = await call(administrator, 'Lease', 'LeaseGrant', { TTL: '600' });
    await call(administrator, 'KV', 'Put', { key: secret, value: Buffer.from('theirs'), lease: ID });
    assert.equal(await keepAlive(tenant, String(ID)), 'PERMISSION_DENIED');
  });

  test('has changed nothing by all of this', async () => {
    const { kvs } = await call(administrator, 'KV', 'Range', { key: secret });
    assert.ok(Array.isArray(kvs));
    assert.equal(String(kvs[0]?.value), 'theirs');
  });
});

function isPermissionDenied(error: ServiceError): boolean {
  assert.equal(error.code, grpcStatus.PERMISSION_DENIED, error.message);
  return true;
}
