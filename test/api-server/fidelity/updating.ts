import { configMaps, deployments, leases } from '#runtime/client/builtin.ts';
import type { Behaviour } from './behaviour.ts';
import { deployment, lease, map } from './objects.ts';

export const updating: readonly Behaviour[] = [
  {
    title: 'an update with the current resourceVersion replaces the object',
    run: async (on) => {
      const { metadata } = await on.create(configMaps, map('a', { data: { a: '1', b: '2' } }));
      await on.replace(configMaps, { metadata, data: { a: '3' } });
      await on.get(configMaps, 'a');
    },
  },
  {
    title: 'an update with an old resourceVersion is a conflict',
    run: async (on) => {
      const { metadata } = await on.create(configMaps, map('a'));
      await on.merge(configMaps, 'a', { data: { b: '2' } });
      await on.replace(configMaps, { metadata, data: {} });
    },
  },
  {
    title: 'an update without resourceVersion overwrites where the kind allows it',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      await on.replace(configMaps, map('a', { data: { b: '2' } }));
      await on.create(leases, lease('a'));
      await on.replace(leases, lease('a', { leaseDurationSeconds: 20 }));
    },
  },
  {
    title: 'an update of an absent object is refused, of an absent Lease creates it',
    run: async (on) => {
      await on.replace(configMaps, map('absent'));
      await on.replace(leases, lease('absent'));
    },
  },
  {
    title: 'an update that changes nothing leaves the resourceVersion alone',
    run: async (on) => {
      const { metadata } = await on.create(configMaps, map('a'));
      await on.replace(configMaps, { ...map('a'), metadata });
      await on.replace(configMaps, map('a'));
      await on.merge(configMaps, 'a', { data: { a: '1' } });
      await on.merge(configMaps, 'a', {});
    },
  },
  {
    title: 'an update of an object with another uid is a conflict',
    run: async (on) => {
      const { metadata } = await on.create(configMaps, map('a'));
      await on.replace(configMaps, { ...map('a'), metadata: { ...metadata, uid: 'another' } });
      await on.merge(configMaps, 'a', { metadata: { uid: 'another' }, data: { b: '2' } });
    },
  },
  {
    title: 'an object is not renamed',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      const path = `/api/v1/namespaces/${on.namespace}/configmaps/a`;
      await on.send('PUT', path, { apiVersion: 'v1', kind: 'ConfigMap', ...map('b') });
      await on.merge(configMaps, 'a', { metadata: { name: 'b' } });
      await on.merge(configMaps, 'a', { metadata: { namespace: 'default' } });
    },
  },
  {
    title: 'a resourceVersion that is no number is refused',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      await on.replace(configMaps, map('a', { metadata: { name: 'a', resourceVersion: 'x' } }));
    },
  },
  {
    title: 'what only the server writes is not changed by an update',
    run: async (on) => {
      const { metadata } = await on.create(deployments, deployment('a'));
      const changed = { ...metadata, creationTimestamp: '2001-01-01T00:00:00Z', generation: 9 };
      await on.merge(deployments, 'a', { metadata: { creationTimestamp: null, generation: 5 } });
      await on.merge(deployments, 'a', { metadata: { creationTimestamp: changed.creationTimestamp } });
      await on.merge(deployments, 'a', { metadata: { deletionTimestamp: '2001-01-01T00:00:00Z' } });
    },
  },
  {
    title: 'a merge patch sets, replaces and removes members, and replaces lists whole',
    run: async (on) => {
      await on.create(
        configMaps,
        map('a', {
          data: { a: '1', b: '2' },
          metadata: { name: 'a', labels: { x: 'y' }, finalizers: ['a.io/a', 'a.io/b'] },
        }),
      );
      await on.merge(configMaps, 'a', {
        data: { a: null, c: '3' },
        metadata: { labels: null, finalizers: ['a.io/b'] },
      });
      await on.merge(configMaps, 'a', { data: null });
      await on.merge(configMaps, 'a', { metadata: { finalizers: null } });
    },
  },
  {
    title: 'a merge patch with an old resourceVersion is a conflict',
    run: async (on) => {
      const { metadata } = await on.create(configMaps, map('a'));
      await on.merge(configMaps, 'a', { data: { b: '2' }, metadata: { resourceVersion: metadata.resourceVersion } });
      await on.merge(configMaps, 'a', { data: { b: '3' }, metadata: { resourceVersion: metadata.resourceVersion } });
    },
  },
  {
    title: 'a merge patch of an absent object is refused',
    run: (on) => on.merge(configMaps, 'absent', { data: {} }),
  },
  {
    title: 'a patch of an unknown type is refused',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      const path = `/api/v1/namespaces/${on.namespace}/configmaps/a`;
      await on.send('PATCH', path, { data: {} }, { contentType: 'application/json' });
    },
  },
  {
    title: 'a body that is no JSON is refused',
    run: async (on) => {
      const path = `/api/v1/namespaces/${on.namespace}/configmaps`;
      await on.send('POST', path, '{"metadata":');
      await on.send('POST', path, map('a'), { contentType: 'text/plain' });
    },
  },
  {
    title: 'a change of the spec raises the generation, a change of labels or status does not',
    run: async (on) => {
      await on.create(deployments, deployment('a'));
      await on.merge(deployments, 'a', { spec: { replicas: 3 } });
      await on.merge(deployments, 'a', { metadata: { labels: { a: 'b' } } });
      await on.merge(deployments, 'a', { status: { replicas: 3 } }, { subresource: 'status' });
      await on.merge(deployments, 'a', { metadata: { annotations: { a: 'b' } } });
      await on.merge(deployments, 'a', { spec: { replicas: 3 } });
    },
  },
  {
    title: 'an immutable ConfigMap stays as it is',
    run: async (on) => {
      await on.create(configMaps, map('a', { immutable: true }));
      await on.merge(configMaps, 'a', { data: { b: '2' } });
      await on.merge(configMaps, 'a', { immutable: false });
      await on.merge(configMaps, 'a', { metadata: { labels: { b: '2' } } });
    },
  },
];
