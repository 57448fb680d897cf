import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../clock.fake.ts';
import { Backoff } from './backoff.ts';

test('delays double up to the limit and start over after a quiet time', async () => {
  const clock = new FakeClock();
  const backoff = new Backoff({ baseMs: 800, maxMs: 30_000, resetAfterMs: 120_000, clock, random: () => 1 });
  const delays = Array.from({ length: 8 }, () => backoff.next());
  assert.deepEqual(delays, [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  await clock.advance(30_000 + 120_001);
  assert.equal(backoff.next(), 800);
});

test('the jitter spreads over the whole delay, and comes on top of what the server asked for', () => {
  const options = { baseMs: 800, maxMs: 30_000, resetAfterMs: 120_000, clock: new FakeClock() };
  assert.equal(new Backoff({ ...options, random: () => 0 }).next(), 0);
  assert.equal(new Backoff({ ...options, random: () => 0.5 }).next(), 400);
  assert.equal(new Backoff({ ...options, random: () => 0.5 }).next(10_000), 10_400);
});
