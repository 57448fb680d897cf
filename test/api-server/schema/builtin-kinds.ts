import { readFileSync } from 'node:fs';
import type { PublishedDefinition } from './published-kinds.ts';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/** What `publishedDefinitions` gave for the Kubernetes version that the lab builds: one definition a line. */
export const builtinKindsFile = new URL('./builtin-kinds.jsonl', import.meta.url);

export function recordedDefinitions(): readonly PublishedDefinition[] {
  const lines = readFileSync(builtinKindsFile, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as PublishedDefinition);
}

let recorded:
  | { readonly nodes: ReadonlyMap<string, SchemaNode>; readonly kinds: ReadonlyMap<string, string> }
  | undefined;

/** The node of a definition (`io.k8s.api.core.v1.PodSpec`); throws for one that is not recorded. */
export function definitionNode(name: string): SchemaNode {
  const node = load().nodes.get(name);
  if (node === undefined) throw new Error(`${name} is not among the recorded built-in kinds`);
  return node;
}

/** The node of a kind; throws for one that is not recorded. */
export function kindNode(group: string, version: string, kind: string): SchemaNode {
  return definitionNode(load().kinds.get(kindKey(group, version, kind)) ?? `${group}/${version} ${kind}`);
}

function load(): NonNullable<typeof recorded> {
  if (recorded !== undefined) return recorded;
  const definitions = recordedDefinitions();
  const kinds = definitions.flatMap(({ name, schema }) => {
    const list = schema['x-kubernetes-group-version-kind'];
    const [kind] = Array.isArray(list) ? list : [];
    if (!isObject(kind)) return [];
    return [[kindKey(String(kind['group']), String(kind['version']), String(kind['kind'])), name] as const];
  });
  recorded = { nodes: linkedNodes(definitions), kinds: new Map(kinds) };
  return recorded;
}

function kindKey(group: string, version: string, kind: string): string {
  return `${group}/${version}/${kind}`;
}

/** References become the nodes themselves, also in circles. */
function linkedNodes(definitions: readonly PublishedDefinition[]): ReadonlyMap<string, SchemaNode> {
  const named = new Map<string, object>(definitions.map(({ name }) => [name, { definition: name }]));
  const target = (name: unknown): object => named.get(String(name)) ?? {};
  const variants: { readonly node: object; readonly name: unknown; readonly own: JsonObject }[] = [];

  const link = (schema: JsonObject): object => {
    const { $ref: name, ...own } = schema;
    if (name === undefined) return Object.fromEntries(Object.entries(schema).map(linkMember));
    if (Object.keys(own).length === 0) return target(name);
    // The default, or how a map is merged, may differ from place to place.
    const node = {};
    variants.push({ node, name, own });
    return node;
  };
  const linkMember = ([key, value]: [string, unknown]): [string, unknown] => {
    if (key === 'properties' && isObject(value)) return [key, Object.fromEntries(Object.entries(value).map(linkNode))];
    return key === 'items' || key === 'additionalProperties' ? linkNode([key, value]) : [key, value];
  };
  const linkNode = ([key, value]: [string, unknown]): [string, unknown] => [key, isObject(value) ? link(value) : value];

  for (const { name, schema } of definitions) Object.assign(target(name), link(schema));
  for (const { node, name, own } of variants) Object.assign(node, target(name), own);
  return named;
}
