import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject, propertyOf } from './schema-node.ts';

/** A custom object with the defaults of its schema, where a member is absent or a null that is not allowed. */
export function defaultCustom(root: SchemaNode, object: JsonObject): JsonObject {
  return defaultMembers(root, object);
}

function defaultMembers(node: SchemaNode, value: JsonObject): JsonObject {
  const { properties = {}, additionalProperties } = node;
  const result: Record<string, unknown> = { ...value };
  for (const [name, member] of Object.entries(properties)) {
    if (member.default === undefined) continue;
    if (!Object.hasOwn(value, name) || isNullInPlaceOf(member, value[name])) result[name] = member.default;
  }
  for (const [name, member] of Object.entries(result)) {
    const inner = propertyOf(node, name) ?? (isObject(additionalProperties) ? additionalProperties : undefined);
    if (inner !== undefined) result[name] = defaultBelow(inner, member);
  }
  return result;
}

function defaultBelow(node: SchemaNode, value: unknown): unknown {
  const current = isNullInPlaceOf(node, value) && node.default !== undefined ? node.default : value;
  if (isObject(current)) return defaultMembers(node, current);
  const { items } = node;
  return Array.isArray(current) && items !== undefined ? current.map((item) => defaultBelow(items, item)) : current;
}

function isNullInPlaceOf(node: SchemaNode, value: unknown): boolean {
  return value === null && node.nullable !== true;
}
