import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { propertyRuns } from '#test/property.ts';
import { ElectionWorld, leaseDurationMs, renewDeadlineMs, retryPeriodMs } from './election-world.fake.ts';
import type { Fate } from './election-world.fake.ts';

const machines = fc.integer({ min: 0, max: 2 });
const on = <K extends string>(kind: K): fc.Arbitrary<{ kind: K; machine: number }> =>
  machines.map((machine) => ({ kind, machine }));

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(50, 400, 2_000, 5_000, 9_900, 15_100).map((ms) => ({ kind: 'time' as const, ms })),
  },
  { weight: 2, arbitrary: on('pause') },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('resume' as const),
      machine: machines,
      first: fc.constantFrom('timer' as const, 'answer' as const),
    }),
  },
  { weight: 1, arbitrary: on('crash') },
  { weight: 1, arbitrary: on('release') },
  { weight: 2, arbitrary: on('start') },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('jump' as const),
      machine: machines,
      ms: fc.constantFrom(-86_400_000, -20_000, 20_000, 7_200_000),
    }),
  },
);

const way = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Fate['requestMs']>(1, 20) },
  { weight: 2, arbitrary: fc.constantFrom<Fate['requestMs']>(900, 4_000, 6_000, 14_000, 25_000) },
  { weight: 2, arbitrary: fc.constant<Fate['requestMs']>('lost') },
);
const fate = fc.record<Fate>({
  requestMs: way,
  responseMs: way,
  serverError: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

async function take(
  world: ElectionWorld,
  action: typeof step extends fc.Arbitrary<infer S> ? S : never,
): Promise<void> {
  switch (action.kind) {
    case 'time':
      return world.advance(action.ms);
    case 'pause':
      return world.pause(action.machine);
    case 'resume':
      return world.resume(action.machine, action.first);
    case 'crash':
      return world.crash(action.machine);
    case 'release':
      return world.release(action.machine);
    case 'start':
      return world.start(action.machine);
    case 'jump':
      return world.jumpWallClock(action.machine, action.ms);
  }
}

test('nobody writes beyond its lease or beside another, and when all is well again somebody leads', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.array(fate, { maxLength: 60, size: 'max' }),
      fc.array(fc.constantFrom(0.95, 1, 1.05), { minLength: 3, maxLength: 3 }),
      fc.constantFrom(0, 0.5, 0.999),
      async (steps, fates, rates, random) => {
        const world = new ElectionWorld(rates, fates, () => random);
        for (const action of steps) await take(world, action);
        await world.heal();
        // A call under way, a wait for the next try, the lease of one that is gone, and the try after its end.
        await world.advance(1.06 * (renewDeadlineMs / 2 + leaseDurationMs + 2 * 2.2 * retryPeriodMs));
        const [leader = 'nobody', ...others] = world.leaders();
        assert.notEqual(leader, 'nobody');
        assert.deepEqual(others, []);
        const before = world.writesOf(leader);
        await world.advance(60_000);
        assert.deepEqual(world.leaders(), [leader]);
        assert.ok(world.writesOf(leader) > before, 'the leader may write');
      },
    ),
    propertyRuns(50),
  );
});
