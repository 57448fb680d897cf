import { isObject } from '../schema/schema-node.ts';
import type { FieldSet, FieldSetBuilder } from './field-set.ts';
import { fieldSetBuilder } from './field-set.ts';
import { groupItems, itemsOf } from './list-items.ts';
import type { ListType, MapType, MergeType } from './merge-type.ts';
import { alternativeFor, memberType } from './merge-type.ts';
import type { PathElement } from './path-element.ts';

type Path = readonly PathElement[];

/** Every field that a value mentions (Kubernetes: structured-merge-diff's `ToFieldSet`). */
export function fieldSetOf(type: MergeType, value: unknown): FieldSet {
  const builder = fieldSetBuilder();
  collect(type, [], value, builder);
  return builder.set;
}

function collect(type: MergeType, path: Path, value: unknown, builder: FieldSetBuilder): void {
  const alternative = alternativeFor(type, value);
  if (alternative === 'map' && type.map !== undefined) collectMembers(type.map, path, value, builder);
  else if (alternative === 'list' && type.list !== undefined) collectItems(type.list, path, value, builder);
  else builder.insert(path);
}

function collectMembers(type: MapType, path: Path, value: unknown, builder: FieldSetBuilder): void {
  if (type.atomic) {
    builder.insert(path);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const inner = memberType(type, name);
    if (member === undefined || inner === undefined) continue;
    const at = [...path, `f:${name}`];
    collect(inner, at, member, builder);
    const isEmpty = member === null || (isObject(member) && Object.keys(member).length === 0);
    if (isEmpty || type.field(name) === undefined) builder.insert(at);
  }
}

function collectItems(type: ListType, path: Path, value: unknown, builder: FieldSetBuilder): void {
  if (type.atomic) {
    builder.insert(path);
    return;
  }
  if (!Array.isArray(value)) return;
  for (const [element, items] of groupItems(itemsOf(type, value))) {
    const at = [...path, element];
    if (items.length === 1) collect(type.item(), at, items[0], builder);
    builder.insert(at);
  }
}
