import { decodeBuiltin } from './builtin-decoding.ts';
import { definitionNode } from './builtin-kinds.ts';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject, propertyOf } from './schema-node.ts';

const typeAndMetadata: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * A custom object as the API server has it after reading it: without members that the schema does not name and without
 * nulls that it does not allow (Kubernetes: structural schemas, pruning). A null that has a default stays for it.
 */
export function decodeCustom(root: SchemaNode, object: JsonObject): JsonObject {
  const decoded = decodeObject({ ...root, 'x-kubernetes-embedded-resource': true }, object);
  return withoutNulls(root, decoded, () => true);
}

/**
 * The same for an object that was merged: it is validated with its nulls. Those in the place of a value of some type are
 * refused then, those that stand where the schema gives no type are gone when the object is read next.
 */
export function decodeMerged(root: SchemaNode, object: JsonObject): JsonObject {
  const decoded = decodeObject({ ...root, 'x-kubernetes-embedded-resource': true }, object);
  return withoutNulls(root, decoded, (node) => node.type === undefined && node['x-kubernetes-int-or-string'] !== true);
}

function decode(node: SchemaNode | undefined, value: unknown): unknown {
  if (isObject(value)) return node === undefined ? {} : decodeObject(node, value);
  // A list of lists of objects without a schema keeps its lists.
  return Array.isArray(value) ? value.map((item) => decode(node?.items, item)) : value;
}

function decodeObject(node: SchemaNode, value: JsonObject): JsonObject {
  const isResource = node['x-kubernetes-embedded-resource'] === true;
  const keepsUnknown = node['x-kubernetes-preserve-unknown-fields'] === true;
  const { additionalProperties } = node;
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const inner = propertyOf(node, name);
    if (isResource && typeAndMetadata.has(name)) result[name] = name === 'metadata' ? decodeMetadata(member) : member;
    else if (inner !== undefined) result[name] = decode(inner, member);
    else if (isObject(additionalProperties)) result[name] = decode(additionalProperties, member);
    else if (additionalProperties === true || keepsUnknown) result[name] = member;
  }
  return result;
}

/** Metadata has a Go type in custom objects too. */
function decodeMetadata(value: unknown): unknown {
  if (value !== null && !isObject(value)) return value;
  return decodeBuiltin(definitionNode('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'), value ?? {});
}

function withoutNulls(
  node: SchemaNode | undefined,
  value: JsonObject,
  isDropped: (node: SchemaNode) => boolean,
): JsonObject {
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const inner = memberNode(node, name);
    const isStray = member === null && inner !== undefined && inner.nullable !== true && inner.default === undefined;
    if (!isStray || !isDropped(inner)) result[name] = withoutNullsBelow(inner, member, isDropped);
  }
  return result;
}

function withoutNullsBelow(
  node: SchemaNode | undefined,
  value: unknown,
  isDropped: (node: SchemaNode) => boolean,
): unknown {
  if (isObject(value)) return withoutNulls(node, value, isDropped);
  return Array.isArray(value) ? value.map((item) => withoutNullsBelow(node?.items, item, isDropped)) : value;
}

function memberNode(node: SchemaNode | undefined, name: string): SchemaNode | undefined {
  const named = node && propertyOf(node, name);
  const { additionalProperties } = node ?? {};
  return named ?? (isObject(additionalProperties) ? additionalProperties : undefined);
}
