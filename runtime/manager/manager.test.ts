import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { suite, test } from 'node:test';
import type { Cache } from '../cache/informer.ts';
import { FakeClock } from '../clock.fake.ts';
import { createLogger } from '../telemetry/logger.ts';
import { type LeaderElector, LeadershipLostError } from './leadership.ts';
import { type Manager, type ManagerOptions, createManager } from './manager.ts';

const log = createLogger({ stream: new Writable({ write: (_chunk, _encoding, done) => done() }) });

/** Parts that write down in `order` what happens to them. */
class House {
  readonly order: string[] = [];
  readonly clock = new FakeClock();
  readonly shutdown = new AbortController();
  readonly synced = Promise.withResolvers<void>();
  readonly elected = Promise.withResolvers<void>();
  readonly lost = new AbortController();

  manager(options: Partial<ManagerOptions> = {}): Manager {
    const part = (name: string) => ({
      name,
      listen: async () => void this.order.push(`${name} listens`),
      close: async () => void this.order.push(`${name} closed`),
    });
    return createManager({
      cache: this.#cache(),
      clock: this.clock,
      log,
      leaderElection: this.#elector(),
      servers: [part('server')],
      closers: [part('pool')],
      ...options,
    });
  }

  /** A worker that ends as soon as it is told, or only when `hold` resolves. */
  worker(name: string, hold?: Promise<void>) {
    return {
      name,
      start: async (signal: AbortSignal) => {
        this.order.push(`${name} starts`);
        await aborted(signal);
        await hold;
        this.order.push(`${name} ended`);
      },
    };
  }

  #cache(): Cache {
    const unused = (): never => assert.fail('the manager declares no informers');
    return {
      informer: unused,
      informersOf: unused,
      start: async (signal) => {
        this.order.push('cache starts');
        signal.addEventListener('abort', () => this.order.push('cache ended'), { once: true });
        await aborted(signal);
      },
      waitForSync: (signal) => orAborted(this.synced.promise, signal),
    };
  }

  #elector(): LeaderElector {
    return {
      isLeader: () => true,
      acquire: async (signal) => {
        this.order.push('candidate');
        await orAborted(this.elected.promise, signal);
        return this.lost.signal;
      },
      release: async () => void this.order.push('released'),
      abandon: async () => void this.order.push('abandoned'),
    };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  await Promise.race([promise, aborted(signal)]);
  signal.throwIfAborted();
}

