import type { KubeObject } from '#runtime/client/resource.ts';
import type { TypeSchema } from '../schema/type-schema.ts';
import { compare } from './compare.ts';
import { pathsOf } from './field-set.ts';
import { mergeTypeOf } from './merge-type.ts';
import { printPath } from './path-element.ts';
import { applyConfiguration } from './server-side-apply.ts';

/**
 * The fields of `live` that a forced apply by that manager would add, change or remove; empty when the object is what
 * the manager wants it to be. The order of items that are merged one by one does not count, nor do managedFields.
 */
export function missingChanges(
  live: KubeObject,
  applied: KubeObject,
  manager: string,
  schema: TypeSchema,
): readonly string[] {
  const result = applyConfiguration({ live, applied, manager, force: true, schema, now: '2026-01-01T00:00:00Z' });
  if ('conflicts' in result) throw new Error('a forced apply met a conflict');
  const { added, modified, removed } = compare(mergeTypeOf(schema.root), contentOf(live), contentOf(result.object));
  return [added, modified, removed].flatMap((set) => pathsOf(set).map(printPath));
}

/** Empty lists mean the same as none. */
function contentOf(object: KubeObject): unknown {
  const { metadata: { managedFields: _, ...metadata } = {}, ...rest } = object;
  const text = JSON.stringify({ ...rest, metadata }, (_key, value: unknown) => {
    return Array.isArray(value) && value.length === 0 ? undefined : value;
  });
  return JSON.parse(text);
}
