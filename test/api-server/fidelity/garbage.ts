import { configMaps, secrets } from '#runtime/client/builtin.ts';
import type { ApiObject } from '../object.ts';
import type { Behaviour } from './behaviour.ts';
import { map, ownedBy } from './objects.ts';
import type { Session } from './session.ts';

const owned = (name: string, ...ownerReferences: readonly object[]): object =>
  map(name, { metadata: { name, ownerReferences } });

const ownerOf = (owner: ApiObject, rest: object = {}): object => ownedBy('ConfigMap', 'v1', owner, rest);

async function gone(on: Session, name: string): Promise<void> {
  await on.server.collected(async () => !(await on.exists(configMaps, name)));
}

async function marked(on: Session, name: string): Promise<void> {
  const read = (): Promise<ApiObject> => on.quietly(() => on.get(configMaps, name));
  await on.server.collected(async () => (await read()).metadata.deletionTimestamp !== undefined);
}

async function ownersOf(on: Session, name: string): Promise<readonly object[]> {
  const { metadata } = await on.quietly(() => on.get(configMaps, name));
  return metadata.ownerReferences ?? [];
}

export const garbage: readonly Behaviour[] = [
  {
    title: 'what is owned goes after its owner, down to the last',
    run: async (on) => {
      const owner = await on.create(configMaps, map('owner'));
      const middle = await on.create(configMaps, owned('middle', ownerOf(owner)));
      await on.create(configMaps, owned('last', ownerOf(middle)));
      await on.delete(configMaps, 'owner');
      await gone(on, 'last');
      await on.list(configMaps);
    },
  },
  {
    title: 'what has another owner left stays, without the reference to the one that went',
    run: async (on) => {
      const one = await on.create(configMaps, map('one'));
      const two = await on.create(configMaps, map('two'));
      await on.create(configMaps, owned('both', ownerOf(one), ownerOf(two)));
      await on.delete(configMaps, 'one');
      await on.server.collected(async () => (await ownersOf(on, 'both')).length === 1);
      await on.get(configMaps, 'both');
    },
  },
  {
    title: 'an object of the name of the owner with another uid is no owner',
    run: async (on) => {
      const owner = await on.create(configMaps, map('owner'));
      const stranger = { metadata: { name: 'owner', uid: '00000000-0000-4000-8000-000000000000' } };
      await on.create(configMaps, owned('orphan', ownedBy('ConfigMap', 'v1', stranger)));
      await on.create(configMaps, owned('child', ownerOf(owner)));
      await gone(on, 'orphan');
      await on.list(configMaps);
    },
  },
  {
    title: 'a finalizer keeps what its owner leaves behind',
    run: async (on) => {
      const owner = await on.create(configMaps, map('owner'));
      const metadata = { name: 'held', finalizers: ['a.io/a'], ownerReferences: [ownerOf(owner)] };
      await on.create(configMaps, { metadata });
      await on.delete(configMaps, 'owner');
      await marked(on, 'held');
      await on.get(configMaps, 'held');
    },
  },
  {
    title: 'deletion in the foreground waits for what blocks it',
    run: async (on) => {
      const owner = await on.create(configMaps, map('owner'));
      const reference = ownerOf(owner, { blockOwnerDeletion: true });
      await on.create(configMaps, { metadata: { name: 'held', finalizers: ['a.io/a'], ownerReferences: [reference] } });
      await on.delete(configMaps, 'owner', { propagationPolicy: 'Foreground' });
      await marked(on, 'held');
      await on.get(configMaps, 'owner');
      await on.get(configMaps, 'held');
      await on.merge(configMaps, 'held', { metadata: { finalizers: null } });
      await gone(on, 'owner');
      await on.list(configMaps);
    },
  },
  {
    title: 'orphans lose their reference and stay',
    run: async (on) => {
      const owner = await on.create(configMaps, map('owner'));
      await on.create(configMaps, owned('child', ownerOf(owner)));
      await on.delete(configMaps, 'owner', { propagationPolicy: 'Orphan' });
      await gone(on, 'owner');
      await on.list(configMaps);
    },
  },
  {
    title: 'an owner of another kind counts as much',
    run: async (on) => {
      const owner = await on.create(secrets, { metadata: { name: 'owner' } });
      await on.create(
        configMaps,
        owned('child', ownedBy('Secret', 'v1', owner, { controller: true, blockOwnerDeletion: true })),
      );
      await on.delete(secrets, 'owner', { propagationPolicy: 'Background' });
      await gone(on, 'child');
      await on.list(configMaps);
    },
  },
];
