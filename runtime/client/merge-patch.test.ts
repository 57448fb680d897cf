import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { applyMergePatch, createMergePatch } from './merge-patch.ts';

// A merge patch cannot set a null, so documents without them.
const document = fc.letrec<{ node: unknown; object: Record<string, unknown> }>((tie) => ({
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('node'), { maxKeys: 4, noNullPrototype: true }),
  node: fc.oneof(
    { maxDepth: 3 },
    fc.boolean(),
    fc.integer(),
    fc.string(),
    fc.array(fc.integer(), { maxLength: 3 }),
    tie('object'),
  ),
})).object;

test('applying the patch between two documents to the first gives the second', () => {
  fc.assert(
    fc.property(document, document, (from, to) => {
      const patch = createMergePatch(from, to);
      assert.deepEqual(patch === undefined ? from : applyMergePatch(from, patch), to);
    }),
  );
});

test('there is no patch between equal documents', () => {
  fc.assert(fc.property(document, (value) => createMergePatch(value, structuredClone(value)) === undefined));
});

test('a patch names only what differs', () => {
  const from = { a: { b: 1, c: 2 }, list: [1, 2], gone: true };
  assert.deepEqual(createMergePatch(from, { a: { b: 1, c: 3 }, list: [1, 2] }), { a: { c: 3 }, gone: null });
});

test('the examples of RFC 7386, appendix A', () => {
  const examples: readonly (readonly [unknown, unknown, unknown])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of examples) assert.deepEqual(applyMergePatch(target, patch), result);
});
