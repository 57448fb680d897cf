import type { ObjectMeta } from '#runtime/client/resource.ts';

/** One manager's share of an object's fields (Kubernetes: server-side apply, `metadata.managedFields`). */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: object;
  subresource?: string;
}

/** The metadata of an object that the server has stored or is about to store. */
export interface ApiMeta extends ObjectMeta {
  managedFields?: ManagedFieldsEntry[];
}

/** Any object of the API. One that is stored is never changed: every write makes a new one. */
export interface ApiObject {
  apiVersion?: string;
  kind?: string;
  metadata: ApiMeta;
  [field: string]: unknown;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at that path; undefined when any step of it is missing. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current: unknown = value;
  for (const step of path) {
    if (!isFields(current)) return undefined;
    current = current[step];
  }
  return current;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** A copy with that value at that path; undefined takes the field away. */
export function withValue<T extends Fields>(value: T, path: readonly string[], to: unknown): T {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const child = value[step];
  const next = rest.length === 0 ? to : withValue(isFields(child) ? child : {}, rest, to);
  if (next === undefined) {
    if (!(step in value)) return value;
    const { [step]: _, ...others } = value;
    return others as T;
  }
  return { ...value, [step]: next };
}

/** Whether two JSON values are the same, whatever the order of their fields. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  if (!isFields(a) || !isFields(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => key in b && sameJson(a[key], b[key]));
}
