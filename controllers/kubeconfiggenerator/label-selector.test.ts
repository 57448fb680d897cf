import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compileLabelSelector, type LabelSelector } from './label-selector.ts';

const labels = { app: 'web', 'example.com/tier': 'gold', empty: '' };

suite('a label selector', () => {
  const selects = (selector: LabelSelector | undefined, of: Record<string, string> | undefined = labels) =>
    compileLabelSelector(selector)(of);

  test('selects everything when it is absent or empty', () => {
    for (const selector of [undefined, {}, { matchLabels: {}, matchExpressions: [] }]) {
      assert.equal(selects(selector), true);
      assert.equal(compileLabelSelector(selector)(undefined), true);
    }
  });

  test('wants all of its requirements', () => {
    assert.equal(selects({ matchLabels: { app: 'web', 'example.com/tier': 'gold' } }), true);
    assert.equal(selects({ matchLabels: { app: 'web', 'example.com/tier': 'silver' } }), false);
    const exists = { key: 'app', operator: 'Exists' };
    assert.equal(selects({ matchLabels: { empty: '' }, matchExpressions: [exists] }), true);
    assert.equal(selects({ matchLabels: { empty: 'no' }, matchExpressions: [exists] }), false);
  });

  test('reads its operators as Kubernetes does, for labels that are there and that are not', () => {
    const cases: readonly [operator: string, values: string[] | undefined, app: boolean, absent: boolean][] = [
      ['In', ['api', 'web'], true, false],
      ['In', ['api'], false, false],
      ['NotIn', ['api'], true, true],
      ['NotIn', ['web'], false, true],
      ['Exists', undefined, true, false],
      ['DoesNotExist', [], false, true],
    ];
    for (const [operator, values, app, absent] of cases) {
      const expression = (key: string) => ({ key, operator, ...(values === undefined ? {} : { values }) });
      assert.equal(selects({ matchExpressions: [expression('app')] }), app, `${operator} of a label`);
      assert.equal(selects({ matchExpressions: [expression('gone')] }), absent, `${operator} of no label`);
    }
  });

  test('does not take what every object inherits for labels', () => {
    assert.equal(selects({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }), false);
  });

  test('that means nothing is refused, naming what is wrong', () => {
    const refusals: readonly [LabelSelector, RegExp][] = [
      [{ matchExpressions: [{ key: 'app', operator: 'Equals', values: ['a'] }] }, /no operator 'Equals'/u],
      [{ matchExpressions: [{ key: 'app', operator: 'In' }] }, /app: In needs values/u],
      [{ matchExpressions: [{ key: 'app', operator: 'Exists', values: ['a'] }] }, /app: Exists takes no values/u],
      [{ matchLabels: { 'two words': 'a' } }, /'two words' cannot be the key/u],
      [{ matchLabels: { app: 'two words' } }, /'two words' cannot be the value/u],
      [{ matchLabels: { 'a/b/c': 'a' } }, /'a\/b\/c' cannot be the key/u],
    ];
    for (const [selector, message] of refusals) {
      assert.throws(() => compileLabelSelector(selector), { code: 'LabelSelectorInvalid', message });
    }
  });
});
