import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoodUntilDue, Remembered, type Verdict, endPeriod } from './remembered.ts';

suite('what pure functions answered', () => {
  test('a question is answered once, whoever asks', () => {
    const remembered = new Remembered<number>();
    let asked = 0;
    const find = (): number => (asked += 1);
    assert.equal(remembered.answer(['a', { b: 1 }], find), 1);
    assert.equal(remembered.answer(['a', { b: 1 }], find), 1);
    assert.equal(remembered.answer(['a', { b: 2 }], find), 2);
  });

  test('the oldest answers go when there are too many', () => {
    const remembered = new Remembered<string>(2);
    for (const question of ['a', 'b', 'c']) remembered.answer([question], () => `${question} at first`);
    const again = (question: string): string => remembered.answer([question], () => 'found again');
    assert.deepEqual(['b', 'c', 'a'].map(again), ['b at first', 'c at first', 'found again']);
  });

  test('an answer that is asked for in every period stays', () => {
    const remembered = new Remembered<string>();
    const ask = (found: string): string => remembered.answer(['a'], () => found);
    ask('at first');
    for (let period = 0; period < 3; period++) {
      endPeriod();
      assert.equal(ask('found again'), 'at first');
    }
  });

  test('an answer that nobody has asked for during a whole period is found again', () => {
    const remembered = new Remembered<string>();
    const ask = (found: string): string => remembered.answer(['a'], () => found);
    ask('at first');
    endPeriod();
    endPeriod();
    assert.equal(ask('found again'), 'found again');
  });

  test('what has been asked for in this period outlives what has not, when there are too many', () => {
    const remembered = new Remembered<string>(2);
    const ask = (question: string): string => remembered.answer([question], () => `${question} at first`);
    const again = (question: string): string => remembered.answer([question], () => 'found again');
    ['a', 'b'].map(ask);
    endPeriod();
    assert.deepEqual(['a', 'c'].map(ask), ['a at first', 'c at first']);
    assert.deepEqual(['a', 'c', 'b'].map(again), ['a at first', 'c at first', 'found again']);
  });
});

suite('what was found good', () => {
  const at = (ms: number): Date => new Date(ms);

  test('is not looked at before it is due, and at every time from then on', () => {
    const good = new GoodUntilDue();
    let looks = 0;
    const ask = (nowMs: number): string | undefined =>
      good.objection(['certificate'], at(nowMs), (): Verdict<string> => {
        looks += 1;
        return nowMs < 100 ? { dueMs: 100 } : { objection: 'expiring' };
      });
    assert.deepEqual([ask(1), ask(2), ask(99)], [undefined, undefined, undefined]);
    assert.equal(looks, 1);
    assert.deepEqual([ask(100), ask(101), ask(50)], ['expiring', 'expiring', undefined]);
    assert.equal(looks, 3);
  });

  test('what is noted as good when it is made is first looked at when it is due', () => {
    const good = new GoodUntilDue();
    good.note(['certificate'], at(100));
    const ask = (nowMs: number): string | undefined =>
      good.objection(['certificate'], at(nowMs), () => ({ objection: 'expiring' }));
    assert.deepEqual([ask(1), ask(99), ask(100)], [undefined, undefined, 'expiring']);
  });

  test('an objection is not remembered', () => {
    const good = new GoodUntilDue();
    const ask = (verdict: Verdict<string>): string | undefined => good.objection(['key'], at(0), () => verdict);
    assert.equal(ask({ objection: 'no match' }), 'no match');
    assert.equal(ask({ dueMs: 10 }), undefined);
    assert.equal(ask({ objection: 'no match' }), undefined);
  });

  test('is looked at again when nobody has asked about it during a whole period', () => {
    const good = new GoodUntilDue();
    good.note(['certificate'], at(100));
    const ask = (): string | undefined => good.objection(['certificate'], at(1), () => ({ objection: 'looked at' }));
    endPeriod();
    assert.equal(ask(), undefined);
    endPeriod();
    endPeriod();
    assert.equal(ask(), 'looked at');
  });
});