suite('a manager', () => {
  test('starts servers, caches, what every replica runs, and controllers when it leads', async () => {
    const house = new House();
    const manager = house.manager();
    manager.add(house.worker('controller'));
    manager.addRunnable({ ...house.worker('upkeep'), needsLeadership: false });
    const running = manager.run(house.shutdown.signal);
    await house.clock.advance(0);
    assert.deepEqual(house.order, ['server listens', 'cache starts']);
    assert.equal(manager.isReady(), false);
    house.synced.resolve();
    await house.clock.advance(0);
    assert.deepEqual(house.order.slice(2), ['upkeep starts', 'candidate']);
    assert.equal(manager.isReady(), true);
    house.elected.resolve();
    await house.clock.advance(0);
    assert.deepEqual(house.order.slice(4), ['controller starts']);
    house.shutdown.abort();
    await running;
  });

  test('stops in order: workers, caches, leadership, servers, pools', async () => {
    const house = new House();
    house.synced.resolve();
    house.elected.resolve();
    const manager = house.manager();
    const hold = Promise.withResolvers<void>();
    manager.add(house.worker('controller', hold.promise));
    const running = manager.run(house.shutdown.signal);
    await house.clock.advance(0);
    house.order.length = 0;
    house.shutdown.abort();
    await house.clock.advance(1_000);
    assert.equal(manager.isReady(), false);
    assert.deepEqual(house.order, []);
    hold.resolve();
    await running;
    assert.deepEqual(house.order, ['controller ended', 'cache ended', 'released', 'server closed', 'pool closed']);
    assert.deepEqual(house.clock.pending(), []);
  });

  test('does not hand the leadership over while a worker still runs', async () => {
    const house = new House();
    house.synced.resolve();
    house.elected.resolve();
    const manager = house.manager();
    manager.add(house.worker('stuck', new Promise(() => {})));
    const running = manager.run(house.shutdown.signal);
    await house.clock.advance(0);
    house.order.length = 0;
    house.shutdown.abort();
    await house.clock.advance(24_999);
    assert.deepEqual(house.order, []);
    await house.clock.advance(1);
    await running;
    assert.deepEqual(house.order, ['cache ended', 'abandoned', 'server closed', 'pool closed']);
  });

  test('fails at once when the leadership is lost, without waiting for workers or releasing', async () => {
    const house = new House();
    house.synced.resolve();
    house.elected.resolve();
    const manager = house.manager();
    manager.add(house.worker('stuck', new Promise(() => {})));
    const running = manager.run(house.shutdown.signal);
    await house.clock.advance(0);
    house.order.length = 0;
    house.lost.abort(new LeadershipLostError('held by another'));
    await assert.rejects(running, LeadershipLostError);
    assert.deepEqual(house.order, ['cache ended', 'abandoned', 'server closed', 'pool closed']);
  });

  test('fails at once when the leadership is lost while workers drain', async () => {
    const house = new House();
    house.synced.resolve();
    house.elected.resolve();
    const manager = house.manager();
    manager.add(house.worker('slow', new Promise(() => {})));
    const running = manager.run(house.shutdown.signal);
    await house.clock.advance(0);
    house.order.length = 0;
    house.shutdown.abort();
    await house.clock.advance(2_000);
    assert.deepEqual(house.order, []);
    house.lost.abort(new LeadershipLostError('held by another'));
    await assert.rejects(running, LeadershipLostError);
    assert.deepEqual(house.order, ['cache ended', 'abandoned', 'server closed', 'pool closed']);
    assert.deepEqual(house.clock.pending(), []);
  });

  test('is gone within a second of a loss, whatever does not close', async () => {
    const house = new House();
    house.synced.resolve();
    house.elected.resolve();
    const stuck = (name: string) => ({ name, listen: async () => {}, close: () => new Promise<never>(() => {}) });
    const options = { servers: [stuck('one'), stuck('two')], closers: [stuck('three')] };
    const running = house.manager(options).run(house.shutdown.signal);
    await house.clock.advance(0);
    const failed = assert.rejects(running, LeadershipLostError);
    house.lost.abort(new LeadershipLostError('held by another'));
    await house.clock.advance(1_000);
    await failed;
  });

  test('fails with what ended a part before its time', async () => {
    for (const [start, message] of [
      [async () => {}, 'upkeep ended before its time'],
      [() => Promise.reject(new Error('bug')), 'upkeep failed'],
    ] as const) {
      const house = new House();
      house.synced.resolve();
      const manager = house.manager();
      manager.addRunnable({ name: 'upkeep', needsLeadership: false, start });
      await assert.rejects(manager.run(house.shutdown.signal), new RegExp(message));
    }
  });

  test('fails when the caches do not sync or an address is taken', async () => {
    const house = new House();
    house.synced.reject(new Error('no sync: secrets'));
    await assert.rejects(house.manager().run(house.shutdown.signal), /no sync: secrets/);
    const taken = { name: 'server', listen: () => Promise.reject(new Error('EADDRINUSE')), close: async () => {} };
    await assert.rejects(new House().manager({ servers: [taken] }).run(house.shutdown.signal), /EADDRINUSE/);
  });

  test('ends in order when asked to before it leads, and before caches have synced', async () => {
    for (const synced of [true, false]) {
      const house = new House();
      if (synced) house.synced.resolve();
      const manager = house.manager();
      manager.add(house.worker('controller'));
      const running = manager.run(house.shutdown.signal);
      await house.clock.advance(0);
      house.shutdown.abort();
      await running;
      assert.ok(!house.order.includes('controller starts'));
      assert.equal(house.order.at(-1), 'pool closed');
    }
  });

  test('goes on closing when a part does not close', async () => {
    const house = new House();
    house.synced.resolve();
    const stuck = { name: 'stuck', listen: async () => {}, close: () => new Promise<never>(() => {}) };
    const failing = { name: 'failing', close: () => Promise.reject(new Error('no')) };
    const last = { name: 'last', close: async () => void house.order.push('last closed') };
    const running = house.manager({ servers: [stuck], closers: [failing, last] }).run(house.shutdown.signal);
    await house.clock.advance(0);
    house.shutdown.abort();
    await house.clock.advance(3_000);
    await running;
    assert.equal(house.order.at(-1), 'last closed');
  });

  test('does not keep runnables from their own state', async () => {
    class Upkeep {
      readonly name = 'upkeep';
      readonly needsLeadership = false;
      started = false;
      async start(signal: AbortSignal): Promise<void> {
        this.started = true;
        await aborted(signal);
      }
    }
    const house = new House();
    house.synced.resolve();
    const manager = house.manager();
    const upkeep = new Upkeep();
    manager.addRunnable(upkeep);
    const running = manager.run(house.shutdown.signal);
    await house.clock.advance(0);
    assert.ok(upkeep.started);
    house.shutdown.abort();
    await running;
  });

  test('a signal that is aborted already only starts and stops', async () => {
    const house = new House();
    house.shutdown.abort();
    await house.manager().run(house.shutdown.signal);
    assert.equal(house.order.at(-1), 'pool closed');
  });
});
