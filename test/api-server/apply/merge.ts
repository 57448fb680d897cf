import { isObject } from '../schema/schema-node.ts';
import type { ListItem } from './list-items.ts';
import { itemsOf } from './list-items.ts';
import type { ListType, MapType, MergeType } from './merge-type.ts';
import { alternativeFor, memberType } from './merge-type.ts';
import type { PathElement } from './path-element.ts';

/**
 * `live` with everything that `applied` mentions (Kubernetes: structured-merge-diff's `Merge`). Nothing is taken away.
 * `undefined` stands for an absent value; the result is absent where nothing is left.
 */
export function merge(type: MergeType, live: unknown, applied: unknown): unknown {
  switch (alternativeFor(type, applied === undefined ? live : applied)) {
    case 'scalar':
      return applied === undefined ? live : applied;
    case 'list':
      return type.list === undefined ? undefined : mergeLists(type.list, live, applied);
    case 'map':
      return type.map === undefined ? undefined : mergeMaps(type.map, live, applied);
  }
}

function mergeMaps(type: MapType, live: unknown, applied: unknown): unknown {
  const left = isObject(live) ? live : {};
  const right = isObject(applied) ? applied : {};
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  // Two empty values are one leaf, so that {} and null stay what they are.
  if (type.atomic || names.size === 0) return applied === undefined ? live : applied;
  const result: Record<string, unknown> = {};
  for (const name of names) {
    const member = memberType(type, name);
    const value = member === undefined ? undefined : merge(member, left[name], right[name]);
    if (value !== undefined) result[name] = value;
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

function mergeLists(type: ListType, live: unknown, applied: unknown): unknown {
  const left = Array.isArray(live) ? live : [];
  const right = Array.isArray(applied) ? applied : [];
  if (type.atomic || (left.length === 0 && right.length === 0)) return applied === undefined ? live : applied;
  const result = mergeItems(type, itemsOf(type, left), itemsOf(type, right));
  return result.length === 0 ? undefined : result;
}

/**
 * The order of `live` stays where `applied` does not speak of an item; items of `applied` are in its order, each new
 * one right before or after the items that both have.
 */
function mergeItems(type: ListType, live: readonly ListItem[], applied: readonly ListItem[]): readonly unknown[] {
  const liveValues = uniqueValues(live);
  const appliedValues = new Map(applied.map(({ element, value }) => [element, value]));
  const shared = applied.map(({ element }) => element).filter((element) => liveValues.has(element));
  const done = new Set<PathElement>();
  const result: unknown[] = [];
  const take = (value: unknown): void => {
    if (value !== undefined) result.push(value);
  };
  const takeApplied = (element: PathElement): void => {
    done.add(element);
    take(merge(type.item(), liveValues.get(element), appliedValues.get(element)));
  };

  let next = shared.shift();
  for (let l = 0, a = 0; l < live.length || a < applied.length;) {
    const left = live[l];
    const right = applied[a];
    if (left !== undefined && right !== undefined) {
      if (left.element === right.element) {
        takeApplied(right.element);
        l++;
        a++;
        next = shared.shift();
        continue;
      }
      if (appliedValues.has(left.element) && next !== undefined && next !== left.element) {
        // Both have it, but its turn is elsewhere.
        l++;
        continue;
      }
    }
    if (left !== undefined) {
      if (!appliedValues.has(left.element)) {
        take(merge(type.item(), left.value, undefined));
        l++;
        continue;
      }
      if (done.has(left.element)) l++;
    }
    if (right !== undefined) {
      takeApplied(right.element);
      a++;
      if (next === right.element) next = shared.shift();
    }
  }
  return result;
}

/** Duplicates are not merged with anything: null stands for them. */
function uniqueValues(items: readonly ListItem[]): ReadonlyMap<PathElement, unknown> {
  const values = new Map<PathElement, unknown>();
  for (const { element, value } of items) values.set(element, values.has(element) ? null : value);
  return values;
}
