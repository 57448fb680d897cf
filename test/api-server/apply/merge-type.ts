import type { SchemaNode } from '../schema/schema-node.ts';
import { isObject, propertyOf } from '../schema/schema-node.ts';

/**
 * How a value is merged (Kubernetes: structured-merge-diff's `Atom`). Several alternatives mean that the value decides:
 * a schema without a type takes anything.
 */
export interface MergeType {
  readonly scalar?: 'numeric' | 'string' | 'boolean' | 'untyped';
  readonly list?: ListType;
  readonly map?: MapType;
}

export interface ListType {
  /** Replaced as a whole. */
  readonly atomic: boolean;
  /** Members that name an item; empty for a list that is a set of scalars. */
  readonly keys: readonly string[];
  item(): MergeType;
}

export interface MapType {
  /** Replaced as a whole. */
  readonly atomic: boolean;
  /** The type of a member that the schema names. */
  field(name: string): MergeType | undefined;
  /** The type of all other members; undefined where no others are allowed. */
  element(): MergeType | undefined;
  /** What stands for an absent member in the key of a list item. */
  defaultOf(name: string): unknown;
}

export type Alternative = 'scalar' | 'list' | 'map';

/** The alternative by which a value is handled; an absent value, null and one that does not fit get the first there is. */
export function alternativeFor(type: MergeType, value: unknown): Alternative {
  const fitting = Array.isArray(value) ? 'list' : isObject(value) ? 'map' : isScalar(value) ? 'scalar' : undefined;
  if (fitting !== undefined && type[fitting] !== undefined) return fitting;
  return (['map', 'scalar', 'list'] as const).find((alternative) => type[alternative] !== undefined) ?? 'scalar';
}

export function memberType(type: MapType, name: string): MergeType | undefined {
  return type.field(name) ?? type.element();
}

/** The type of a node; the same node gives the same type. */
export function mergeTypeOf(node: SchemaNode): MergeType {
  return typeOf(node, false);
}

const types = { strict: new WeakMap<SchemaNode, MergeType>(), open: new WeakMap<SchemaNode, MergeType>() };

function typeOf(node: SchemaNode, inheritsUnknown: boolean): MergeType {
  // A named definition is the same type wherever it is used.
  const keepsUnknown =
    node['x-kubernetes-preserve-unknown-fields'] === true || (inheritsUnknown && node.definition === undefined);
  const known = keepsUnknown ? types.open : types.strict;
  const type = known.get(node) ?? alternatives(node, keepsUnknown);
  known.set(node, type);
  return type;
}

function alternatives(node: SchemaNode, keepsUnknown: boolean): MergeType {
  if (node.definition?.endsWith('.api.resource.Quantity') === true) return { scalar: 'untyped' };
  if (node.definition?.endsWith('.runtime.RawExtension') === true) return replaced;
  switch (node.type) {
    case 'object':
      return { map: mapType(node, keepsUnknown) };
    case 'array':
      return { list: listType(node, keepsUnknown) };
    case 'integer':
    case 'number':
      return { scalar: 'numeric' };
    case 'boolean':
      return { scalar: 'boolean' };
    case 'string':
      return { scalar: node.format === undefined || node.format === 'byte' ? 'string' : 'untyped' };
    default:
      return { scalar: 'untyped', list: listType(node, keepsUnknown), map: mapType(node, keepsUnknown) };
  }
}

function mapType(node: SchemaNode, keepsUnknown: boolean): MapType {
  return {
    atomic: node['x-kubernetes-map-type'] === 'atomic',
    field(name) {
      const member = propertyOf(node, name);
      return member === undefined ? undefined : typeOf(member, keepsUnknown);
    },
    element() {
      const { additionalProperties, properties = {} } = node;
      if (isObject(additionalProperties)) return typeOf(additionalProperties, keepsUnknown);
      const allowed = additionalProperties ?? (keepsUnknown || Object.keys(properties).length === 0);
      return allowed ? merged : undefined;
    },
    defaultOf: (name) => propertyOf(node, name)?.default,
  };
}

function listType(node: SchemaNode, keepsUnknown: boolean): ListType {
  const type = node['x-kubernetes-list-type'];
  return {
    atomic: type !== 'set' && type !== 'map',
    keys: type === 'map' ? (node['x-kubernetes-list-map-keys'] ?? []) : [],
    item: () => (node.items === undefined ? replaced : typeOf(node.items, keepsUnknown)),
  };
}

const anyMap = { field: () => undefined, defaultOf: () => undefined };
const anyList = { atomic: true, keys: [], item: (): MergeType => replaced };

// Raw JSON inside a built-in kind.
const replaced: MergeType = {
  scalar: 'untyped',
  list: anyList,
  map: { ...anyMap, atomic: true, element: () => replaced },
};

// What no schema describes.
const merged: MergeType = {
  scalar: 'untyped',
  list: anyList,
  map: { ...anyMap, atomic: false, element: () => merged },
};

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
