import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../clock.fake.ts';
import { findCondition, isConditionTrue, setConditions } from './conditions.ts';

const ready = {
  type: 'Ready',
  status: 'False',
  reason: 'Waiting',
  message: 'no endpoint',
  observedGeneration: 1,
} as const;

test('the transition time moves when the status changes and only then', async () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 1, 0, 0, 0, 999));
  const first = setConditions(undefined, [ready], clock);
  assert.equal(first[0]?.lastTransitionTime, '2026-01-01T00:00:00Z');

  await clock.advance(60_000);
  const reworded = setConditions(first, [{ ...ready, message: 'still none', observedGeneration: 2 }], clock);
  assert.deepEqual(reworded, [
    { ...ready, message: 'still none', observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]);

  const turned = setConditions(reworded, [{ ...ready, status: 'True' }], clock);
  assert.equal(turned[0]?.lastTransitionTime, '2026-01-01T00:01:00Z');
});

test('conditions are sorted by type and those of others stay', () => {
  const clock = new FakeClock();
  const others = setConditions(undefined, [{ ...ready, type: 'Zeta' }], clock);
  const all = setConditions(others, [ready, { ...ready, type: 'Available' }], clock);
  assert.deepEqual(
    all.map((condition) => condition.type),
    ['Available', 'Ready', 'Zeta'],
  );
  assert.equal(all[2], others[0]);
});

test('a condition is true only when it is there and says so', () => {
  const conditions = setConditions(undefined, [ready, { ...ready, type: 'Up', status: 'True' }], new FakeClock());
  assert.equal(isConditionTrue(conditions, 'Up'), true);
  assert.equal(isConditionTrue(conditions, 'Ready'), false);
  assert.equal(isConditionTrue(undefined, 'Up'), false);
  assert.equal(findCondition(conditions, 'Ready')?.reason, 'Waiting');
});
