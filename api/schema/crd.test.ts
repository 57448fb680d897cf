import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customResourceDefinition } from './crd.ts';
import { lint } from './lint.ts';
import { rule } from './rule.ts';
import { integer, list, mapList, object, optional, string } from './schema.ts';

const coordinates = { group: 'example.com', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };

test('a kind becomes a CustomResourceDefinition with its names and subresources', () => {
  const crd = customResourceDefinition({
    coordinates,
    description: 'A widget.',
    shortNames: ['w'],
    columns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
    scale: { specPath: '.spec.size', statusPath: '.status.size', selectorPath: '.status.selector' },
    spec: object('Wanted.', { size: integer('Size.') }),
    status: object('There.', { size: optional(integer('Size.')) }),
  });
  assert.equal(crd.metadata.name, 'widgets.example.com');
  assert.deepEqual(crd.spec.names, {
    kind: 'Widget',
    listKind: 'WidgetList',
    plural: 'widgets',
    singular: 'widget',
    shortNames: ['w'],
  });
  assert.deepEqual(crd.spec.versions[0].subresources, {
    status: {},
    scale: {
      specReplicasPath: '.spec.size',
      statusReplicasPath: '.status.size',
      labelSelectorPath: '.status.selector',
    },
  });
});

test('a flawed schema is refused with every flaw and its place', () => {
  const spec = object('Wanted.', {
    size: integer('no sentence'),
    name: string('Name.', { rules: [rule('self != "x"', 'name is taken: choose another one')] }),
  });
  assert.throws(
    () => customResourceDefinition({ coordinates, description: 'A widget.', columns: [], spec }),
    (error: Error) =>
      error instanceof TypeError &&
      error.message.includes('.spec.size: description is not a sentence') &&
      error.message.includes('.spec.name: rule "self != "x"" on a string without maxLength'),
  );
});

test('lint finds a list-map key that an item may lack', () => {
  const items = object('One.', { name: optional(string('Name.')) });
  assert.deepEqual(lint(mapList('Things.', items, ['name']).json, '.things'), [
    '.things: list-map key "name" is neither required nor defaulted',
  ]);
});

test('lint finds a rule that walks a list without bound', () => {
  const names = list('Names.', string('Name.'), {
    rules: [rule('self.all(n, n != "")', 'a name is empty: remove it')],
  });
  assert.deepEqual(lint(names.json, '.names'), ['.names: rule "self.all(n, n != "")" walks a list without maxItems']);
});

test('lint finds a rule without a message', () => {
  const size = integer('Size.', { rules: [{ rule: 'self > 1' }] });
  assert.deepEqual(lint(size.json, '.size'), ['.size: rule "self > 1" has no one-line message without a full stop']);
});
