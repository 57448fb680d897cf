import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addonVersions } from '#addons/versions.ts';
import { NEWEST_MINOR, OLDEST_MINOR } from '#api/kamaji/v1alpha1/defaults.ts';

test('every minor that is accepted has addons of its own, and no other has', () => {
  const of = (minor: number): unknown => addonVersions(`v1.${minor}.0`);
  for (let minor = OLDEST_MINOR; minor < NEWEST_MINOR; minor++) assert.notEqual(of(minor), of(minor + 1));
  assert.equal(of(OLDEST_MINOR - 1), of(OLDEST_MINOR));
  assert.equal(of(NEWEST_MINOR + 1), of(NEWEST_MINOR));
});
