import { isObject } from '../schema/schema-node.ts';
import type { FieldSet } from './field-set.ts';
import { below, isEmptySet } from './field-set.ts';
import { itemsOf } from './list-items.ts';
import type { MergeType } from './merge-type.ts';
import { alternativeFor, memberType } from './merge-type.ts';
import type { PathElement } from './path-element.ts';
import { memberName } from './path-element.ts';

/**
 * The value without the fields of the set (Kubernetes: structured-merge-diff's `RemoveItems`); null where nothing of it
 * is left.
 */
export function removeFields(type: MergeType, value: unknown, fields: FieldSet): unknown {
  const keep = (inner: MergeType, element: PathElement, part: unknown): readonly unknown[] => {
    if (fields.members.has(element)) return [];
    const lower = below(fields, element);
    return [isEmptySet(lower) ? part : removeFields(inner, part, lower)];
  };
  const alternative = alternativeFor(type, value);
  if (alternative === 'map' && type.map !== undefined) {
    if (!isObject(value) || type.map.atomic) return null;
    const result: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(value)) {
      for (const kept of keep(memberType(type.map, name) ?? {}, `f:${name}`, member)) result[name] = kept;
    }
    return Object.keys(result).length === 0 ? null : result;
  }
  if (alternative === 'list' && type.list !== undefined) {
    if (!Array.isArray(value) || type.list.atomic) return null;
    const { list } = type;
    const result = itemsOf(list, value).flatMap((item) => keep(list.item(), item.element, item.value));
    return result.length === 0 ? null : result;
  }
  return value;
}

/**
 * The set with every member that the schema names and below which the set holds something. Such members are not
 * tracked by themselves (Kubernetes: structured-merge-diff's `EnsureNamedFieldsAreMembers`).
 */
export function withNamedFields(type: MergeType, set: FieldSet): FieldSet {
  const members = new Set(set.members);
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const name = memberName(element);
    if (name !== undefined && type.map?.field(name) !== undefined) members.add(element);
    const inner = name === undefined ? type.list?.item() : type.map && memberType(type.map, name);
    children.set(element, withNamedFields(inner ?? {}, child));
  }
  return { members, children };
}
