import { tenantControlPlaneCrd } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { JsonSchema } from '#api/schema/json-schema.ts';

/** What the schema of a TenantControlPlane lets a user write below `spec`. */
export interface SpecFields {
  /** Paths of all values: `[]` stands for each item of a list. */
  readonly leaves: readonly string[];
  /** Paths of everything, objects and lists too. */
  readonly all: ReadonlySet<string>;
}

/** Reads them from the CustomResourceDefinition, so that no field is forgotten. */
export function specFields(): SpecFields {
  const [version] = tenantControlPlaneCrd.spec.versions;
  const { spec } = version.schema.openAPIV3Schema.properties ?? {};
  if (spec === undefined) throw new TypeError('the definition of TenantControlPlane has no spec');
  const leaves: string[] = [];
  const all = new Set<string>();
  const walk = (schema: JsonSchema, path: string): void => {
    const item = schema.items;
    all.add(path);
    if (isFields(schema)) fieldsOf(schema, path);
    else if (item !== undefined && isFields(item)) fieldsOf(item, `${path}[]`);
    else leaves.push(path);
  };
  const fieldsOf = (schema: JsonSchema, path: string): void => {
    for (const [name, child] of Object.entries(schema.properties ?? {})) {
      walk(child, path === '' ? name : `${path}.${name}`);
    }
  };
  fieldsOf(spec, '');
  return { leaves, all };
}

// Core types of Kubernetes are handed on as they are, whatever is in them.
function isFields(schema: JsonSchema): boolean {
  return schema.properties !== undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true;
}

/** Paths of all values in a value, in the notation of `specFields`. */
export function pathsIn(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) {
    const below = value.flatMap((item) => (isObject(item) ? pathsIn(item, `${path}[]`) : []));
    return [path, ...below];
  }
  if (!isObject(value)) return [path];
  const below = Object.entries(value).flatMap(([name, child]) =>
    pathsIn(child, path === '' ? name : `${path}.${name}`),
  );
  return path === '' ? below : [path, ...below];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
