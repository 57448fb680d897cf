import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { propertyRuns } from '#test/property.ts';
import { ScriptedController, quiet } from './scripted-controller.fake.ts';
import type { Ending, Outcome } from './scripted-controller.fake.ts';

const outcome = fc.record<Outcome>({
  ending: fc.constantFrom<Ending>('ok', 'requeue', 'throw', 'terminal', 'conflict', 'busy', 'hang'),
  durationMs: fc.constantFrom(0, 0, 0, 7, 300, 2_000),
  writes: fc.constantFrom(0, 0, 1, 2),
  delayMs: fc.constantFrom(0, 1, 100, 5_000, 60 * 86_400_000),
});
// Many in a row, so that the back-off gets somewhere.
const failure = fc.constantFrom<Ending>('throw', 'throw', 'throw', 'conflict', 'terminal', 'ok');
const outcomes = fc.oneof(
  fc.array(outcome, { maxLength: 25 }),
  fc.array(
    failure.map((ending) => ({ ...quiet, ending })),
    { maxLength: 25 },
  ),
);
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('event' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1, 5, 10, 20, 50, 50, 400, 1_000, 12_000) }),
    fc.record({ kind: fc.constant('cache catches up' as const) }),
  ),
  { maxLength: 60 },
);

test('whatever passes do, each key is passed again after its last event, alone, in time and not too soon', async () => {
  await fc.assert(
    fc.asyncProperty(
      outcomes,
      steps,
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, 250),
      async (script, events, concurrency, minIntervalMs) => {
        const controller = new ScriptedController(script, concurrency, minIntervalMs);
        for (const step of events) {
          if (step.kind === 'event') controller.event(step.name);
          else if (step.kind === 'cache catches up') controller.catchUp();
          await controller.advance(step.kind === 'time' ? step.ms : 0);
        }
        await controller.comeToRest();
        assert.deepEqual([controller.neglected(), controller.idle(), controller.listeners()], [[], true, 1]);

        controller.event('a');
        controller.stop.abort(new Error('SIGTERM'));
        await controller.running;
        assert.deepEqual([controller.idle(), controller.clock.pending()], [true, []]);
      },
    ),
    propertyRuns(200),
  );
});
