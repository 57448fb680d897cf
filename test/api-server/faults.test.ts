import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { configMaps } from '#runtime/client/builtin.ts';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import type { RequestFault } from './fault.ts';
import { startStruckServer } from './struck-server.fake.ts';
import type { StruckServer } from './struck-server.fake.ts';

const key = { namespace: 'default', name: 'a' };
const object = { metadata: key };
const lists = { user: 'cache', verb: 'list' } as const;
const watches = { user: 'cache', verb: 'watch' } as const;

/** What the client throws when its next creation is struck; time passes meanwhile. */
async function createUnder(world: StruckServer, fault: RequestFault, timeoutMs = 30_000): Promise<unknown> {
  const struck = world.server.faults.next(fault, { user: 'client', verb: 'create' });
  let outcome: unknown;
  world.client.create(configMaps, object, { timeoutMs }).then(
    (created) => (outcome = created),
    (error: unknown) => (outcome = error),
  );
  await world.eventually('the creation has ended', () => outcome !== undefined);
  await world.eventually('the fault has struck', () => struck.struck === 1);
  return outcome;
}

async function isThere(world: StruckServer): Promise<boolean> {
  return (await world.bystander.get(configMaps, key)) !== undefined;
}

function apiError(error: unknown): ApiError {
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

function networkCode(error: unknown): string {
  assert.ok(error instanceof NetworkError, String(error));
  return error.code;
}

for (const way of ['in process', 'over HTTP'] as const) {
  suite(`requests that go wrong ${way}`, () => {
    test('an error of the server says what and nothing was done', async () => {
      await using world = await startStruckServer(way);
      const error = apiError(await createUnder(world, { kind: 'status', code: 500 }));
      assert.deepEqual([error.status, error.code], [500, 'INTERNAL_ERROR']);
      assert.equal(await isThere(world), false);
    });

    test('a server that has too much to do says when to come back', async () => {
      await using world = await startStruckServer(way);
      const error = apiError(await createUnder(world, { kind: 'status', code: 429, retryAfterSeconds: 7 }));
      assert.deepEqual([error.isTooManyRequests, error.retryAfterMs], [true, 7_000]);
    });

    test('a page of a proxy in between is an error with its text', async () => {
      await using world = await startStruckServer(way);
      const error = apiError(await createUnder(world, { kind: 'status', code: 502, body: '<h1>Bad gateway</h1>' }));
      assert.equal(error.code, 'HTTP_502');
      assert.match(error.message, /Bad gateway/);
    });

    test('a creation that was done although it was answered with an error is found by the next one', async () => {
      await using world = await startStruckServer(way);
      const error = apiError(await createUnder(world, { kind: 'status', code: 504, effect: 'done' }));
      assert.equal(error.status, 504);
      const again = await world.client.create(configMaps, object).catch((failure: unknown) => failure);
      assert.equal(apiError(again).isAlreadyExists, true);
    });

    test('a connection that breaks before the request is read leaves nothing behind', async () => {
      await using world = await startStruckServer(way);
      assert.equal(networkCode(await createUnder(world, { kind: 'reset' })), 'CONNECTION_RESET');
      assert.equal(await isThere(world), false);
      await world.client.create(configMaps, object);
    });

    test('a connection that breaks before the answer leaves what was done', async () => {
      await using world = await startStruckServer(way);
      assert.equal(networkCode(await createUnder(world, { kind: 'reset', effect: 'done' })), 'CONNECTION_RESET');
      assert.equal(await isThere(world), true);
    });

    test('an answer that is cut off is no answer', async () => {
      await using world = await startStruckServer(way);
      assert.equal(networkCode(await createUnder(world, { kind: 'cut' })), 'CONNECTION_RESET');
      assert.equal(await isThere(world), true);
    });

    test('a server that does not answer is given up after the time-out', async () => {
      await using world = await startStruckServer(way);
      // Over HTTP the time-out runs on the clock of this machine.
      const timeoutMs = way === 'over HTTP' ? 300 : 30_000;
      assert.equal(networkCode(await createUnder(world, { kind: 'silence' }, timeoutMs)), 'TIMEOUT');
      assert.equal(await isThere(world), false);
      assert.equal(networkCode(await createUnder(world, { kind: 'silence', effect: 'done' }, timeoutMs)), 'TIMEOUT');
      await world.eventually('it was done', () => world.server.snapshot().some(({ kind }) => kind === 'ConfigMap'));
    });

    test('an answer that comes in pieces arrives whole', async () => {
      await using world = await startStruckServer(way);
      const created = await createUnder(world, { kind: 'slow', chunks: 5, everyMs: 1_000 });
      assert.deepEqual(await world.bystander.get(configMaps, key), created);
    });

    test('a list whose next page has expired is read anew', async () => {
      await using world = await startStruckServer(way);
      for (const name of ['a', 'b', 'c']) await world.create(name);
      world.server.faults.next({ kind: 'status', code: 410 }, { user: 'client', continuing: true });
      const { items } = await world.client.list(configMaps, { namespace: 'default', limit: 2 });
      assert.deepEqual(
        items.map(({ metadata }) => metadata?.name),
        ['a', 'b', 'c'],
      );
      assert.equal(world.server.requests.filter(({ user, verb }) => user === 'client' && verb === 'list').length, 4);
    });

    test('only the requests that are meant are struck, as often as is said', async () => {
      await using world = await startStruckServer(way);
      const where = { user: 'client', resource: 'configmaps', namespace: 'default', skip: 1, times: 2 };
      const struck = world.server.faults.next({ kind: 'status', code: 503 }, where);
      const outcomes: number[] = [];
      for (let time = 0; time < 5; time++) {
        await world.bystander.get(configMaps, key);
        const outcome = await world.client.get(configMaps, key).catch((error: unknown) => apiError(error).status);
        outcomes.push(typeof outcome === 'number' ? outcome : 200);
      }
      assert.deepEqual(outcomes, [200, 503, 503, 200, 200]);
      assert.deepEqual([struck.struck, world.server.faults.pending()], [2, 0]);
    });
  });

  suite(`a cache that goes wrong ${way}`, () => {
    test('syncs although its first lists fail, and not before it was asked to come back', async () => {
      await using world = await startStruckServer(way);
      await world.create('a');
      const { faults } = world.server;
      faults.next({ kind: 'status', code: 500 }, lists);
      faults.next({ kind: 'status', code: 429, retryAfterSeconds: 20 }, lists);
      faults.next({ kind: 'reset' }, lists);
      await world.start();
      assert.deepEqual(world.names(), ['a']);
      const times = world.server.requests.filter(({ user, verb }) => user === 'cache' && verb === 'list');
      assert.equal(times.length, 4);
      assert.ok((times[2]?.time ?? 0) - (times[1]?.time ?? 0) >= 20_000);
    });

    test('syncs although a page of its list has expired', async () => {
      await using world = await startStruckServer(way);
      for (const name of ['a', 'b', 'c']) await world.create(name);
      world.server.faults.next({ kind: 'status', code: 410 }, { ...lists, continuing: true });
      await world.start();
      assert.deepEqual(world.names(), ['a', 'b', 'c']);
    });

    test('lists anew when its watch cannot begin where it was', async () => {
      await using world = await startStruckServer(way);
      world.server.faults.next({ kind: 'status', code: 410 }, watches);
      await world.start();
      await world.eventually('it watches', () => world.count('watch') === 2);
      assert.equal(world.count('list'), 2);
      await world.create('a');
      await world.eventually('it has the object', () => world.names().includes('a'));
    });

    test('lists anew when the server has forgotten its position, and is told what it has missed', async () => {
      await using world = await startStruckServer(way);
      await world.create('old');
      await world.start();
      world.server.faults.next({ kind: 'status', code: 503, retryAfterSeconds: 5 }, watches);
      world.server.faults.now({ kind: 'watch-end' }, watches);
      await world.bystander.delete(configMaps, { namespace: 'default', name: 'old' });
      await world.create('new');
      world.server.compact();
      await world.eventually('it has what is there', () => world.names().join() === 'new');
      assert.equal(world.count('list'), 2);
      assert.deepEqual(world.told, ['added old', 'deleted old', 'added new']);
    });

    test('lists anew after an ERROR event that says so', async () => {
      await using world = await startStruckServer(way);
      await world.start();
      assert.equal(world.server.faults.now({ kind: 'watch-error' }, watches), 1);
      await world.eventually('it watches again', () => world.count('watch') === 2);
      assert.equal(world.count('list'), 2);
    });

    for (const [title, fault] of [
      ['that breaks', { kind: 'watch-reset' }],
      ['that the server ends', { kind: 'watch-end' }],
      ['that ends in place of an event', { kind: 'watch-withheld' }],
      ['that ends in the middle of an event', { kind: 'watch-truncated' }],
    ] as const) {
      test(`misses nothing after a watch ${title}, and does not list`, async () => {
        await using world = await startStruckServer(way);
        await world.create('a');
        await world.start();
        world.server.faults.now(fault, watches);
        await world.create('b');
        await world.create('c');
        await world.eventually('it has everything', () => world.names().length === 3);
        assert.deepEqual(world.told, ['added a', 'added b', 'added c']);
        // Two pages would be two lists.
        assert.equal(world.count('list'), 1);
      });
    }

    test('tells of an event that comes twice once', async () => {
      await using world = await startStruckServer(way);
      await world.start();
      world.server.faults.now({ kind: 'watch-duplicate' }, watches);
      await world.create('a');
      await world.create('b');
      await world.eventually('it has everything', () => world.names().length === 2);
      assert.deepEqual(world.told, ['added a', 'added b']);
    });

    test('gives up a watch that has fallen silent, and catches up', async () => {
      await using world = await startStruckServer(way);
      await world.start();
      assert.equal(world.server.faults.now({ kind: 'watch-silence' }, watches), 1);
      const before = world.clock.monotonic();
      await world.create('a');
      await world.eventually('it has the object', () => world.names().includes('a'));
      assert.ok(world.clock.monotonic() - before >= 180_000);
      assert.deepEqual(world.told, ['added a']);
    });

    test('is not hurried by watches that end as soon as they have begun', async () => {
      await using world = await startStruckServer(way);
      const before = world.clock.monotonic();
      world.server.faults.next({ kind: 'watch-end' }, { ...watches, times: 6 });
      await world.start();
      await world.eventually('it watches for good', () => world.count('watch') === 7);
      // Half of 0.8 s, 1.6 s, ... 25.6 s.
      assert.ok(world.clock.monotonic() - before >= 25_000);
      assert.equal(world.count('list'), 1);
    });

    test('takes a fault of the third event after two good ones', async () => {
      await using world = await startStruckServer(way);
      await world.start();
      world.server.faults.now({ kind: 'watch-reset', afterEvents: 2 }, watches);
      await world.create('a');
      await world.create('b');
      await world.create('c');
      await world.eventually('it has everything', () => world.names().length === 3);
      assert.equal(world.count('watch'), 2);
    });
  });
}

test('a server that is closed is refused', async () => {
  const world = await startStruckServer('in process');
  await world.server.close();
  const error = await world.client.get(configMaps, key).catch((failure: unknown) => failure);
  assert.equal(networkCode(error), 'CONNECTION_REFUSED');
  await world[Symbol.asyncDispose]();
});

test('nobody listens for a while', async () => {
  await using world = await startStruckServer('in process');
  const down = world.server.faults.next({ kind: 'refuse' }, { times: Infinity });
  const error = await world.client.get(configMaps, key).catch((failure: unknown) => failure);
  assert.equal(networkCode(error), 'CONNECTION_REFUSED');
  down.cancel();
  assert.equal(await world.client.get(configMaps, key), undefined);
});
