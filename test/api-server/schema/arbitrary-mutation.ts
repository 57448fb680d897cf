import * as fc from 'fast-check';
import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/** One change of an object somewhere inside: where, as a fraction of all places, and what comes there. */
export interface Mutation {
  readonly place: number;
  readonly change: 'replace' | 'remove' | 'add unknown' | 'repeat';
  readonly value: unknown;
}

export const arbitraryMutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.integer({ min: 0, max: 9_999 }),
  change: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add unknown', 'repeat'),
  value: fc.oneof(
    fc.constantFrom(null, true, -1, 0, 1.5, 70_000, 3_000_000_000, '', 'a', 'UPPER', 'v1.35.4', '2024-13-01T00:00:00Z'),
    fc.constantFrom('x'.repeat(64), 'x'.repeat(300), 'YQ', '10.0.0.0/8', 'not/a/name', '2024-02-03T04:05:06Z', '5%'),
    fc.constantFrom({}, [], { a: 'b' }, ['a'], ['a', 'a'], [null], [{}], [{ name: 'a' }, { name: 'a' }], { a: null }),
  ),
});

type Path = readonly (string | number)[];

/** The object with the mutation somewhere in one of the named members. */
export function mutated(object: JsonObject, members: readonly string[], mutation: Mutation): JsonObject {
  const places = members.flatMap((name) => placesOf(object[name], [name]));
  const place = places[Math.floor((mutation.place / 10_000) * places.length)];
  if (place === undefined) return object;
  const changed = changedAt(object, place, mutation);
  return isObject(changed) ? changed : object;
}

function placesOf(value: unknown, path: Path): readonly Path[] {
  const inner = Array.isArray(value)
    ? value.flatMap((item: unknown, index) => placesOf(item, [...path, index]))
    : isObject(value)
      ? Object.entries(value).flatMap(([name, member]) => placesOf(member, [...path, name]))
      : [];
  return [path, ...inner];
}

function changedAt(value: unknown, [step, ...rest]: Path, mutation: Mutation): unknown {
  if (step === undefined) return changed(value, mutation);
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => {
      if (index !== step) return [item];
      const next = changedAt(item, rest, mutation);
      return rest.length === 0 && mutation.change === 'remove' ? [] : [next];
    });
  }
  if (!isObject(value)) return value;
  const { [step]: member, ...others } = value;
  if (rest.length === 0 && mutation.change === 'remove') return others;
  return { ...value, [step]: changedAt(member, rest, mutation) };
}

function changed(value: unknown, { change, value: replacement }: Mutation): unknown {
  if (change === 'add unknown' && isObject(value)) return { ...value, unknownMember: replacement };
  if (change === 'repeat' && Array.isArray(value)) return [...value, ...value.slice(0, 1)];
  return replacement;
}
