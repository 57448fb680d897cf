import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalName } from './node-images.ts';

test('short image names are found under the names that containerd gives them', () => {
  assert.equal(canonicalName('busybox:1.35'), 'docker.io/library/busybox:1.35');
  assert.equal(canonicalName('kamaji-lab/manager:1'), 'docker.io/kamaji-lab/manager:1');
  assert.equal(canonicalName('registry.k8s.io/pause:3.10'), 'registry.k8s.io/pause:3.10');
  assert.equal(canonicalName('localhost:5000/a/b:1'), 'localhost:5000/a/b:1');
});
