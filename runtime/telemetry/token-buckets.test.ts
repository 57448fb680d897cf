import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FakeClock } from '../clock.fake.ts';
import { TokenBuckets } from './token-buckets.ts';

test('who waits as long as was said gets a token, whatever the numbers', async () => {
  const delays = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 300_000 }),
      delays,
      async (burst, refillMs, ms) => {
        const clock = new FakeClock();
        const buckets = new TokenBuckets(burst, refillMs, clock);
        for (const delay of ms) {
          await clock.advance(delay);
          const taken = buckets.take('key');
          if (taken === 'taken') continue;
          await clock.advance(taken);
          assert.equal(buckets.take('key'), 'taken');
        }
      },
    ),
  );
});

test('who takes nothing for so long that the bucket is full is forgotten while others take', async () => {
  const clock = new FakeClock();
  const buckets = new TokenBuckets(5, 1_000, clock);
  for (const key of ['one', 'two', 'one', 'three']) buckets.take(key);
  assert.equal(buckets.size, 3);
  await clock.advance(1_500);
  buckets.take('four');
  // Two tokens were taken out of the first bucket, and it stands before the third.
  assert.equal(buckets.size, 3, 'the second is forgotten');
  await clock.advance(1_000);
  buckets.take('four');
  assert.equal(buckets.size, 1);
});
