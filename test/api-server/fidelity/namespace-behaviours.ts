import { configMaps, namespaces } from '#runtime/client/builtin.ts';
import type { Behaviour } from './behaviour.ts';
import { map } from './objects.ts';

export const namespaceBehaviours: readonly Behaviour[] = [
  {
    title: 'a deleted namespace is terminating and takes nothing new',
    run: async (on) => {
      await on.create(configMaps, map('a', { metadata: { name: 'a', finalizers: ['a.io/a'] } }));
      await on.delete(namespaces, on.namespace);
      await on.create(configMaps, map('b'));
      await on.apply(configMaps, 'kamaji', map('c'));
      await on.merge(configMaps, 'a', { data: { b: '2' } });
      await on.merge(configMaps, 'a', { metadata: { finalizers: null } });
    },
  },
  {
    title: 'a deleted namespace goes when everything in it has gone',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      await on.create(configMaps, map('b', { metadata: { name: 'b', finalizers: ['a.io/a'] } }));
      await on.delete(namespaces, on.namespace);
      await on.server.collected(async () => !(await on.exists(configMaps, 'a')));
      await on.get(configMaps, 'b');
      await on.merge(configMaps, 'b', { metadata: { finalizers: null } });
      await on.server.collected(async () => !(await on.exists(namespaces, on.namespace)));
      await on.get(namespaces, on.namespace);
      await on.create(configMaps, map('a'));
    },
  },
  {
    title: 'a namespace keeps its finalizer and its label whatever an update says',
    run: async (on) => {
      await on.merge(namespaces, on.namespace, {
        spec: null,
        metadata: { labels: { 'kubernetes.io/metadata.name': null } },
      });
      await on.merge(namespaces, on.namespace, { metadata: { labels: { a: 'b' } } });
    },
  },
];
