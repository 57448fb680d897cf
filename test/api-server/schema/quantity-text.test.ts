import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { sameQuantity } from '#runtime/client/quantity.ts';
import { canonicalQuantity } from './quantity-text.ts';

test('quantities are written back as the API server does', () => {
  const written = [
    '0.5',
    '1000m',
    '1024Mi',
    '1.5Gi',
    '1500',
    '1000k',
    '100Ki',
    '0.5Ki',
    '1e3',
    '0',
    '0Gi',
    '-2000m',
    '1.1',
  ];
  assert.deepEqual(written.map(canonicalQuantity), [
    '500m',
    '1',
    '1Gi',
    '1536Mi',
    '1500',
    '1M',
    '100Ki',
    '512',
    '1e3',
    '0',
    '0',
    '-2',
    '1100m',
  ]);
});

test('the canonical form is the same amount and its own canonical form', () => {
  const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3');
  const quantity = fc.tuple(fc.integer({ min: -5000, max: 5000 }), suffix).map(([amount, unit]) => `${amount}${unit}`);
  fc.assert(
    fc.property(quantity, (text) => {
      const canonical = String(canonicalQuantity(text));
      assert.ok(sameQuantity(text, canonical), `${text} ${canonical}`);
      assert.equal(canonicalQuantity(canonical), canonical);
    }),
  );
});
