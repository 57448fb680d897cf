import * as fc from 'fast-check';
import type { JsonObject } from '../schema/schema-node.ts';
import { isObject } from '../schema/schema-node.ts';
import type { Contents } from './arbitrary-contents.ts';

/** One write to one object; `content` is what it says besides names and versions. */
export type Write =
  | {
      readonly verb: 'apply';
      readonly manager: string;
      readonly force: boolean;
      readonly isStatus: boolean;
      readonly content: JsonObject;
    }
  | { readonly verb: 'replace'; readonly isStatus: boolean; readonly content: JsonObject }
  | { readonly verb: 'merge patch'; readonly manager: string; readonly isStatus: boolean; readonly content: JsonObject }
  /**
   * A replacement that lets the entries of managedFields be from the past, each a second after the one before. It counts
   * itself in an annotation, since the API server takes back new times when nothing else is new.
   */
  | { readonly verb: 'backdate' }
  /** A replacement that asks to forget who owns what. */
  | { readonly verb: 'forget owners' };

/** Sequences of writes by a few managers. */
export function arbitraryWrites(contents: Contents): fc.Arbitrary<readonly Write[]> {
  const isStatus = contents.status === undefined ? fc.constant(false) : fc.constantFrom(false, false, true);
  const write = isStatus.chain((status) => {
    const content = (status ? contents.status : undefined) ?? contents.object;
    const common = { isStatus: fc.constant(status), content };
    const apply: fc.Arbitrary<Write> = fc.record({
      verb: fc.constant('apply'),
      manager,
      force: fc.boolean(),
      ...common,
    });
    const replace: fc.Arbitrary<Write> = fc.record({ verb: fc.constant('replace'), ...common });
    const patch: fc.Arbitrary<Write> = fc.record({
      verb: fc.constant('merge patch'),
      manager,
      ...common,
      content: arbitraryPatch(content),
    });
    const backdate = fc.constant<Write>({ verb: 'backdate' });
    return fc.oneof(
      { weight: 6, arbitrary: apply },
      { weight: 2, arbitrary: replace },
      { weight: 2, arbitrary: patch },
      { weight: 2, arbitrary: backdate },
      { weight: 1, arbitrary: fc.constant<Write>({ verb: 'forget owners' }) },
    );
  });
  // The same words twice tell what a repetition does.
  const twice = fc.tuple(write, fc.boolean()).map(([one, again]) => (again ? [one, one] : [one]));
  return fc.array(twice, { minLength: 2, maxLength: 7 }).map((list) => list.flat());
}

const manager = fc.constantFrom('one', 'two', 'three');

/** A merge patch: content that says null in the place of some members. */
export function arbitraryPatch(content: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  return fc.tuple(content, fc.array(fc.nat(9), { minLength: 20, maxLength: 20 })).map(([value, dice]) => {
    let count = 0;
    const strike = (member: unknown, depth: number): unknown => {
      if (depth > 1 && dice[count++ % dice.length] === 0) return null;
      if (Array.isArray(member)) return member.map(withoutNulls);
      if (!isObject(member)) return member;
      return Object.fromEntries(Object.entries(member).map(([name, one]) => [name, strike(one, depth + 1)]));
    };
    return strike(value, 0) as JsonObject;
  });
}

/** Nulls of objects in lists are taken out by kube-apiserver, which RFC 7386 does not say. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}
