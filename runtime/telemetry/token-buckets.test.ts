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
