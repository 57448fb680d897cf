import type { Informer, InformerEvent } from '../cache/informer.ts';
import { keyOf, keyString } from '../client/resource.ts';
import type { KubeObject, ObjectKey, Resource } from '../client/resource.ts';
import type { Source, WatchSourceOptions } from './reconciler.ts';

/** Priority of what an informer lists at its start, as in controller-runtime: behind everything that happens now. */
export const initialListPriority = -100;

/** Wakes a controller for the events of an informer. */
export function watchSource<T extends KubeObject>(informer: Informer<T>, options: WatchSourceOptions<T> = {}): Source {
  const { map, predicate } = options;
  return {
    informers: [informer],
    start: (enqueue) =>
      informer.subscribe((event) => {
        if (predicate !== undefined && !predicate(event)) return;
        const priority = event.type === 'added' && event.initial ? initialListPriority : 0;
        for (const key of keysOf(event, map)) enqueue(key, { priority });
      }),
  };
}

/** Wakes the controller of a kind for events of what its objects own: `controller: true` in the owner references. */
export function ownedBy<T extends KubeObject>(
  informer: Informer<T>,
  owner: Resource,
  options: Pick<WatchSourceOptions<T>, 'predicate'> = {},
): Source {
  return watchSource(informer, { ...options, map: (object) => controllerKeys(object, owner) });
}

/** A source that the program itself feeds. Keys triggered before the controller starts are kept for it. */
export interface ChannelSource extends Source {
  trigger(key: ObjectKey, options?: { readonly priority?: number; readonly delayMs?: number }): void;
}

export function channelSource(): ChannelSource {
  type Enqueue = Parameters<Source['start']>[0];
  const early = new Map<string, Parameters<Enqueue>>();
  let deliver: Enqueue | undefined;
  return {
    informers: [],
    start(enqueue) {
      deliver = enqueue;
      for (const [key, options] of early.values()) enqueue(key, options);
      early.clear();
      return () => {
        deliver = undefined;
      };
    },
    trigger(key, options) {
      if (deliver === undefined) early.set(keyString(key), [key, options]);
      else deliver(key, options);
    },
  };
}

function keysOf<T extends KubeObject>(
  event: InformerEvent<T>,
  map: WatchSourceOptions<T>['map'],
): readonly ObjectKey[] {
  if (map === undefined) return [keyOf(event.object)];
  // What the object pointed to before the change may have to notice that it no longer does.
  return event.type === 'updated' ? [...map(event.old), ...map(event.object)] : map(event.object);
}

function controllerKeys(object: KubeObject, owner: Resource): readonly ObjectKey[] {
  const reference = object.metadata?.ownerReferences?.find((candidate) => candidate.controller === true);
  if (reference === undefined || reference.kind !== owner.kind || groupOf(reference.apiVersion) !== owner.group) {
    return [];
  }
  const namespace = object.metadata?.namespace;
  return [owner.namespaced && namespace !== undefined ? { namespace, name: reference.name } : { name: reference.name }];
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}
