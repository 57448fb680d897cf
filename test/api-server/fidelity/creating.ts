import { tenantControlPlanes } from '#api/kinds.ts';
import { configMaps, namespaces } from '#runtime/client/builtin.ts';
import type { Behaviour } from './behaviour.ts';
import { map, tenantControlPlane } from './objects.ts';
import { untyped } from './untyped.ts';

const tenants = untyped(tenantControlPlanes);

export const creating: readonly Behaviour[] = [
  { title: 'a created object comes back with what the server adds', run: (on) => on.create(configMaps, map('a')) },
  {
    title: 'labels, annotations and finalizers are kept, empty maps and unknown metadata are not',
    run: async (on) => {
      const labels = { a: 'b' };
      await on.create(configMaps, {
        metadata: { name: 'a', labels, annotations: {}, finalizers: ['x.io/y'], other: 1 },
      });
      await on.create(configMaps, { metadata: { name: 'b', labels: {}, annotations: labels, finalizers: [] } });
      await on.create(configMaps, { metadata: { name: 'c', uid: 'mine', creationTimestamp: null, generation: 7 } });
    },
  },
  {
    title: 'a second object of the same name is refused',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      await on.create(configMaps, map('a'));
    },
  },
  {
    title: 'a name is made from generateName',
    run: (on) => on.create(configMaps, { metadata: { generateName: 'generated-' } }),
  },
  { title: 'an object without name is refused', run: (on) => on.create(configMaps, { metadata: {} }) },
  {
    title: 'a name that is no DNS subdomain is refused',
    run: async (on) => {
      await on.create(configMaps, map('A_b'));
      await on.create(configMaps, map('a'.repeat(254)));
    },
  },
  {
    title: 'an object that claims a resourceVersion is not created',
    run: (on) => on.create(configMaps, { metadata: { name: 'a', resourceVersion: '5' } }),
  },
  {
    title: 'an object of another namespace than that of the path is refused',
    run: async (on) => {
      await on.send(
        'POST',
        `/api/v1/namespaces/${on.namespace}/configmaps`,
        map('a', { metadata: { name: 'a', namespace: 'default' } }),
      );
    },
  },
  {
    title: 'nothing is created in a namespace that is not there',
    run: async (on) => {
      await on.send('POST', '/api/v1/namespaces/absent/configmaps', map('a'));
      await on.send('GET', '/api/v1/namespaces/absent/configmaps');
      await on.send('GET', '/api/v1/namespaces/absent/configmaps/a');
    },
  },
  {
    title: 'an object of another type than that of the path is refused',
    run: async (on) => {
      await on.create(configMaps, { ...map('a'), apiVersion: 'v2' });
      await on.create(configMaps, { metadata: { name: 'a' }, kind: 'Secret' });
      await on.create(tenants, { ...tenantControlPlane('a'), apiVersion: 'kamaji.clastix.io/v9' });
    },
  },
  {
    title: 'a dry run answers as usual and stores nothing',
    run: async (on) => {
      await on.create(configMaps, map('a'), { query: { dryRun: 'All' } });
      await on.get(configMaps, 'a');
    },
  },
  {
    title: 'a path of no kind is not found',
    run: async (on) => {
      await on.send('GET', '/api/v1/nothings');
      await on.send('GET', '/apis/kamaji.clastix.io/v1alpha1/nothings');
      await on.send('GET', '/apis/nothing.io/v1/nothings');
      await on.send('GET', '/nothing');
      await on.send('GET', `/api/v1/namespaces/${on.namespace}/configmaps/a/nothing`);
      await on.send('GET', `/apis/kamaji.clastix.io/v1alpha1/namespaces/${on.namespace}/tenantcontrolplanes/a/nothing`);
    },
  },
  {
    title: 'a new namespace is active and named by a label',
    run: (on) => on.create(namespaces, { metadata: { name: `${on.namespace}-new` } }),
  },
];
