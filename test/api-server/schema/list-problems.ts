import { canonicalJson } from '#runtime/client/canonical.ts';
import type { FieldProblem } from './field-problem.ts';
import { duplicateValue, invalidValue } from './field-problem.ts';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject, propertyOf } from './schema-node.ts';

/** Items that a list of type `set` or `map` holds twice (Kubernetes: x-kubernetes-list-type). */
export function listProblems(node: SchemaNode, value: unknown, path = ''): readonly FieldProblem[] {
  const { additionalProperties, items } = node;
  if (Array.isArray(value)) {
    const inner = items === undefined ? [] : value.flatMap((item, i) => listProblems(items, item, `${path}[${i}]`));
    return [...itemProblems(node, value, path), ...inner];
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const named = propertyOf(node, name);
    if (named !== undefined) return listProblems(named, member, path === '' ? name : `${path}.${name}`);
    return isObject(additionalProperties) ? listProblems(additionalProperties, member, `${path}[${name}]`) : [];
  });
}

function itemProblems(node: SchemaNode, list: readonly unknown[], path: string): readonly FieldProblem[] {
  const type = node['x-kubernetes-list-type'];
  if (type === 'set') return duplicates(list).map((index) => duplicateValue(`${path}[${index}]`, list[index]));
  if (type !== 'map') return [];
  const stranger = list.findIndex((item) => item !== null && !isObject(item));
  if (stranger !== -1) {
    return [invalidValue(`${path}[${stranger}]`, list[stranger], 'must be an object for an array of list-type map')];
  }
  const keys = list.map((item) => keyOf(isObject(item) ? item : {}, node['x-kubernetes-list-map-keys'] ?? []));
  return duplicates(keys).map((index) => duplicateValue(`${path}[${index}]`, keys[index]));
}

function keyOf(item: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(item, name)).map((name) => [name, item[name]]));
}

/** Where each value that is there more than once stands for the second time. */
function duplicates(values: readonly unknown[]): readonly number[] {
  const times = new Map<string, number>();
  return values.flatMap((value, index) => {
    const key = canonicalJson(value);
    const seen = (times.get(key) ?? 0) + 1;
    times.set(key, seen);
    return seen === 2 ? [index] : [];
  });
}
