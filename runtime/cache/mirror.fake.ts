import assert from 'node:assert/strict';
import { keyOf, keyString } from '../client/resource.ts';
import type { KubeObject } from '../client/resource.ts';
import type { Informer, InformerEvent } from './informer.ts';

/** What a handler knows of an informer's objects: put together from events alone, each of which must fit the ones before. */
export class Mirror<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  /** The first event that did not fit. */
  broken: Error | undefined;

  constructor(informer: Informer<T>) {
    informer.subscribe((event) => {
      try {
        this.#take(event);
      } catch (error) {
        // The informer logs what a handler throws and goes on.
        this.broken ??= error instanceof Error ? error : new Error(String(error));
      }
    });
  }

  objects(): readonly T[] {
    return [...this.#objects.values()];
  }

  #take(event: InformerEvent<T>): void {
    const key = keyString(keyOf(event.object));
    const present = this.#objects.get(key);
    const what = `${event.type} ${key}`;
    switch (event.type) {
      case 'added':
        assert.equal(present, undefined, `${what}, which is there`);
        this.#objects.set(key, event.object);
        return;
      case 'updated':
        assert.notEqual(present, undefined, `${what}, which was never added`);
        assert.equal(event.old, present, `${what} from another object than the one told last`);
        assert.equal(event.old.metadata?.uid, event.object.metadata?.uid, `${what} from another object`);
        this.#objects.set(key, event.object);
        return;
      case 'deleted':
        assert.notEqual(present, undefined, `${what}, which is not there`);
        assert.equal(present?.metadata?.uid, event.object.metadata?.uid, `${what}, which is another object`);
        this.#objects.delete(key);
    }
  }
}
