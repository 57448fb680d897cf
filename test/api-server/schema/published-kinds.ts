import * as builtin from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/** The built-in kinds that the project's client knows. */
export const builtinResources: readonly Resource[] = Object.values(builtin);

/** A schema that kube-apiserver publishes, without what is for readers only. */
export interface PublishedDefinition {
  readonly name: string;
  readonly schema: JsonObject;
}

/**
 * The schemas of all built-in kinds and of everything they refer to, sorted by name, as the API server publishes them
 * under `/openapi/v3`.
 */
export async function publishedDefinitions(client: Client): Promise<readonly PublishedDefinition[]> {
  const found = new Map<string, JsonObject>();
  for (const apiVersion of new Set(builtinResources.map(apiVersionOf))) {
    const path = apiVersion.includes('/') ? `/openapi/v3/apis/${apiVersion}` : `/openapi/v3/api/${apiVersion}`;
    const document: unknown = JSON.parse(await client.getRaw(path));
    const schemas = memberOf(memberOf(document, 'components'), 'schemas');
    for (const resource of builtinResources.filter((one) => apiVersionOf(one) === apiVersion)) {
      const [name] = Object.entries(schemas).find(([, schema]) => isSchemaOf(schema, resource)) ?? [];
      if (name === undefined) throw new Error(`${path} has no schema of ${resource.kind}`);
      collect(name, schemas, found);
    }
  }
  const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, schema]) => ({ name, schema }));
}

function collect(name: string, schemas: JsonObject, found: Map<string, JsonObject>): void {
  if (found.has(name)) return;
  const references = new Set<string>();
  found.set(name, compact(memberOf(schemas, name), references));
  for (const reference of references) collect(reference, schemas, found);
}

// Prose, and what the other extensions say already.
const dropped: ReadonlySet<string> = new Set([
  'description',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-unions',
]);
const prefix = '#/components/schemas/';

/** A reference is a name here, alone or beside a default. */
function compact(schema: JsonObject, references: Set<string>): JsonObject {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (dropped.has(key)) continue;
    if (key === '$ref' && typeof value === 'string') result['$ref'] = reference(value, references);
    else if (key === 'allOf' && Array.isArray(value)) Object.assign(result, compact(memberOf(value, '0'), references));
    else if (key === 'properties' && isObject(value)) {
      const members = Object.keys(value).map((name) => [name, compact(memberOf(value, name), references)] as const);
      result[key] = Object.fromEntries(members);
    } else if ((key === 'items' || key === 'additionalProperties') && isObject(value)) {
      result[key] = compact(value, references);
    } else result[key] = value;
  }
  return result;
}

function reference(value: string, references: Set<string>): string {
  const name = value.slice(prefix.length);
  references.add(name);
  return name;
}

function isSchemaOf(schema: unknown, { group, version, kind }: Resource): boolean {
  const kinds = isObject(schema) ? schema['x-kubernetes-group-version-kind'] : undefined;
  if (!Array.isArray(kinds) || kinds.length !== 1) return false;
  const [one] = kinds;
  return isObject(one) && one['group'] === group && one['version'] === version && one['kind'] === kind;
}

function memberOf(value: unknown, name: string): JsonObject {
  const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  if (!isObject(member)) throw new Error(`the published schemas lack ${name}`);
  return member;
}
