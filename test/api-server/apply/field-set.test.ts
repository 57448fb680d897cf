import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { difference, differenceBelow, fromFieldsV1, intersection, setOf, toFieldsV1, union } from './field-set.ts';

const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:"y"', 'v:1');
const path = fc.array(element, { minLength: 1, maxLength: 3 });
const fieldSet = fc.array(path, { maxLength: 8 }).map((paths) => setOf(...paths));

test('a set of fields survives its form in managedFields', () => {
  fc.assert(fc.property(fieldSet, (set) => assert.deepEqual(fromFieldsV1(toFieldsV1(set)), set)));
});

test('what two sets share and what each has alone are all of them', () => {
  fc.assert(
    fc.property(fieldSet, fieldSet, (a, b) => {
      const parts = union(union(difference(a, b), difference(b, a)), intersection(a, b));
      assert.deepEqual(toFieldsV1(parts), toFieldsV1(union(a, b)));
    }),
  );
});

test('fields stand in the order of the API server: members, keyed items, values', () => {
  const set = setOf(
    ['v:"b"'],
    ['v:"a"'],
    ['v:10'],
    ['v:9'],
    ['k:{"port":443}'],
    ['k:{"port":80}'],
    ['f:b'],
    ['f:B'],
    ['f:a', 'f:c'],
    ['f:a'],
  );
  assert.equal(
    JSON.stringify(toFieldsV1(set)),
    JSON.stringify({
      'f:B': {},
      'f:a': { '.': {}, 'f:c': {} },
      'f:b': {},
      'k:{"port":80}': {},
      'k:{"port":443}': {},
      'v:9': {},
      'v:10': {},
      'v:"a"': {},
      'v:"b"': {},
    }),
  );
});

test('a field takes what is below it along only where that is asked for', () => {
  const set = setOf(['f:a'], ['f:a', 'f:b'], ['f:c']);
  assert.deepEqual(toFieldsV1(difference(set, setOf(['f:a']))), { 'f:a': { 'f:b': {} }, 'f:c': {} });
  assert.deepEqual(toFieldsV1(differenceBelow(set, setOf(['f:a']))), { 'f:c': {} });
});
