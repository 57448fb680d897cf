import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { EtcdChannel } from '#datastore/etcd/channel.ts';
import { EtcdError } from '#datastore/etcd/failure.ts';
import type { Method } from '#datastore/etcd/protocol.ts';
import { etcd } from '#datastore/etcd/protocol.ts';
import { startTlsEtcd, type TlsEtcd } from '../../tls-etcd.ts';
import { EtcdData } from './etcd.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const range = { key: bytes('/a/'), rangeEnd: bytes('/a0') };
const permission = { ...range, permType: 'READWRITE' } as const;
const put = (key: string) => ({
  compare: [{ target: 'VERSION', key: bytes(key), version: '0' } as const],
  success: [{ requestPut: { key: bytes(key), value: bytes('value') } }],
});
const user = (name: string) => ({ name, options: { noPassword: true } });

type Ask = (
  call: <Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
  ) => Promise<Response>,
) => Promise<unknown>;

/** What is asked of both, one after the other; each depends on what those before it left. */
const asked: readonly (readonly [what: string, ask: Ask])[] = [
  ['authorization, which is off', async (call) => (await call(etcd.authStatus, {})).enabled],
  ['to turn it on without an administrator', (call) => call(etcd.authEnable, {})],
  ['a key that is new', async (call) => (await call(etcd.txn, put('/a/1'))).succeeded],
  ['the same key once more', async (call) => (await call(etcd.txn, put('/a/1'))).succeeded],
  ['another key', async (call) => (await call(etcd.txn, put('/b/1'))).succeeded],
  ['the user root', (call) => call(etcd.userAdd, user('root'))],
  ['the user root once more', (call) => call(etcd.userAdd, user('root'))],
  ['the role of the administrator', (call) => call(etcd.userGrantRole, { user: 'root', role: 'root' })],
  ['that role once more', (call) => call(etcd.userGrantRole, { user: 'root', role: 'root' })],
  ['to turn authorization on', (call) => call(etcd.authEnable, {})],
  ['to turn it on once more', (call) => call(etcd.authEnable, {})],
  ['authorization, which is on', async (call) => (await call(etcd.authStatus, {})).enabled],
  ['the roles of a user that is none', (call) => call(etcd.userGet, { name: 'a' })],
  ['a role that is none', (call) => call(etcd.roleGet, { role: 'a' })],
  ['a user', (call) => call(etcd.userAdd, user('a'))],
  ['that user has a role that is none', (call) => call(etcd.userGrantRole, { user: 'a', role: 'a' })],
  ['a role', (call) => call(etcd.roleAdd, { name: 'a' })],
  ['that role once more', (call) => call(etcd.roleAdd, { name: 'a' })],
  ['what a new role grants', async (call) => (await call(etcd.roleGet, { role: 'a' })).perm],
  ['a permission', (call) => call(etcd.roleGrantPermission, { name: 'a', perm: permission })],
  ['the permission once more', (call) => call(etcd.roleGrantPermission, { name: 'a', perm: permission })],
  ['what the role grants', async (call) => (await call(etcd.roleGet, { role: 'a' })).perm],
  ['the user has the role', (call) => call(etcd.userGrantRole, { user: 'a', role: 'a' })],
  ['the roles of the user', async (call) => (await call(etcd.userGet, { name: 'a' })).roles],
  ['all users', async (call) => (await call(etcd.userList, {})).users.toSorted()],
  ['all roles', async (call) => (await call(etcd.roleList, {})).roles.toSorted()],
  ['the keys of a range', async (call) => (await call(etcd.range, range)).kvs.map(({ key }) => key.toString())],
  ['whether there are more', async (call) => (await call(etcd.range, { ...range, limit: 1 })).more],
  ['how many there are', async (call) => (await call(etcd.range, { ...range, countOnly: true })).count],
  ['the keys of a count', async (call) => (await call(etcd.range, { ...range, countOnly: true })).kvs],
  ['to delete the range', async (call) => (await call(etcd.deleteRange, range)).deleted],
  ['to delete it once more', async (call) => (await call(etcd.deleteRange, range)).deleted],
  ['one key outside of it', async (call) => (await call(etcd.range, { key: bytes('/b/1') })).kvs[0]?.value.toString()],
  ['the permission back', (call) => call(etcd.roleRevokePermission, { role: 'a', ...range })],
  ['the permission back once more', (call) => call(etcd.roleRevokePermission, { role: 'a', ...range })],
  ['the role from the user', (call) => call(etcd.userRevokeRole, { name: 'a', role: 'a' })],
  ['the role from the user once more', (call) => call(etcd.userRevokeRole, { name: 'a', role: 'a' })],
  ['the role to go while a user has it', (call) => call(etcd.userGrantRole, { user: 'a', role: 'a' })],
  ['the role to go', (call) => call(etcd.roleDelete, { role: 'a' })],
  ['the role to go once more', (call) => call(etcd.roleDelete, { role: 'a' })],
  ['the roles that the user is left with', async (call) => (await call(etcd.userGet, { name: 'a' })).roles],
  ['the user to go', (call) => call(etcd.userDelete, { name: 'a' })],
  ['the user to go once more', (call) => call(etcd.userDelete, { name: 'a' })],
];

suite('the etcd of the simulation answers as a real one does when asked for', () => {
  let real: TlsEtcd;
  let channel: EtcdChannel;
  const data = new EtcdData('1');
  const signal = new AbortController().signal;
  before(async () => {
    real = await startTlsEtcd();
    const { certificatePem: certificate, privateKeyPem: key } = await real.client('root');
    const tls = { ca: real.authority.certificatePem, client: { certificate, key } };
    channel = new EtcdChannel({ endpoints: [real.endpoint], tls });
  });
  after(async () => {
    channel.close();
    await real.stop();
  });

  for (const [what, ask] of asked) {
    test(what, async () => {
      const [expected, answer] = [
        await outcome(ask((method, request) => channel.call(method, request, signal))),
        await outcome(ask(async (method, request) => data.call('root', method, request, 'simulated'))),
      ];
      assert.deepEqual(answer, expected);
    });
  }
});

/** What was answered, of empty messages nothing; or code and words of the refusal. */
async function outcome(asking: Promise<unknown>): Promise<unknown> {
  try {
    const answer = await asking;
    return typeof answer === 'object' && answer !== null && 'header' in answer ? {} : answer;
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    return [error.code, error.details];
  }
}
