import { isObject } from '../schema/schema-node.ts';
import type { ListType } from './merge-type.ts';
import type { PathElement } from './path-element.ts';
import { keyElement, valueElement } from './path-element.ts';

/** An item of a list that is merged item by item, with the step that leads to it. */
export interface ListItem {
  readonly element: PathElement;
  readonly value: unknown;
}

/** A list that cannot be merged: an item without its key, or one that no set can hold. */
export class ListItemError extends Error {
  override readonly name = 'ListItemError';
}

/** The items in their order; throws ListItemError for one that has no name. */
export function itemsOf(type: ListType, list: readonly unknown[]): readonly ListItem[] {
  return list.map((value, index) => {
    try {
      return { element: elementOf(type, value), value };
    } catch (cause) {
      if (!(cause instanceof ListItemError)) throw cause;
      throw new ListItemError(`element ${index}: ${cause.message}`, { cause });
    }
  });
}

/** The items by their step; more than one at a step are duplicates, which updates (but not apply) may store. */
export function groupItems(items: readonly ListItem[]): ReadonlyMap<PathElement, readonly unknown[]> {
  const groups = new Map<PathElement, unknown[]>();
  for (const { element, value } of items) {
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [value]);
    else group.push(value);
  }
  return groups;
}

function elementOf(type: ListType, value: unknown): PathElement {
  if (type.keys.length === 0) return setElement(value);
  if (!isObject(value)) {
    throw new ListItemError(
      value === null
        ? 'associative list with keys may not have a null element'
        : 'associative list with keys may not have non-map elements',
    );
  }
  const map = type.item().map;
  const present = type.keys.flatMap((name) => {
    const part = Object.hasOwn(value, name) ? value[name] : map?.defaultOf(name);
    return part === undefined ? [] : [[name, part] as const];
  });
  if (present.length === 0) {
    const names = type.keys.map((name) => JSON.stringify(name)).join(' ');
    throw new ListItemError(
      `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(Object.fromEntries(present));
}

function setElement(value: unknown): PathElement {
  if (isObject(value)) throw new ListItemError("associative list without keys has an element that's a map type");
  if (Array.isArray(value)) throw new ListItemError('not supported: associative list with lists as elements');
  if (value === null || value === undefined) {
    throw new ListItemError("associative list without keys has an element that's an explicit null");
  }
  return valueElement(value);
}
