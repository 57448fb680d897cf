import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '#runtime/clock.fake.ts';
import { createStartTurns, GIVE_UP_MS, INITIAL_STARTS, type StartTurns } from './start-turns.ts';

suite('control planes that start for the first time', () => {
  test('do so a few at a time; when one serves, another that waits is woken and has its turn', () => {
    const { turns, woken } = setUp();
    assert.equal(started(turns, 6).length, INITIAL_STARTS);
    assert.equal(turns.mayStart('0', key('0')), true, 'it keeps its turn');
    turns.served('0');
    assert.deepEqual(woken.slice(0, 1), ['4']);
    assert.equal(turns.mayStart('4', key('4')), true);
  });

  test('are more with each that starts quickly while others wait', () => {
    const { turns, woken } = setUp();
    started(turns, 100);
    for (const uid of ['0', '1', '2', '3']) turns.served(uid);
    const next = new Set(woken);
    assert.equal([...next].filter((uid) => turns.mayStart(uid, key(uid))).length, 2 * INITIAL_STARTS);
  });

  test('are fewer after slow ones, once for all that were slow together', async () => {
    const { turns, clock } = setUp();
    started(turns, 10);
    await clock.advance(10_000);
    turns.served('0');
    await clock.advance(51_000);
    for (const uid of ['1', '2', '3']) turns.served(uid);
    assert.equal(started(turns, 10, 4).length, 2);
  });

  test('are not fewer where even the quickest one takes long', async () => {
    const { turns, clock } = setUp();
    started(turns, 10);
    await clock.advance(61_000);
    for (const uid of ['0', '1', '2', '3']) turns.served(uid);
    assert.equal(started(turns, 10, 4).length, 2 * INITIAL_STARTS);
  });

  test('wait for nobody that never serves or that goes', async () => {
    const { turns, clock, woken } = setUp();
    started(turns, 6);
    turns.leave('0');
    assert.deepEqual(woken, ['4']);
    await clock.advance(GIVE_UP_MS);
    for (const uid of ['1', '2', '3']) turns.resume(uid);
    assert.equal(turns.mayStart('5', key('5')), true);
  });

  test('count when another process has let them start', () => {
    const { turns } = setUp();
    for (const uid of ['a', 'b', 'c', 'd']) turns.resume(uid);
    assert.deepEqual(started(turns, 1), []);
  });
});

function setUp() {
  const clock = new FakeClock();
  const turns = createStartTurns(clock);
  const woken: string[] = [];
  turns.source.start(({ name }) => woken.push(name));
  return { turns, clock, woken };
}

/** Those of so many that may start. */
function started(turns: StartTurns, count: number, first = 0): readonly string[] {
  const uids = Array.from({ length: count }, (_, n) => String(first + n));
  return uids.filter((uid) => turns.mayStart(uid, key(uid)));
}

function key(name: string) {
  return { namespace: 'default', name };
}
