import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { podDisruptionBudget } from './pdb.ts';
import { tenant } from './tenant-control-plane.fake.ts';

suite('the disruption budget of a control plane', () => {
  test('lets drains take one pod at a time, and one that is broken at any time', () => {
    assert.deepEqual(podDisruptionBudget(tenant({ deployment: { replicas: 3 } }))?.spec, {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: {
        matchLabels: { 'kamaji.clastix.io/name': 'demo', 'kamaji.clastix.io/component': 'deployment' },
      },
    });
  });

  test('exists for the default number of replicas', () => assert.ok(podDisruptionBudget(tenant())));

  for (const replicas of [0, 1]) {
    test(`is absent with ${replicas} replicas, where it would only block drains`, () => {
      assert.equal(podDisruptionBudget(tenant({ deployment: { replicas } })), undefined);
    });
  }
});
