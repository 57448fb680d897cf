import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { sameQuantity } from './quantity.ts';

test('the same amount in different notations is the same', () => {
  const same: readonly (readonly [string | number, string | number])[] = [
    ['1000m', '1'],
    ['0.5Gi', '512Mi'],
    ['1e3', '1k'],
    ['1E3', '1000'],
    ['0.1', '100m'],
    ['1Gi', '1073741824'],
    [2, '2'],
    ['+1', '1'],
    ['.5', '500m'],
    ['1.', '1'],
    ['100n', '0.1u'],
    ['0', '0Mi'],
  ];
  for (const [a, b] of same) assert.equal(sameQuantity(a, b), true, `${a} and ${b}`);
});

test('different amounts and things that are no quantities are not the same', () => {
  const different: readonly (readonly [string, string])[] = [
    ['1', '2'],
    ['1G', '1Gi'],
    ['1m', '1M'],
    ['', ''],
    ['.', '.'],
    ['abc', 'abc'],
    ['1 Gi', '1Gi'],
    ['-1', '1'],
  ];
  for (const [a, b] of different) assert.equal(sameQuantity(a, b), false, `${a} and ${b}`);
});

test('milli and whole units agree for every integer', () => {
  fc.assert(fc.property(fc.integer(), (n) => sameQuantity(`${n}000m`, `${n}`) && !sameQuantity(`${n}001m`, `${n}`)));
});
