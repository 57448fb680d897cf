import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectionMatcher } from './selector.ts';

const object = {
  metadata: { namespace: 'ns', name: 'a', labels: { app: 'web', tier: 'front', 'example.com/owner': 'x' } },
};

test('label selectors decide as the server does', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['absent!=x', true],
    ['app=web,tier=front', true],
    ['app=web,tier=back', false],
    ['app in (db, web)', true],
    ['app in (db)', false],
    ['app notin (db,cache)', true],
    ['app notin (web)', false],
    ['absent notin (x)', true],
    ['absent in (x)', false],
    ['app in (db,web),tier=front', true],
    ['example.com/owner', true],
    ['absent', false],
    ['!absent', true],
    ['!app', false],
  ];
  for (const [labelSelector, expected] of cases) {
    assert.equal(selectionMatcher({ labelSelector })(object), expected, labelSelector);
  }
});

test('namespace and field selectors on name and namespace decide; others cannot be told here', () => {
  assert.equal(selectionMatcher({ namespace: 'ns' })(object), true);
  assert.equal(selectionMatcher({ namespace: 'other' })(object), false);
  assert.equal(selectionMatcher({ fieldSelector: 'metadata.name=a' })(object), true);
  assert.equal(selectionMatcher({ fieldSelector: 'metadata.name!=a' })(object), false);
  assert.equal(selectionMatcher({ fieldSelector: 'metadata.namespace=other' })(object), false);
  assert.equal(selectionMatcher({ fieldSelector: 'status.phase=Running' })(object), false);
});
