import { configMaps, deployments, pods, secrets, services } from '#runtime/client/builtin.ts';
import type { Behaviour } from './behaviour.ts';
import { deployment, map, pod, secret, service } from './objects.ts';

const held = (name: string): object => map(name, { metadata: { name, finalizers: ['a.io/a'] } });

export const deleting: readonly Behaviour[] = [
  {
    title: 'a deletion is answered with a Status, for some kinds with the object',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      await on.delete(configMaps, 'a');
      await on.get(configMaps, 'a');
      await on.create(secrets, secret('a'));
      await on.delete(secrets, 'a');
      await on.create(services, service('a'));
      await on.delete(services, 'a');
      await on.create(deployments, deployment('a'));
      await on.delete(deployments, 'a');
    },
  },
  { title: 'an absent object is not deleted', run: (on) => on.delete(configMaps, 'absent') },
  {
    title: 'a deletion of another uid or resourceVersion is a conflict',
    run: async (on) => {
      const { metadata } = await on.create(configMaps, map('a'));
      await on.delete(configMaps, 'a', { preconditions: { uid: 'another' } });
      await on.delete(configMaps, 'a', { preconditions: { resourceVersion: '1' } });
      const { uid, resourceVersion } = metadata;
      await on.delete(configMaps, 'a', { preconditions: { uid, resourceVersion } });
    },
  },
  {
    title: 'a finalizer holds an object until it is removed',
    run: async (on) => {
      await on.create(configMaps, held('a'));
      await on.delete(configMaps, 'a');
      await on.delete(configMaps, 'a');
      await on.create(configMaps, held('a'));
      await on.merge(configMaps, 'a', { data: { b: '2' } });
      await on.merge(configMaps, 'a', { metadata: { finalizers: null } });
      await on.get(configMaps, 'a');
    },
  },
  {
    title: 'the last finalizer removed by an update takes the object away too',
    run: async (on) => {
      await on.create(configMaps, held('a'));
      const { metadata } = await on.delete(configMaps, 'a');
      await on.replace(configMaps, { metadata: { ...metadata, finalizers: [] } });
      await on.get(configMaps, 'a');
    },
  },
  {
    title: 'no finalizer is added to an object that is being deleted',
    run: async (on) => {
      await on.create(configMaps, held('a'));
      await on.delete(configMaps, 'a');
      await on.merge(configMaps, 'a', { metadata: { finalizers: ['a.io/a', 'a.io/b'] } });
    },
  },
  {
    title: 'a deletion that a finalizer holds raises the generation',
    run: async (on) => {
      await on.create(deployments, deployment('a', {}, { finalizers: ['a.io/a'] }));
      await on.delete(deployments, 'a');
    },
  },
  {
    title: 'removing a finalizer of an object that is not being deleted keeps the object',
    run: async (on) => {
      await on.create(configMaps, held('a'));
      await on.merge(configMaps, 'a', { metadata: { finalizers: null } });
      await on.get(configMaps, 'a');
    },
  },
  {
    title: 'deletion in the foreground and orphaning are finalizers',
    run: async (on) => {
      await on.create(configMaps, held('a'));
      await on.delete(configMaps, 'a', { propagationPolicy: 'Foreground' });
      await on.create(configMaps, held('b'));
      await on.delete(configMaps, 'b', { propagationPolicy: 'Orphan' });
      await on.create(configMaps, held('c'));
      await on.delete(configMaps, 'c', { propagationPolicy: 'Background' });
    },
  },
  {
    title: 'an unknown propagation policy is refused',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      await on.delete(configMaps, 'a', { propagationPolicy: 'Sideways' });
    },
  },
  {
    title: 'a pod on a node is given its time, one on no node goes at once',
    run: async (on) => {
      await on.create(pods, pod('a'));
      await on.delete(pods, 'a');
      await on.create(pods, pod('b', { nodeName: 'n' }));
      await on.delete(pods, 'b');
      await on.get(pods, 'b');
      await on.delete(pods, 'b', { gracePeriodSeconds: 0 });
      await on.get(pods, 'b');
    },
  },
  {
    title: 'a selection is deleted at once',
    run: async (on) => {
      for (const name of ['a', 'b', 'c']) {
        await on.create(configMaps, map(name, { metadata: { name, labels: { app: name === 'c' ? 'c' : 'x' } } }));
      }
      const path = `/api/v1/namespaces/${on.namespace}/configmaps?labelSelector=app%3Dx`;
      await on.send('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions' });
      await on.list(configMaps);
    },
  },
  {
    title: 'a dry run of a deletion leaves the object',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      await on.delete(configMaps, 'a', { dryRun: ['All'] });
      await on.get(configMaps, 'a');
    },
  },
];
