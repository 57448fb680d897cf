import assert from 'node:assert/strict';
import { createSecureContext } from 'node:tls';
import { after, before, suite, test } from 'node:test';
import { Client, credentials, type ServiceError, status as grpcStatus } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { type TlsEtcd, startTlsEtcd } from '#test/tls-etcd.ts';
import { descriptor } from './descriptor.ts';
import { openEtcd } from './driver.ts';

// What a tenant's own certificate may do to the keys of another, asked of a real etcd call by call. The messages are those of the
// driver plus the ones that only an attacker needs.
const attacks = attackerMethods();
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

async function rawClient(server: TlsEtcd, user: string): Promise<Client> {
  const { certificatePem: cert, privateKeyPem: key } = await server.client(user);
  const context = createSecureContext({ ca: server.authority.certificatePem, cert, key });
  const target = server.endpoint.replace('127.0.0.1', 'localhost');
  return new Client(`dns:///${target}`, credentials.createFromSecureContext(context));
}

function methodOf(service: string, method: string) {
  const definition = attacks[`etcdserverpb.${service}`];
  assert.ok(definition !== undefined && !('format' in definition));
  const found = definition[method];
  assert.ok(found !== undefined, `${service}.${method}`);
  return found;
}

function call(client: Client, service: string, method: string, request: object): Promise<Record<string, unknown>> {
  const { path, requestSerialize, responseDeserialize, responseStream } = methodOf(service, method);
  return new Promise((resolve, reject) => {
    if (responseStream) {
      const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
      stream.on('error', reject).once('data', (data: object) => resolve({ ...data }));
      return;
    }
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      if (error === null) resolve({ ...response });
      else reject(error);
    });
  });
}

/** What etcd answers to a watch. */
function watch(client: Client, createRequest: object): Promise<'created' | 'canceled'> {
  const { path, requestSerialize, responseDeserialize } = methodOf('Watch', 'Watch');
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.once('data', (response: { canceled?: boolean }) => {
      resolve(response.canceled === true ? 'canceled' : 'created');
      stream.removeAllListeners('error');
      stream.on('error', () => undefined);
      stream.cancel();
    });
    stream.write({ createRequest });
  });
}

function attackerMethods(): ReturnType<typeof fromJSON> {
  const base = descriptor.nested?.['etcdserverpb'];
  assert.ok(base !== undefined && 'nested' in base);
  const message = (fields: Record<string, readonly [type: string, id: number]>) => ({
    fields: Object.fromEntries(Object.entries(fields).map(([name, [type, id]]) => [name, { type, id }])),
  });
  const method = (name: string, extra: object = {}) => ({
    requestType: `${name}Request`,
    responseType: `${name}Response`,
    comment: '',
    ...extra,
  });
  const withMethods = (service: string, methods: Record<string, ReturnType<typeof method>>) => {
    const present = base.nested?.[service];
    return { methods: { ...(present !== undefined && 'methods' in present ? present.methods : {}), ...methods } };
  };
  const etcdserverpb = {
    nested: {
      ...base.nested,
      CompactionRequest: message({ revision: ['int64', 1] }),
      CompactionResponse: message({}),
      SnapshotRequest: message({}),
      SnapshotResponse: message({ blob: ['bytes', 3] }),
      AuthDisableRequest: message({}),
      AuthDisableResponse: message({}),
      LeaseGrantRequest: message({ TTL: ['int64', 1] }),
      LeaseGrantResponse: message({ ID: ['int64', 2] }),
      LeaseRevokeRequest: message({ ID: ['int64', 1] }),
      LeaseRevokeResponse: message({}),
      LeaseTimeToLiveRequest: message({ ID: ['int64', 1], keys: ['bool', 2] }),
      LeaseTimeToLiveResponse: message({ ID: ['int64', 2] }),
      WatchCreateRequest: message({
        key: ['bytes', 1],
        rangeEnd: ['bytes', 2],
        startRevision: ['int64', 3],
        prevKv: ['bool', 6],
      }),
      WatchRequest: message({ createRequest: ['WatchCreateRequest', 1] }),
      WatchResponse: message({ created: ['bool', 3], canceled: ['bool', 4] }),
      KV: withMethods('KV', { Put: method('Put'), Compact: method('Compaction') }),
      Auth: withMethods('Auth', { AuthDisable: method('AuthDisable') }),
      Maintenance: withMethods('Maintenance', { Snapshot: method('Snapshot', { responseStream: true }) }),
      Lease: withMethods('Lease', {
        LeaseGrant: method('LeaseGrant'),
        LeaseRevoke: method('LeaseRevoke'),
        LeaseTimeToLive: method('LeaseTimeToLive'),
      }),
      Watch: withMethods('Watch', { Watch: method('Watch', { requestStream: true, responseStream: true }) }),
    },
  };
  return fromJSON(
    { nested: { ...descriptor.nested, etcdserverpb } },
    { longs: String, enums: String, defaults: true, keepCase: true },
  );
}
