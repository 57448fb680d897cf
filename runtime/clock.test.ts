import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { FakeClock } from './clock.fake.ts';

test('a sleep ends with its signal, leaving no timer', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const sleep = clock.sleep(1_000, stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(sleep, /enough/);
  assert.deepEqual(clock.pending(), []);
  await assert.rejects(clock.sleep(1_000, stop.signal), /enough/);
});

test('a sleep of the system clock resolves, and rejects when its signal aborts with something that is no Error', async () => {
  await systemClock.sleep(1, new AbortController().signal);
  await assert.rejects(systemClock.sleep(60_000, AbortSignal.abort('text')), { message: 'aborted', cause: 'text' });
});

test('a timer of 30 days does not fire at once, and can be cancelled', async () => {
  let fired = false;
  const cancel = systemClock.setTimeout(() => {
    fired = true;
  }, 30 * 86_400_000);
  // Node fires a timer with an overflown delay after 1 ms, so before this one.
  await new Promise((resolve) => setTimeout(resolve, 5));
  cancel();
  assert.equal(fired, false);
});

test('timers of a fake clock fire in the order of their time, and see that time', async () => {
  const clock = new FakeClock(0);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name} at ${clock.monotonic()}`);
  clock.setTimeout(note('late'), 20);
  clock.setTimeout(note('early'), 10);
  clock.setTimeout(note('also early'), 10);
  clock.setTimeout(() => clock.setTimeout(note('nested'), 5), 10);
  await clock.advance(15);
  assert.deepEqual(fired, ['early at 10', 'also early at 10', 'nested at 15']);
  assert.deepEqual([clock.now(), clock.pending()], [15, [5]]);
  clock.jumpWallClock(1_000);
  assert.deepEqual([clock.now(), clock.monotonic()], [1_015, 15]);
});
