import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { keyOf, keyString } from '../client/resource.ts';
import type { KubeObject } from '../client/resource.ts';
import { Store } from './store.ts';

const byColour = (object: KubeObject): readonly string[] => Object.keys(object.metadata?.labels ?? {});

const objects = fc.record({
  namespace: fc.constantFrom('n1', 'n2'),
  name: fc.constantFrom('a', 'b', 'c'),
  colours: fc.uniqueArray(fc.constantFrom('red', 'green', 'blue')),
  remove: fc.boolean(),
});

test('namespaces and indexes always show exactly what is stored', () => {
  fc.assert(
    fc.property(fc.array(objects), (steps) => {
      const store = new Store<KubeObject>();
      store.addIndex('colour', byColour);
      const model = new Map<string, KubeObject>();
      for (const { namespace, name, colours, remove } of steps) {
        const object = { metadata: { namespace, name, labels: Object.fromEntries(colours.map((c) => [c, ''])) } };
        const key = keyString(keyOf(object));
        if (remove) {
          store.delete(key);
          model.delete(key);
        } else {
          store.put(object);
          model.set(key, object);
        }
      }
      const expected = (filter: (object: KubeObject) => boolean) => new Set([...model.values()].filter(filter));
      assert.equal(store.size, model.size);
      assert.deepEqual(
        new Set(store.list()),
        expected(() => true),
      );
      for (const namespace of ['n1', 'n2']) {
        assert.deepEqual(
          new Set(store.list(namespace)),
          expected((object) => object.metadata?.namespace === namespace),
        );
      }
      for (const colour of ['red', 'green', 'blue']) {
        assert.deepEqual(
          new Set(store.byIndex('colour', colour)),
          expected((object) => byColour(object).includes(colour)),
        );
      }
    }),
  );
});

test('an index that was never declared, or twice with different functions, is a mistake that shows', () => {
  const store = new Store<KubeObject>();
  store.addIndex('colour', byColour);
  store.addIndex('colour', byColour);
  assert.throws(() => store.addIndex('colour', () => []), /declared twice/);
  assert.throws(() => store.byIndex('size', 'big'), /never declared/);
});

test('an index function that throws leaves the store as it was', () => {
  const store = new Store<KubeObject>();
  store.addIndex('strict', (object) => {
    if (object.metadata?.labels === undefined) throw new Error('no labels');
    return ['x'];
  });
  const good = { metadata: { name: 'a', labels: {} } };
  store.put(good);
  assert.throws(() => store.put({ metadata: { name: 'a' } }), /no labels/);
  assert.deepEqual([store.get({ name: 'a' }), store.byIndex('strict', 'x')], [good, [good]]);
});

test('an index declared late covers what is there', () => {
  const store = new Store<KubeObject>();
  const object = { metadata: { name: 'a', labels: { red: '' } } };
  store.put(object);
  store.addIndex('colour', byColour);
  assert.deepEqual(store.byIndex('colour', 'red'), [object]);
});
