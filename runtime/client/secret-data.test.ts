import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { secretData, secretText } from './secret-data.ts';

suite('what a Secret holds', () => {
  test('is read as the text that was written', () => {
    const secret = { data: secretData({ one: 'eins', two: 'zwei ü', empty: '' }) };
    assert.equal(secret.data['one'], 'ZWlucw==');
    assert.deepEqual(
      ['one', 'two', 'empty'].map((key) => secretText(secret, key)),
      ['eins', 'zwei ü', ''],
    );
  });

  test('is undefined where there is no such key, no data or no Secret', () => {
    assert.equal(secretText({ data: {} }, 'three'), undefined);
    assert.equal(secretText({}, 'three'), undefined);
    assert.equal(secretText(undefined, 'three'), undefined);
  });
});
