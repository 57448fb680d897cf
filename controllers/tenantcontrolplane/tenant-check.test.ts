import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { tenantCheckIntervalMs, untilNextCheck } from './tenant-check.ts';

const cases: readonly [tenants: number, seconds: number, why: string][] = [
  [0, 30, 'nobody is there'],
  [1, 30, 'two turns a minute heal within a minute whatever was damaged'],
  [100, 30, 'as above, at the full cost'],
  [200, 60, 'the design’s figure'],
  [500, 150, 'in proportion'],
  [1_000, 300, 'the design’s figure'],
  [5_000, 300, 'never longer'],
];
for (const [tenants, seconds, why] of cases) {
  test(`each of ${tenants} tenants is looked into every ${seconds} s: ${why}`, () => {
    assert.equal(tenantCheckIntervalMs(tenants), seconds * 1000);
  });
}

test('looks at tenants are spread over the interval, each a full interval after the one before', () => {
  const intervalMs = 300_000;
  const now = new Date('2026-01-01T00:00:00Z');
  const perMinute = [0, 0, 0, 0, 0];
  for (let tenant = 0; tenant < 1_000; tenant += 1) {
    const uid = randomUUID();
    const wait = untilNextCheck(uid, now, intervalMs);
    assert.ok(wait > 0 && wait <= intervalMs, `${wait}`);
    assert.equal(untilNextCheck(uid, new Date(now.getTime() + wait), intervalMs), intervalMs);
    const minute = Math.min(Math.floor(wait / 60_000), 4);
    perMinute[minute] = (perMinute[minute] ?? 0) + 1;
  }
  assert.ok(Math.max(...perMinute) < 300, perMinute.join());
  assert.equal(untilNextCheck('no uuid', new Date(1_000), 30_000), 29_000);
});
