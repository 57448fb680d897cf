import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { keyString } from '../client/resource.ts';
import { FakeClock } from '../clock.fake.ts';
import { WorkQueue } from './queue.ts';
import type { AddOptions } from './queue.ts';

const key = (name: string) => ({ namespace: 'ns', name });

async function drain(queue: WorkQueue): Promise<string[]> {
  const names: string[] = [];
  while (queue.snapshot().depth > 0) {
    const taken = await queue.take();
    if (taken === undefined) break;
    names.push(taken.key.name);
    queue.done(taken.key);
  }
  return names;
}

test('a key added many times is worked on once', async () => {
  const queue = new WorkQueue({ clock: new FakeClock() });
  for (let i = 0; i < 3; i++) queue.add(key('a'));
  assert.deepEqual(await drain(queue), ['a']);
});

test('higher priorities come first, equal ones in the order they came, and a key keeps the highest it was given', async () => {
  const queue = new WorkQueue({ clock: new FakeClock() });
  queue.add(key('listed'), { priority: -100 });
  queue.add(key('first'));
  queue.add(key('second'));
  queue.add(key('urgent'), { priority: 1 });
  queue.add(key('woken'), { priority: -100 });
  queue.add(key('woken'), { priority: 2 });
  queue.add(key('woken'), { priority: -100 });
  assert.deepEqual(await drain(queue), ['woken', 'urgent', 'first', 'second', 'listed']);
});

test('a delayed key is due at the earliest of its times', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  queue.add(key('a'), { delayMs: 1_000 });
  queue.add(key('a'), { delayMs: 200 });
  queue.add(key('a'), { delayMs: 500 });
  await clock.advance(199);
  assert.deepEqual(await drain(queue), []);
  await clock.advance(1);
  assert.deepEqual(await drain(queue), ['a']);
  await clock.advance(10_000);
  assert.deepEqual(await drain(queue), []);
  queue.add(key('a'), { delayMs: 1_000 });
  queue.add(key('a'));
  assert.deepEqual(await drain(queue), ['a']);
});

test('what is added while a worker has the key waits for the worker', async () => {
  const queue = new WorkQueue({ clock: new FakeClock() });
  queue.add(key('a'));
  await queue.take();
  queue.add(key('a'));
  queue.add(key('b'));
  assert.deepEqual(await drain(queue), ['b']);
  queue.done(key('a'));
  assert.deepEqual(await drain(queue), ['a']);
});

test('a delay that falls due while a worker has the key counts when the worker is done', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  queue.add(key('a'));
  await queue.take();
  queue.add(key('a'), { delayMs: 100 });
  await clock.advance(200);
  assert.deepEqual(await drain(queue), []);
  queue.done(key('a'));
  assert.deepEqual(await drain(queue), ['a']);
});

test('retries wait 5 ms, doubling up to 1,000 s, until the key is forgotten', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  const delays: number[] = [];
  for (let i = 0; i < 20; i++) {
    queue.retry(key('a'));
    const [delay = 0] = clock.pending();
    delays.push(delay);
    await clock.advance(delay);
    await drain(queue);
  }
  assert.deepEqual(delays.slice(0, 5), [5, 10, 20, 40, 80]);
  assert.deepEqual(delays.slice(-2), [1_000_000, 1_000_000]);
  queue.forget(key('a'));
  queue.retry(key('a'));
  assert.deepEqual(clock.pending(), [5]);
  queue.retry(key('b'), { atLeastMs: 3_000 });
  assert.deepEqual(await clock.advance(5).then(() => clock.pending()), [2_995]);
});

test('a delay of 270 days does not spin: the key is looked at again after 12 h', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  queue.add(key('certificate'), { delayMs: 270 * 86_400_000 });
  await clock.advance(12 * 3_600_000 - 1);
  assert.deepEqual(await drain(queue), []);
  await clock.advance(1);
  assert.deepEqual(await drain(queue), ['certificate']);
});

test('many delays need one timer', () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  for (let i = 1; i <= 100; i++) queue.add(key(String(i)), { delayMs: 1_000 - i });
  assert.deepEqual(clock.pending(), [900]);
});

