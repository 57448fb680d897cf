import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../clock.fake.ts';
import { WorkQueue } from './queue.ts';

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

test('of keys that fall due together the most urgent goes to the worker that waits', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  const waiting = queue.take();
  queue.add(key('listed'), { priority: -100, delayMs: 5 });
  queue.add(key('changed'), { delayMs: 5 });
  await clock.advance(5);
  assert.equal((await waiting)?.key.name, 'changed');
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

test('a shut down queue forgets what was ready', async () => {
  const queue = new WorkQueue({ clock: new FakeClock() });
  queue.add(key('ready'));
  queue.shutdown();
  assert.deepEqual([await queue.take(), queue.snapshot().depth], [undefined, 0]);
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
