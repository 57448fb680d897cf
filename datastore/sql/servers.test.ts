import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { DataStoreError } from '../errors.ts';
import type { SqlServer } from './server.ts';
import { SqlServers } from './servers.ts';

const never = new AbortController().signal;

/** A server that answers every statement with its name. */
interface FakeServer extends SqlServer {
  readonly seen: string[];
  /** How the next attempts go: a failure to connect, or one of the statement. */
  readonly troubles: ({ readonly at: 'connect' | 'query'; readonly error: Error } | undefined)[];
  writable: boolean;
  silent: boolean;
}

function fakeServer(name: string): FakeServer {
  const hang = new Promise<never>(() => {});
  const server: FakeServer = {
    name,
    seen: [],
    troubles: [],
    writable: true,
    silent: false,
    async acquire() {
      server.seen.push('connect');
      if (server.silent) return hang;
      const trouble = server.troubles.shift();
      if (trouble?.at === 'connect') throw trouble.error;
      return {
        async query(statement) {
          server.seen.push(statement);
          if (trouble?.at === 'query') throw trouble.error;
          return [{ name }];
        },
        release: (broken) => void server.seen.push(broken ? 'destroy' : 'release'),
      };
    },
    acceptsWrites: async () => server.writable,
    toError: (error) =>
      error instanceof DataStoreError ? error : new DataStoreError('Unknown', String(error), { cause: error }),
    close: () => void server.seen.push('close'),
  };
  return server;
}

function failure(code: DataStoreError['code']): DataStoreError {
  return new DataStoreError(code, code);
}

const nameOf = (servers: SqlServers, signal = never): Promise<unknown> =>
  servers.use(signal, async (session) => (await session.read('SELECT'))[0]?.['name']);

suite('the servers of a store', () => {
  const [one, two] = [fakeServer('one'), fakeServer('two')];
  const servers = new SqlServers([one, two], { connections: 2, timeoutMs: 100 });

  test('the first one is used while nothing is wrong with it', async () => {
    assert.equal(await nameOf(servers), 'one');
    assert.deepEqual(two.seen, []);
  });

  test('one that became a standby is left, and the next one stays in use', async () => {
    one.writable = false;
    assert.equal(await nameOf(servers), 'two');
    one.writable = true;
    assert.equal(await nameOf(servers), 'two');
  });

  test('a kept connection that was cut says nothing about its server', async () => {
    two.seen.length = 0;
    two.troubles.push({ at: 'query', error: failure('ConnectionRefused') });
    assert.equal(await nameOf(servers), 'two');
    assert.deepEqual(two.seen, ['connect', 'SELECT', 'destroy', 'connect', 'SELECT', 'release']);
  });

  test('one that refuses, or is silent, is left for the next one', async () => {
    two.troubles.push({ at: 'connect', error: failure('ConnectionRefused') });
    assert.equal(await nameOf(servers), 'one');
    one.silent = true;
    assert.equal(await nameOf(servers), 'two');
    one.silent = false;
  });

  test('a failure that another server would have, too, is told at once', async () => {
    one.seen.length = 0;
    two.troubles.push({ at: 'connect', error: failure('AuthenticationFailed') });
    await assert.rejects(nameOf(servers), { code: 'AuthenticationFailed' });
    assert.deepEqual(one.seen, []);
  });

  test('when all fail, the failure that tells most is told', async () => {
    one.writable = false;
    two.troubles.push({ at: 'connect', error: failure('NameResolutionFailed') });
    await assert.rejects(nameOf(servers), { code: 'Unavailable', message: /one accepts no changes/u });
    one.writable = true;
  });

  test('more work than connections waits for its turn, and may give up waiting', async () => {
    const ending = new AbortController();
    const { promise: held, resolve: finish } = Promise.withResolvers<void>();
    const busy = [1, 2].map(() => servers.use(never, () => held));
    const waiting = nameOf(servers, ending.signal);
    const patient = nameOf(servers);
    ending.abort(new Error('stopped'));
    await assert.rejects(waiting, /stopped/u);
    finish();
    await Promise.all(busy);
    assert.match(String(await patient), /one|two/u);
  });

  test('the fence stops a change before it is sent, and the connection is not used again', async () => {
    const server = fakeServer('fenced');
    const beforeWrite = (): void => {
      throw new Error('not the leader');
    };
    const fenced = new SqlServers([server], { connections: 1, beforeWrite });
    await assert.rejects(
      fenced.use(never, (session) => session.write('DROP')),
      /not the leader/u,
    );
    assert.deepEqual(server.seen, ['connect', 'destroy']);
  });

  test('once closed, nothing is connected any more', async () => {
    servers.close();
    servers.close();
    assert.equal(one.seen.filter((what) => what === 'close').length, 1);
    await assert.rejects(nameOf(servers), { code: 'ConnectionRefused' });
  });
});
