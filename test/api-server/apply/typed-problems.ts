import { isObject } from '../schema/schema-node.ts';
import { ListItemError, groupItems, itemsOf } from './list-items.ts';
import type { ListType, MapType, MergeType } from './merge-type.ts';
import { alternativeFor, memberType } from './merge-type.ts';
import type { PathElement } from './path-element.ts';
import { printPath } from './path-element.ts';

/** What is sent does not fit the schema in a way that it cannot be merged. */
export interface TypedProblem {
  /** `.spec.ports[port=80]` */
  readonly path: string;
  readonly message: string;
}

/**
 * Why a value is not of a type (Kubernetes: structured-merge-diff's validation). This is what an applied object has to
 * pass first: unlike in other writes, a member that the schema does not know is refused. Stored objects may hold
 * duplicates.
 */
export function typedProblems(
  type: MergeType,
  value: unknown,
  options: { readonly allowDuplicates: boolean },
  path: readonly PathElement[] = [],
): readonly TypedProblem[] {
  const problem = (message: string): TypedProblem => ({ path: printPath(path), message });
  const mapProblems = (map: MapType): readonly TypedProblem[] => {
    if (value === null) return [];
    if (!isObject(value)) return [problem(`expected map, got ${describe(value)}`)];
    return Object.entries(value).flatMap(([name, member]) => {
      const at = [...path, `f:${name}`];
      const inner = memberType(map, name);
      if (inner === undefined) return [{ path: printPath(at), message: 'field not declared in schema' }];
      return typedProblems(inner, member, options, at);
    });
  };
  const listProblems = (list: ListType): readonly TypedProblem[] => {
    if (value === null) return [];
    if (!Array.isArray(value)) return [problem(`expected list, got ${describe(value)}`)];
    if (list.atomic) return value.flatMap((item, i) => typedProblems(list.item(), item, options, [...path, `i:${i}`]));
    try {
      const items = itemsOf(list, value);
      const twice = [...groupItems(items)].filter(([, values]) => values.length > 1 && !options.allowDuplicates);
      return [
        ...twice.map(([element]) => problem(`duplicate entries for key ${printPath([element])}`)),
        ...items.flatMap((item) => typedProblems(list.item(), item.value, options, [...path, item.element])),
      ];
    } catch (error) {
      if (error instanceof ListItemError) return [problem(error.message)];
      throw error;
    }
  };

  const alternative = alternativeFor(type, value);
  if (alternative === 'map' && type.map !== undefined) return mapProblems(type.map);
  if (alternative === 'list' && type.list !== undefined) return listProblems(type.list);
  const expected = scalarProblem(type.scalar, value);
  return expected === undefined ? [] : [problem(expected)];
}

function scalarProblem(scalar: MergeType['scalar'], value: unknown): string | undefined {
  if (value === null) return undefined;
  switch (scalar) {
    case 'numeric':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case 'string':
      return typeof value === 'string' ? undefined : `expected string, got ${describe(value)}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${describe(value)}`;
    default:
      return typeof value === 'object' ? `expected any scalar, got ${describe(value)}` : undefined;
  }
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function describe(value: unknown): string {
  return `&{${JSON.stringify(value)}}`;
}
