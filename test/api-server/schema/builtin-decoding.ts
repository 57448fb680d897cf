import { absentWhenEmpty, keptWhenZero, nullWhenAbsent } from './builtin-encoding.ts';
import { canonicalQuantity } from './quantity-text.ts';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/**
 * An object of a built-in kind as the API server has it after reading it into its Go type: unknown members, nulls and
 * what says nothing (`hostNetwork: false`, an empty list) are gone, structs that a type always has are there, quantities
 * are in their canonical form. Defaults are another matter.
 */
export function decodeBuiltin(node: SchemaNode, object: JsonObject): JsonObject {
  const decoded = decodeStruct(node, object);
  return node.definition === 'io.k8s.api.core.v1.Secret' ? withStringData(decoded) : decoded;
}

function decode(node: SchemaNode, value: unknown): unknown {
  // A null in a map or a list is what a Go type holds when nobody has set it.
  if (value === null && isPlainScalar(node) && node.format !== 'byte') return emptyScalars[node.type ?? ''];
  if (node.definition?.endsWith('.api.resource.Quantity') === true) return canonicalQuantity(value);
  if (node.properties !== undefined) return isObject(value) ? decodeStruct(node, value) : value;
  const { additionalProperties, items } = node;
  if (isObject(value) && isObject(additionalProperties)) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decode(additionalProperties, one)]));
  }
  return Array.isArray(value) && items !== undefined ? value.map((item) => decode(items, item)) : value;
}

function decodeStruct(node: SchemaNode, value: JsonObject): JsonObject {
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(node.properties ?? {})) {
    const written = decodeMember(node, name, member, Object.hasOwn(value, name) ? value[name] : undefined);
    if (written !== undefined) result[name] = written;
  }
  return result;
}

function decodeMember(node: SchemaNode, name: string, member: SchemaNode, value: unknown): unknown {
  // An empty list is a request of its own there.
  if (name === 'managedFields') return value ?? undefined;
  const isNullable = named(nullWhenAbsent, node, name);
  if (value === undefined || value === null) return isNullable ? null : zeroOf(node, name, member);
  const decoded = decode(member, value);
  if (isPlainScalar(member) && isZeroScalar(decoded))
    return named(keptWhenZero, node, name) ? decoded : zeroOf(node, name, member);
  const isEmpty = Array.isArray(decoded)
    ? decoded.length === 0
    : member.properties === undefined && isObject(decoded) && Object.keys(decoded).length === 0;
  return isEmpty && !isNullable && isCollection(member) ? undefined : decoded;
}

/** What a member holds in the Go type when nobody has set it; undefined where that is not written. */
function zeroOf(node: SchemaNode, name: string, member: SchemaNode): unknown {
  if (named(keptWhenZero, node, name) || named(absentWhenEmpty, node, name)) return undefined;
  if (name === 'divisor') return '0';
  if (isZeroScalar(member.default)) return member.default;
  return isObject(member.default) && member.properties !== undefined ? decodeStruct(member, {}) : undefined;
}

function isCollection({ type, items, additionalProperties }: SchemaNode): boolean {
  return type === 'array' || items !== undefined || isObject(additionalProperties);
}

/** Not one of those that may be a number or a text. */
function isPlainScalar({ type }: SchemaNode): boolean {
  return type !== undefined && type !== 'object' && type !== 'array';
}

const emptyScalars: Readonly<Record<string, unknown>> = { string: '', integer: 0, number: 0, boolean: false };

function isZeroScalar(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function named(table: Readonly<Record<string, string>>, { definition = '' }: SchemaNode, name: string): boolean {
  return table[definition]?.split(' ').includes(name) ?? false;
}

/** A Secret's `stringData` is only for writing. */
function withStringData(secret: JsonObject): JsonObject {
  const { stringData, ...rest } = secret;
  if (!isObject(stringData)) return secret;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]);
  return { ...rest, data: { ...(isObject(rest['data']) ? rest['data'] : {}), ...Object.fromEntries(encoded) } };
}
