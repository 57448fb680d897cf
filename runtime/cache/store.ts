import { keyOf, keyString } from '../client/resource.ts';
import type { KubeObject, ObjectKey } from '../client/resource.ts';

export type IndexFunction<T> = (object: T) => readonly string[];

/** Objects by key, by namespace and by declared indexes. Keeps what it is given: no copies. */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #namespaces = new Buckets<T>((object) => [object.metadata?.namespace ?? '']);
  readonly #indexes = new Map<string, Buckets<T>>();

  /** Declares an index. Throws when the name already stands for another function. */
  addIndex(name: string, values: IndexFunction<T>): void {
    const present = this.#indexes.get(name);
    if (present === undefined) this.#indexes.set(name, new Buckets(values, this.#objects));
    else if (present.values !== values)
      throw new TypeError(`index '${name}' is declared twice, with different functions`);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyString(key));
  }

  list(namespace?: string): readonly T[] {
    return namespace === undefined ? [...this.#objects.values()] : this.#namespaces.get(namespace);
  }

  byIndex(index: string, value: string): readonly T[] {
    const buckets = this.#indexes.get(index);
    if (buckets === undefined) throw new TypeError(`index '${index}' was never declared`);
    return buckets.get(value);
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  byKeyString(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** Throws whatever an index function throws, and is then unchanged. */
  put(object: T): void {
    const key = keyString(keyOf(object));
    const entries = [this.#namespaces, ...this.#indexes.values()].map((buckets) => ({
      buckets,
      values: buckets.values(object),
    }));
    this.#remove(key);
    this.#objects.set(key, object);
    for (const { buckets, values } of entries) buckets.add(key, object, values);
  }

  delete(key: string): void {
    this.#remove(key);
  }

  #remove(key: string): void {
    const old = this.#objects.get(key);
    if (old === undefined) return;
    this.#objects.delete(key);
    this.#namespaces.remove(key, old);
    for (const index of this.#indexes.values()) index.remove(key, old);
  }
}

class Buckets<T> {
  readonly values: IndexFunction<T>;
  readonly #byValue = new Map<string, Map<string, T>>();

  constructor(values: IndexFunction<T>, present: Iterable<readonly [string, T]> = []) {
    this.values = values;
    for (const [key, object] of present) this.add(key, object, values(object));
  }

  get(value: string): readonly T[] {
    return [...(this.#byValue.get(value)?.values() ?? [])];
  }

  add(key: string, object: T, values: readonly string[]): void {
    for (const value of values) {
      const bucket = this.#byValue.get(value);
      if (bucket === undefined) this.#byValue.set(value, new Map([[key, object]]));
      else bucket.set(key, object);
    }
  }

  remove(key: string, object: T): void {
    for (const value of this.values(object)) {
      const bucket = this.#byValue.get(value);
      bucket?.delete(key);
      if (bucket?.size === 0) this.#byValue.delete(value);
    }
  }
}
