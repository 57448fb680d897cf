import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../schema/schema-node.ts';
import type { FieldSet, FieldSetBuilder } from './field-set.ts';
import { fieldSetBuilder } from './field-set.ts';
import { groupItems, itemsOf } from './list-items.ts';
import type { Alternative, ListType, MapType, MergeType } from './merge-type.ts';
import { alternativeFor, memberType } from './merge-type.ts';
import type { PathElement } from './path-element.ts';

/** What differs between two objects; no field is in more than one of the sets. */
export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

type Path = readonly PathElement[];

interface Found {
  readonly removed: FieldSetBuilder;
  readonly modified: FieldSetBuilder;
  readonly added: FieldSetBuilder;
}

/** Compares two objects field by field (Kubernetes: structured-merge-diff's `Compare`). */
export function compare(type: MergeType, before: unknown, after: unknown): Comparison {
  const found = { removed: fieldSetBuilder(), modified: fieldSetBuilder(), added: fieldSetBuilder() };
  compareAt(type, [], before, after, found);
  return { removed: found.removed.set, modified: found.modified.set, added: found.added.set };
}

function compareAt(type: MergeType, path: Path, before: unknown, after: unknown, found: Found): void {
  if (before === undefined && after === undefined) return;
  const first = alternativeFor(type, before);
  const second = alternativeFor(type, after);
  let isLeaf: boolean;
  if (after === undefined) {
    isLeaf = compareAs(first, type, path, before, after, found);
  } else {
    if (before !== undefined && first !== second) compareAs(first, type, path, before, after, found);
    isLeaf = compareAs(second, type, path, before, after, found);
  }
  if (isLeaf) return;
  if (before === undefined) found.added.insert(path);
  else if (after === undefined) found.removed.insert(path);
}

/** Answers whether the value was compared as a whole. */
function compareAs(
  alternative: Alternative,
  type: MergeType,
  path: Path,
  before: unknown,
  after: unknown,
  found: Found,
): boolean {
  if (alternative === 'map' && type.map !== undefined) return compareMaps(type.map, path, before, after, found);
  if (alternative === 'list' && type.list !== undefined) return compareLists(type.list, path, before, after, found);
  return compareLeaf(path, before, after, found);
}

function compareLeaf(path: Path, before: unknown, after: unknown, found: Found): true {
  if (before === undefined) found.added.insert(path);
  else if (after === undefined) found.removed.insert(path);
  else if (!isDeepStrictEqual(before, after)) found.modified.insert(path);
  return true;
}

function compareMaps(type: MapType, path: Path, before: unknown, after: unknown, found: Found): boolean {
  const left = isObject(before) ? before : {};
  const right = isObject(after) ? after : {};
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  if (type.atomic || names.size === 0) return compareLeaf(path, before, after, found);
  for (const name of names) {
    const member = memberType(type, name);
    if (member !== undefined) compareAt(member, [...path, `f:${name}`], left[name], right[name], found);
  }
  return false;
}

function compareLists(type: ListType, path: Path, before: unknown, after: unknown, found: Found): boolean {
  const left = Array.isArray(before) ? before : [];
  const right = Array.isArray(after) ? after : [];
  if (type.atomic || (left.length === 0 && right.length === 0)) return compareLeaf(path, before, after, found);
  const leftItems = groupItems(itemsOf(type, left));
  const rightItems = groupItems(itemsOf(type, right));
  for (const element of new Set([...leftItems.keys(), ...rightItems.keys()])) {
    const lefts = leftItems.get(element) ?? [];
    const rights = rightItems.get(element) ?? [];
    compareGroups(type.item(), [...path, element], lefts, rights, found);
  }
  return false;
}

/** Duplicates are owned as one field. */
function compareGroups(
  type: MergeType,
  path: Path,
  before: readonly unknown[],
  after: readonly unknown[],
  found: Found,
): void {
  if (before.length > 1 && after.length > 1) {
    if (!isDeepStrictEqual(before, after)) found.modified.insert(path);
  } else if (before.length > 1) {
    compareAt(type, path, undefined, after[0], found);
    found.removed.insert(path);
  } else if (after.length > 1) {
    compareAt(type, path, before[0], undefined, found);
    found.added.insert(path);
  } else {
    compareAt(type, path, before[0], after[0], found);
  }
}
