import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { after, before, beforeEach, suite, test } from 'node:test';
import { createAuthority, issue } from '#pki/authority.ts';
import { FakeClock, until } from '#runtime/clock.fake.ts';
import type { TenantAccess, TenantPool, TenantPoolOptions } from './pool.ts';
import { createTenantPool } from './pool.ts';

const now = new Date();
const authority = await createAuthority({ commonName: 'tenant', now });
const request = { authority, now, validityMs: 3_600_000 };
const serving = await issue({
  ...request,
  subject: { commonName: 'x' },
  usages: ['serverAuth'],
  dnsNames: ['demo.tenants.svc'],
});
const [one, two] = await Promise.all(
  ['one', 'two'].map((commonName) => issue({ ...request, subject: { commonName }, usages: ['clientAuth'] })),
);

suite('clients of tenants', () => {
  /** Users whose connections are open. */
  const connected = new Set<{ readonly user: string }>();
  /** Users whose request came, oldest first. */
  const asked: string[] = [];
  let answer: Promise<void> = Promise.resolve();
  const server = createServer({
    ca: authority.certificatePem,
    cert: serving.certificatePem,
    key: serving.privateKeyPem,
    requestCert: true,
  });
  let clock: FakeClock;
  let pool: TenantPool;

  before(async () => {
    server.on('secureConnection', (socket: TLSSocket) => {
      const connection = { user: userOf(socket) };
      connected.add(connection);
      socket.on('close', () => connected.delete(connection));
    });
    server.on('request', (incoming, response) => {
      asked.push(userOf(incoming.socket as TLSSocket));
      void answer.then(() => response.end('ok'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    clock = new FakeClock();
    asked.length = 0;
    answer = Promise.resolve();
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  function open(options: Partial<TenantPoolOptions> = {}): AsyncDisposable {
    pool = createTenantPool({ clock, userAgent: 'test', ...options });
    return { [Symbol.asyncDispose]: () => pool.close() };
  }

  function access(id: string, pair = one): TenantAccess {
    return {
      id,
      server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      serverName: 'demo.tenants.svc',
      caPem: authority.certificatePem,
      certificatePem: pair?.certificatePem ?? '',
      privateKeyPem: pair?.privateKeyPem ?? '',
    };
  }

  const ask = (of: TenantAccess): Promise<string> => pool.client(of).getRaw('/readyz');
  const users = (): string[] => [...connected].map(({ user }) => user).sort();

  test('ask over a few kept connections, however much they ask', async () => {
    await using _ = open();
    for (let i = 0; i < 20; i += 1) assert.equal(await ask(access('a')), 'ok');
    await Promise.all(Array.from({ length: 20 }, () => ask(access('a'))));
    assert.equal(asked.length, 40);
    assert.ok(users().length <= 4, `${users().length} connections`);
  });

  test('verify the server by the name of its certificate', async () => {
    await using _ = open();
    await assert.rejects(ask({ ...access('a'), serverName: 'other.tenants.svc' }), /other\.tenants\.svc|altnames/u);
  });

  test('of two tenants share nothing, although address and credentials are the same', async () => {
    await using _ = open();
    await Promise.all([ask(access('a')), ask(access('b'))]);
    assert.equal(users().length, 2);
    assert.notEqual(pool.client(access('a')), pool.client(access('b')));
  });

  test('take new credentials at once; what was asked under the old ones is still answered', async () => {
    await using _ = open();
    const { promise, resolve } = Promise.withResolvers<void>();
    answer = promise;
    const before = ask(access('a'));
    await until(() => asked.length === 1, 'the first request has come');
    const since = ask(access('a', two));
    await until(() => asked.length === 2, 'the second request has come');
    resolve();
    assert.deepEqual(await Promise.all([before, since]), ['ok', 'ok']);
    assert.deepEqual(asked, ['one', 'two']);
    await until(() => users().join() === 'two', 'the old connection is closed');
  });

  test('lose their connections when another tenant needs the room, the longest unused first', async () => {
    await using _ = open({ maxTenants: 2 });
    await ask(access('a', one));
    await ask(access('b', two));
    await ask(access('a', one));
    await ask(access('c', one));
    await until(() => users().join() === 'one,one', 'that of b is closed');
    assert.equal(await ask(access('b', two)), 'ok');
  });

  test('lose their connections when nobody has used them for a while', async () => {
    await using _ = open({ idleMs: 1_000 });
    await ask(access('idle', two));
    await clock.advance(600);
    await ask(access('busy', one));
    await clock.advance(600);
    pool.client(access('busy', one));
    await until(() => users().join() === 'one', 'the idle one is closed');
  });

  test('lose their connections when the tenant is gone', async () => {
    await using _ = open();
    await ask(access('a'));
    pool.forget('a');
    pool.forget('never seen');
    await until(() => connected.size === 0, 'it is closed');
  });

  test('are all closed at the end, those on their way out too', async () => {
    open();
    await Promise.all([ask(access('a')), ask(access('b', two))]);
    pool.forget('a');
    await pool.close();
    await until(() => connected.size === 0, 'all are closed');
  });
});

function userOf(socket: TLSSocket): string {
  const { CN } = socket.getPeerCertificate().subject ?? {};
  return Array.isArray(CN) ? CN.join() : (CN ?? '');
}
