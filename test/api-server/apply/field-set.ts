import { isObject } from '../schema/schema-node.ts';
import type { PathElement } from './path-element.ts';
import { compareElements } from './path-element.ts';

/**
 * A set of fields of an object, as a tree (Kubernetes: structured-merge-diff's `fieldpath.Set`). That a field is below
 * another says nothing of the membership of the upper one.
 */
export interface FieldSet {
  readonly members: ReadonlySet<PathElement>;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
}

export const emptySet: FieldSet = { members: new Set(), children: new Map() };

/** Collects paths; `set` is what was collected so far. */
export interface FieldSetBuilder {
  /** The empty path is the object itself, which nobody owns. */
  insert(path: readonly PathElement[]): void;
  readonly set: FieldSet;
}

interface MutableSet extends FieldSet {
  readonly members: Set<PathElement>;
  readonly children: Map<PathElement, MutableSet>;
}

export function fieldSetBuilder(): FieldSetBuilder {
  const root = mutableSet();
  return {
    set: root,
    insert(path) {
      const last = path.at(-1);
      if (last === undefined) return;
      let node = root;
      for (const element of path.slice(0, -1)) {
        const next = node.children.get(element) ?? mutableSet();
        node.children.set(element, next);
        node = next;
      }
      node.members.add(last);
    },
  };
}

export function setOf(...paths: readonly (readonly PathElement[])[]): FieldSet {
  const builder = fieldSetBuilder();
  for (const path of paths) builder.insert(path);
  return builder.set;
}

export function isEmptySet({ members, children }: FieldSet): boolean {
  return members.size === 0 && [...children.values()].every(isEmptySet);
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map(a.children);
  for (const [element, set] of b.children) {
    const own = children.get(element);
    children.set(element, own === undefined ? set : union(own, set));
  }
  return { members: new Set([...a.members, ...b.members]), children };
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const children = keepChildren(a, (element, set) => {
    const other = b.children.get(element);
    return other === undefined ? undefined : intersection(set, other);
  });
  return { members: keepMembers(a, (element) => b.members.has(element)), children };
}

/** What is in `a` but not in `b`, field by field: a field of `b` takes nothing away below itself. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const children = keepChildren(a, (element, set) => {
    const other = b.children.get(element);
    return other === undefined ? set : difference(set, other);
  });
  return { members: keepMembers(a, (element) => !b.members.has(element)), children };
}

/** As `difference`, but a field of `b` takes away everything below itself too. */
export function differenceBelow(a: FieldSet, b: FieldSet): FieldSet {
  const children = keepChildren(a, (element, set) => {
    if (b.members.has(element)) return undefined;
    const other = b.children.get(element);
    return other === undefined ? set : differenceBelow(set, other);
  });
  return { members: keepMembers(a, (element) => !b.members.has(element)), children };
}

export function below(set: FieldSet, element: PathElement): FieldSet {
  return set.children.get(element) ?? emptySet;
}

export function sameSets(a: FieldSet, b: FieldSet): boolean {
  return JSON.stringify(toFieldsV1(a)) === JSON.stringify(toFieldsV1(b));
}

/** Every path of the set, in the order of `toFieldsV1`, a field before those below it. */
export function pathsOf(set: FieldSet, prefix: readonly PathElement[] = []): readonly (readonly PathElement[])[] {
  const here = [...set.members].toSorted(compareElements).map((element) => [...prefix, element]);
  const lower = [...set.children].toSorted(([a], [b]) => compareElements(a, b));
  return [...here, ...lower.flatMap(([element, child]) => pathsOf(child, [...prefix, element]))];
}

/** The set as it stands in managedFields; the order of the members is the API server's. */
export function toFieldsV1(set: FieldSet, isMember = false): { readonly [element: string]: unknown } {
  const children = [...set.children].filter(([, child]) => !isEmptySet(child));
  const names = new Set([...set.members, ...children.map(([element]) => element)]);
  const fields: Record<string, unknown> = {};
  if (isMember && names.size > 0) fields['.'] = {};
  for (const element of [...names].toSorted(compareElements)) {
    const child = set.children.get(element) ?? emptySet;
    fields[element] = toFieldsV1(child, set.members.has(element));
  }
  return fields;
}

export function fromFieldsV1(fields: unknown): FieldSet {
  return readFields(fields).set;
}

function readFields(fields: unknown): { readonly set: FieldSet; readonly isMember: boolean } {
  const members = new Set<PathElement>();
  const children = new Map<PathElement, FieldSet>();
  for (const [element, inner] of isObject(fields) ? Object.entries(fields) : []) {
    if (!/^[fkvi]:/.test(element)) continue;
    const child = readFields(inner);
    if (child.isMember) members.add(element);
    if (!isEmptySet(child.set)) children.set(element, child.set);
  }
  const set = { members, children };
  return { set, isMember: (isObject(fields) && Object.hasOwn(fields, '.')) || isEmptySet(set) };
}

function keepMembers(set: FieldSet, keep: (element: PathElement) => boolean): ReadonlySet<PathElement> {
  return new Set([...set.members].filter(keep));
}

function keepChildren(
  set: FieldSet,
  keep: (element: PathElement, child: FieldSet) => FieldSet | undefined,
): ReadonlyMap<PathElement, FieldSet> {
  const kept = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const rest = keep(element, child);
    if (rest !== undefined && !isEmptySet(rest)) kept.set(element, rest);
  }
  return kept;
}

function mutableSet(): MutableSet {
  return { members: new Set(), children: new Map() };
}
