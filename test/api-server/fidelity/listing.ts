import { configMaps, pods } from '#runtime/client/builtin.ts';
import { metadataAccept } from '#runtime/client/list-page.ts';
import type { Behaviour } from './behaviour.ts';
import { map, pod } from './objects.ts';
import type { Session } from './session.ts';

async function several(on: Session, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const labels = { name, half: name < 'c' ? 'first' : 'second', ...(name === 'a' ? { only: '' } : {}) };
    await on.quietly(() => on.create(configMaps, map(name, { metadata: { name, labels } })));
  }
}

function pageOf(list: { metadata: object }): string {
  return 'continue' in list.metadata ? String(list.metadata.continue) : '';
}

export const listing: readonly Behaviour[] = [
  {
    title: 'a list is in order of names, its items without kind',
    run: async (on) => {
      await several(on, ['c', 'a', 'b-1', 'b']);
      await on.list(configMaps);
    },
  },
  { title: 'an empty list has no items', run: (on) => on.list(configMaps) },
  {
    title: 'a list comes in pages, all of one moment',
    run: async (on) => {
      await several(on, ['a', 'b', 'c', 'd', 'e']);
      const first = await on.list(configMaps, { limit: 2 });
      await on.quietly(() => on.create(configMaps, map('bb')));
      await on.quietly(() => on.create(configMaps, map('z')));
      await on.quietly(() => on.delete(configMaps, 'd'));
      const second = await on.list(configMaps, { limit: 2, continue: pageOf(first) });
      await on.list(configMaps, { limit: 2, continue: pageOf(second) });
    },
  },
  {
    title: 'pages of a selection are as full as those of everything',
    run: async (on) => {
      await several(on, ['a', 'b', 'c', 'd', 'e']);
      const first = await on.list(configMaps, { limit: 2, labelSelector: 'half=second' });
      await on.list(configMaps, { limit: 2, labelSelector: 'half=second', continue: pageOf(first) });
    },
  },
  {
    title: 'a continue token that is none is refused',
    run: (on) => on.list(configMaps, { limit: 2, continue: 'x' }),
  },
  {
    title: 'a next page with a resourceVersion is refused',
    run: async (on) => {
      await several(on, ['a', 'b', 'c']);
      const first = await on.list(configMaps, { limit: 2 });
      await on.list(configMaps, { limit: 2, continue: pageOf(first), resourceVersion: '5' });
    },
  },
  ...[
    'half=first',
    'half==first',
    'half!=first',
    'half in (first,second),name notin (a,b)',
    'only',
    '!only',
    'only=',
    'half=first,name!=a',
    'name notin (a)',
    'half in (first)',
  ].map((labelSelector) => ({
    title: `labels are selected by ${labelSelector}`,
    run: async (on: Session) => {
      await several(on, ['a', 'b', 'c']);
      await on.list(configMaps, { labelSelector });
    },
  })),
  {
    title: 'a label selector that cannot be read is refused',
    run: async (on) => {
      await on.list(configMaps, { labelSelector: 'a b' });
      await on.list(configMaps, { labelSelector: 'a=b=c' });
      await on.list(configMaps, { labelSelector: '=x' });
    },
  },
  {
    title: 'fields are selected by name and namespace',
    run: async (on) => {
      await several(on, ['a', 'b', 'c']);
      await on.list(configMaps, { fieldSelector: 'metadata.name=b' });
      await on.list(configMaps, { fieldSelector: 'metadata.name!=b' });
      await on.list(configMaps, { fieldSelector: `metadata.namespace=${on.namespace},metadata.name=a` });
      await on.list(configMaps, { fieldSelector: 'metadata.namespace=other' });
    },
  },
  {
    title: 'pods are selected by their node and phase',
    run: async (on) => {
      await on.quietly(() => on.create(pods, pod('a', { nodeName: 'n' })));
      await on.quietly(() => on.create(pods, pod('b')));
      await on.list(pods, { fieldSelector: 'spec.nodeName=n' }, metadataAccept('PartialObjectMetadataList'));
      await on.list(pods, { fieldSelector: 'status.phase=Pending' }, metadataAccept('PartialObjectMetadataList'));
    },
  },
  {
    title: 'a field that cannot be selected by is refused',
    run: (on) => on.list(configMaps, { fieldSelector: 'data.a=1' }),
  },
  {
    title: 'objects are reduced to their metadata on request',
    run: async (on) => {
      await several(on, ['a', 'b']);
      await on.list(configMaps, {}, metadataAccept('PartialObjectMetadataList'));
      await on.get(configMaps, 'a', { accept: metadataAccept('PartialObjectMetadata') });
    },
  },
  {
    title: 'a list of a resourceVersion that is not there yet asks to come again',
    run: (on) => on.list(configMaps, { resourceVersion: '99999999', resourceVersionMatch: 'NotOlderThan' }),
  },
  {
    title: 'a list takes any resourceVersion, the newest by default, an exact one on request',
    run: async (on) => {
      await several(on, ['a']);
      const { metadata } = await on.quietly(() => on.list(configMaps));
      await several(on, ['b']);
      const { resourceVersion } = metadata;
      await on.list(configMaps, { resourceVersion: '0' });
      await on.list(configMaps, { resourceVersion });
      await on.list(configMaps, { resourceVersion, resourceVersionMatch: 'Exact' });
    },
  },
  {
    title: 'the next page of a list whose moment is forgotten is expired',
    run: async (on) => {
      await several(on, ['a', 'b', 'c']);
      const first = await on.list(configMaps, { limit: 1 });
      await on.quietly(() => on.create(configMaps, map('d')));
      await on.server.compact();
      await on.list(configMaps, { limit: 1, continue: pageOf(first) });
      const { resourceVersion } = first.metadata;
      await on.list(configMaps, { resourceVersion, resourceVersionMatch: 'Exact' });
    },
  },
];
