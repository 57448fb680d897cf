import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compareResourceVersions } from './resource-version.ts';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

test('resourceVersions order as the 64-bit numbers they are', () => {
  fc.assert(
    fc.property(uint64, uint64, (a, b) => {
      const expected = a < b ? -1 : a > b ? 1 : 0;
      assert.equal(Math.sign(compareResourceVersions(String(a), String(b))), expected);
    }),
  );
});

test('neighbours beyond 2^53 are told apart', () => {
  assert.ok(compareResourceVersions('9007199254740993', '9007199254740992') > 0);
});

test('no resourceVersion at all is older than any', () => {
  assert.ok(compareResourceVersions('', '1') < 0);
});
