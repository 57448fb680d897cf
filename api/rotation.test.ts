import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { annotations } from './labels.ts';
import { rotationRequested } from './rotation.ts';

suite('the rotate annotation', () => {
  const annotated = (value: string) => ({ metadata: { annotations: { [annotations.rotate]: value } } });

  test('asks for new content while it is empty, and says when that was granted afterwards', () => {
    assert.equal(rotationRequested(annotated('')), true);
    assert.equal(rotationRequested(annotated('2026-01-01T00:00:00Z')), false);
  });

  test('asks for nothing where it is absent, or where there is no object', () => {
    assert.equal(rotationRequested({ metadata: {} }), false);
    assert.equal(rotationRequested({}), false);
    assert.equal(rotationRequested(undefined), false);
  });
});
