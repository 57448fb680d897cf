import { readFile, readdir } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/** The checked-in CustomResourceDefinitions by kind, without their CEL rules: only a real API server evaluates those. */
export async function ownCrdsWithoutRules(): Promise<ReadonlyMap<string, JsonObject>> {
  const crds = await yamlObjects(new URL('../../../config/crd/', import.meta.url));
  return new Map(crds.map((crd) => [kindOf(crd), withoutRules(crd)]));
}

/** Every object of the YAML files in a directory. */
export async function yamlObjects(directory: URL): Promise<readonly JsonObject[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, directory), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document): unknown => document.toJS())).filter(isObject);
}

function withoutRules(crd: JsonObject): JsonObject {
  const text = JSON.stringify(crd, (key, value: unknown) => (key === 'x-kubernetes-validations' ? undefined : value));
  return JSON.parse(text) as JsonObject;
}

function kindOf({ spec }: JsonObject): string {
  const names = isObject(spec) ? spec['names'] : undefined;
  return isObject(names) ? String(names['kind']) : '';
}
