import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import type { Run } from './run.ts';
import { run } from './run.ts';
import { briefTenant, deletedInMidCreation } from './scenarios/tenant.ts';
import type { CrashPoint } from './sweep.ts';
import { crashAt, crashPointsOf } from './sweep.ts';

// All crash points of all scenarios: `make sim`.
const seed = 1;

suite('a manager that crashes', () => {
  for (const scenario of [briefTenant, deletedInMidCreation]) {
    suite(`in ${scenario.name}`, () => {
      let undisturbed: Run;
      let writes: readonly CrashPoint[];
      before(async () => {
        undisturbed = await run(scenario, { seed });
        const writing = new Set(undisturbed.transcript.filter((call) => call.writes).map(({ key }) => key));
        writes = crashPointsOf(undisturbed).filter(({ key, when }) => when === 'after' && writing.has(key));
      });

      test('right after any of its writes leaves a state from which the next one reaches the same end', async () => {
        assert.ok(writes.length > 5);
        for (const point of writes) await crashAt(point, scenario, undisturbed, seed);
      });
    });
  }
});
