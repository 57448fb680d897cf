import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { summarize, timesBetter } from './statistics.ts';

const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true });

test('a summary names the least, the middle and the largest sample, in whatever order they came', () => {
  assert.deepEqual(summarize([3, 1, 2]), { n: 3, min: 1, median: 2, p95: 3, max: 3 });
  assert.deepEqual(summarize([4, 1, 2, 3]), { n: 4, min: 1, median: 2.5, p95: 4, max: 4 });
  assert.deepEqual(summarize([7]), { n: 1, min: 7, median: 7, p95: 7, max: 7 });
});

test('one sample in twenty lies above p95', () => {
  const samples = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(summarize(samples).p95, 95);
});

test('min, median, p95 and max of any samples are in order', () => {
  fc.assert(
    fc.property(fc.array(finite, { minLength: 1 }), (samples) => {
      const { n, min, median, p95, max } = summarize(samples);
      assert.equal(n, samples.length);
      assert.ok(min <= median && median <= max && min <= p95 && p95 <= max);
    }),
  );
});

test('no samples, or one that is no number, are refused rather than shown as a figure', () => {
  assert.throws(() => summarize([]), RangeError);
  assert.throws(() => summarize([1, Number.NaN]), /NaN/);
  assert.throws(() => summarize([1, Number.POSITIVE_INFINITY]), /Infinity/);
});

test('twice the rate and half the time are both two times better', () => {
  assert.equal(timesBetter('higher', [200, 200], [100, 100])?.median, 2);
  assert.equal(timesBetter('lower', [5, 5], [10, 10])?.median, 2);
});

test('a machine that slows down in one round changes no ratio', () => {
  const ratio = timesBetter('higher', [200, 20, 200], [100, 10, 100]);
  assert.deepEqual([ratio?.min, ratio?.max], [2, 2]);
});

test('a zero gives no ratio', () => {
  assert.equal(timesBetter('higher', [1_000], [0]), undefined);
  assert.equal(timesBetter('lower', [0], [1]), undefined);
  assert.equal(timesBetter('lower', [], []), undefined);
});
