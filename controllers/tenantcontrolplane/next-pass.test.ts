import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPass } from './next-pass.ts';

const now = new Date('2026-11-22T10:00:00Z');
const later = (ms: number): Date => new Date(now.getTime() + ms);
const cases: readonly [why: string, waitsMs: readonly number[], renewals: readonly (Date | undefined)[], number?][] = [
  ['nothing is awaited that no event reports', [], [undefined]],
  ['the nearest of all is what counts', [5_000, 3_000], [later(4_000), later(9_000)], 3_000],
  ['a renewal that is due first is not missed', [60_000], [later(20)], 20],
  ['what no pass can renew must not make one pass follow another at once', [60_000], [later(-5), now], 60_000],
  ['and calls for none where nothing else does', [], [later(-5)]],
];
for (const [why, waitsMs, renewals, requeueAfterMs] of cases) {
  test(`${requeueAfterMs === undefined ? 'no next look' : `the next look in ${requeueAfterMs} ms`}: ${why}`, () => {
    assert.deepEqual(nextPass({ now, waitsMs, renewals }), requeueAfterMs === undefined ? {} : { requeueAfterMs });
  });
}