test('a shut down queue sends its workers home and leaves no timer', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  queue.add(key('later'), { delayMs: 1_000 });
  const waiting = queue.take();
  queue.shutdown();
  queue.add(key('a'));
  assert.deepEqual([await waiting, await queue.take(), clock.pending()], [undefined, undefined, []]);
});

test('the ages of the work under way can be read', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  queue.add(key('a'));
  queue.add(key('b'));
  queue.add(key('c'));
  await queue.take();
  await clock.advance(2_000);
  await queue.take();
  await clock.advance(1_000);
  assert.deepEqual(queue.snapshot(), { depth: 1, unfinishedWorkSeconds: 4, longestRunningProcessorSeconds: 3 });
});

const names = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    name: names,
    priority: fc.integer({ min: -2, max: 2 }),
    delayMs: fc.constantFrom(0, 0, 5, 50),
  }),
  fc.record({ kind: fc.constant('done' as const), name: names }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 5, 60) }),
);

/** What the queue should hold, kept in the simplest way. */
class Model {
  readonly pending = new Map<string, { priority: number; readyAt: number }>();
  readonly working = new Set<string>();

  add(name: string, now: number, { priority = 0, delayMs = 0 }: AddOptions): void {
    const before = this.pending.get(name) ?? { priority, readyAt: Infinity };
    this.pending.set(name, {
      priority: Math.max(before.priority, priority),
      readyAt: Math.min(before.readyAt, now + delayMs),
    });
  }

  /** Names that a free worker must be given, the most urgent priority only. */
  due(now: number): { names: Set<string>; priority: number } {
    const due = [...this.pending].filter(([name, { readyAt }]) => readyAt <= now && !this.working.has(name));
    const priority = Math.max(...due.map(([, entry]) => entry.priority));
    return { names: new Set(due.filter(([, e]) => e.priority === priority).map(([name]) => name)), priority };
  }
}

test('no key is with two workers, no add is lost, and a free worker gets the most urgent key that is due', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
      const clock = new FakeClock();
      const queue = new WorkQueue({ clock });
      const model = new Model();

      const takeAllDue = async (): Promise<void> => {
        while (model.working.size < workers) {
          const due = model.due(clock.monotonic());
          assert.equal(queue.snapshot().depth > 0, due.names.size > 0);
          if (due.names.size === 0) return;
          const taken = await queue.take();
          const name = taken?.key.name ?? 'none';
          assert.ok(due.names.has(name), `${name} taken, due are ${[...due.names].join()}`);
          assert.equal(taken?.priority, due.priority);
          model.pending.delete(name);
          model.working.add(name);
        }
      };
      const done = (name: string): void => {
        if (model.working.delete(name)) queue.done(key(name));
      };

      for (const action of steps) {
        if (action.kind === 'add') {
          queue.add(key(action.name), action);
          model.add(action.name, clock.monotonic(), action);
        } else if (action.kind === 'done') done(action.name);
        else await clock.advance(action.ms);
        await takeAllDue();
      }
      for (const name of model.working) done(name);
      await clock.advance(100);
      const left = new Set(await drain(queue));
      assert.deepEqual(left, new Set(model.pending.keys()));
    }),
  );
});

test('workers that wait are woken, one per key', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(names, { maxLength: 20 }), async (added) => {
      const clock = new FakeClock();
      const queue = new WorkQueue({ clock });
      const got: string[] = [];
      const worker = async (): Promise<void> => {
        for (let taken = await queue.take(); taken !== undefined; taken = await queue.take()) {
          assert.equal(got.includes(keyString(taken.key)), false, 'with two workers at once');
          got.push(keyString(taken.key));
        }
      };
      const workers = [worker(), worker(), worker(), worker()];
      for (const name of added) queue.add(key(name));
      await clock.advance(0);
      assert.deepEqual(new Set(got), new Set(added.map((name) => `ns/${name}`)));
      queue.shutdown();
      await Promise.all(workers);
    }),
  );
});
