import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rightsUsedBy, unusedRights } from './invariants/rights.ts';
import { run } from './run.ts';
import { scenarios } from './scenarios/index.ts';

suite('simulated managers', () => {
  const used = new Set<string>();
  for (const scenario of scenarios) {
    test(`come to rest at every station of ${scenario.name}, and leave nothing behind`, async () => {
      const { requests, checkpoints } = await run(scenario, { seed: 1 });
      assert.ok(checkpoints.size > 0);
      for (const right of rightsUsedBy(requests)) used.add(right);
    });
  }

  test('use every right that they ask for', async () => {
    assert.deepEqual(await unusedRights(used), []);
  });
});
