import { configMaps, namespaces, pods } from '#runtime/client/builtin.ts';
import { metadataAccept } from '#runtime/client/list-page.ts';
import type { Behaviour } from './behaviour.ts';
import { map, pod } from './objects.ts';
import type { Session } from './session.ts';

async function position(on: Session): Promise<string> {
  const { metadata } = await on.quietly(() => on.list(configMaps));
  return metadata.resourceVersion ?? '';
}

const labelled = (name: string, app: string): object => map(name, { metadata: { name, labels: { app } } });

export const watching: readonly Behaviour[] = [
  {
    title: 'a watch tells of creation, change and deletion, the latter under a resourceVersion of its own',
    run: async (on) => {
      const resourceVersion = await position(on);
      await on.watch(configMaps, { resourceVersion }, 3, async () => {
        await on.create(configMaps, map('a'));
        await on.merge(configMaps, 'a', { data: { b: '2' } });
        await on.delete(configMaps, 'a');
      });
    },
  },
  {
    title: 'a watch begins after the resourceVersion that it names',
    run: async (on) => {
      const { metadata } = await on.create(configMaps, map('a'));
      await on.merge(configMaps, 'a', { data: { b: '2' } });
      await on.create(configMaps, map('b'));
      await on.watch(configMaps, { resourceVersion: metadata.resourceVersion }, 2);
    },
  },
  {
    title: 'a watch without resourceVersion begins with all that there is',
    run: async (on) => {
      await on.create(configMaps, map('b'));
      await on.create(configMaps, map('a'));
      await on.merge(configMaps, 'a', { data: { b: '2' } });
      await on.watch(configMaps, {}, 3, () => on.create(configMaps, map('c')));
      await on.watch(configMaps, { resourceVersion: '0' }, 3);
    },
  },
  {
    title: 'an object that enters a selection is added to it, one that leaves it is deleted from it as it was',
    run: async (on) => {
      const resourceVersion = await position(on);
      await on.watch(configMaps, { resourceVersion, labelSelector: 'app=x' }, 5, async () => {
        await on.create(configMaps, labelled('a', 'y'));
        await on.merge(configMaps, 'a', { metadata: { labels: { app: 'x' } } });
        await on.merge(configMaps, 'a', { data: { b: '2' } });
        await on.merge(configMaps, 'a', { metadata: { labels: { app: 'y' } } });
        await on.delete(configMaps, 'a');
        await on.create(configMaps, labelled('b', 'x'));
        await on.delete(configMaps, 'b');
      });
    },
  },
  {
    title: 'a watch of one name tells of nothing else',
    run: async (on) => {
      const resourceVersion = await position(on);
      await on.watch(configMaps, { resourceVersion, fieldSelector: 'metadata.name=b' }, 2, async () => {
        await on.create(configMaps, map('a'));
        await on.create(configMaps, map('b'));
        await on.delete(configMaps, 'b');
      });
    },
  },
  {
    title: 'a namespace is watched from its creation to its end',
    run: async (on) => {
      const name = `${on.namespace}-watched`;
      const { metadata } = await on.quietly(() => on.list(namespaces));
      const query = { resourceVersion: metadata.resourceVersion, fieldSelector: `metadata.name=${name}` };
      await on.watch(namespaces, query, 2, async () => {
        await on.create(namespaces, { metadata: { name } });
        await on.merge(namespaces, name, { metadata: { labels: { a: 'b' } } });
      });
    },
  },
  {
    title: 'a pod is marked before it goes, even when nothing is to be waited for',
    run: async (on) => {
      const { metadata } = await on.create(pods, pod('a'));
      const { resourceVersion } = metadata;
      await on.watch(pods, { resourceVersion, fieldSelector: 'metadata.name=a' }, 2, () => on.delete(pods, 'a'));
      await on.create(pods, pod('b', { nodeName: 'n' }));
      await on.watch(pods, { resourceVersion, fieldSelector: 'metadata.name=b' }, 4, async () => {
        await on.delete(pods, 'b');
        await on.delete(pods, 'b', { gracePeriodSeconds: 0 });
      });
    },
  },
  {
    title: 'a write that changes nothing is no event',
    run: async (on) => {
      await on.create(configMaps, map('a'));
      const resourceVersion = await position(on);
      await on.watch(configMaps, { resourceVersion }, 1, async () => {
        await on.merge(configMaps, 'a', { data: { a: '1' } });
        await on.merge(configMaps, 'a', { data: { a: '2' } });
      });
    },
  },
  {
    title: 'finalizers make a deletion two events',
    run: async (on) => {
      await on.create(configMaps, map('a', { metadata: { name: 'a', finalizers: ['a.io/a'] } }));
      const resourceVersion = await position(on);
      await on.watch(configMaps, { resourceVersion }, 2, async () => {
        await on.delete(configMaps, 'a');
        await on.merge(configMaps, 'a', { metadata: { finalizers: null } });
      });
    },
  },
  {
    title: 'the last of several finalizers ends the object together with what else changes',
    run: async (on) => {
      await on.create(configMaps, map('a', { metadata: { name: 'a', finalizers: ['a.io/a', 'a.io/b'] } }));
      await on.delete(configMaps, 'a');
      const resourceVersion = await position(on);
      await on.watch(configMaps, { resourceVersion }, 2, async () => {
        await on.merge(configMaps, 'a', { metadata: { finalizers: ['a.io/b'] } });
        await on.merge(configMaps, 'a', { data: { b: '2' }, metadata: { finalizers: null } });
      });
    },
  },
  {
    title: 'events come reduced to their metadata on request',
    run: async (on) => {
      const resourceVersion = await position(on);
      const accept = metadataAccept('PartialObjectMetadata');
      const meanwhile = async (): Promise<void> => {
        await on.create(configMaps, map('a'));
        await on.delete(configMaps, 'a');
      };
      await on.watch(configMaps, { resourceVersion }, 2, meanwhile, accept);
    },
  },
  {
    title: 'the server ends a watch when its time is over, with a bookmark for those that want one',
    run: async (on) => {
      const resourceVersion = await position(on);
      await on.watch(configMaps, { resourceVersion, timeoutSeconds: 1 }, 1);
      const elsewhere = { metadata: { generateName: 'elsewhere-', namespace: 'default' } };
      const query = { resourceVersion, timeoutSeconds: 4, allowWatchBookmarks: true };
      await on.watch(configMaps, query, 1, () => on.quietly(() => on.create(configMaps, elsewhere)));
    },
  },
  {
    title: 'a watch from a resourceVersion that is too old begins with an error',
    run: async (on) => {
      const { metadata } = await on.create(configMaps, map('a'));
      await on.create(configMaps, map('b'));
      await on.server.compact();
      await on.watch(configMaps, { resourceVersion: metadata.resourceVersion }, 2);
    },
  },
  {
    title: 'a watch from a resourceVersion that is not there yet',
    run: (on) =>
      on.watch(configMaps, { resourceVersion: '99999999', timeoutSeconds: 4 }, 1, () =>
        on.create(configMaps, map('a')),
      ),
  },
  {
    title: 'a watch from what is no resourceVersion is refused',
    run: (on) =>
      on.send('GET', `/api/v1/namespaces/${on.namespace}/configmaps?watch=true&resourceVersion=x&timeoutSeconds=1`),
  },
];
