import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { test } from 'node:test';
import { cacheDirectory, stateDirectory } from './cache-directory.ts';

test('the cache lies where its own variable says, then where XDG says, then in the home directory', () => {
  assert.equal(cacheDirectory({ KAMAJI_LAB_CACHE: '/a', XDG_CACHE_HOME: '/b' }), '/a');
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: '/b' }), '/b/kamaji-lab');
  assert.equal(cacheDirectory({}), `${homedir()}/.cache/kamaji-lab`);
});

test('relative directories are passed over', () => {
  assert.equal(cacheDirectory({ KAMAJI_LAB_CACHE: 'a', XDG_CACHE_HOME: 'b' }), `${homedir()}/.cache/kamaji-lab`);
  assert.equal(stateDirectory({ XDG_STATE_HOME: './b' }), `${homedir()}/.local/state/kamaji-lab`);
});
