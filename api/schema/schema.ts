import type { JsonSchema, JsonValue, ValidationRule } from './json-schema.ts';

/**
 * A structural schema of values of type `T`. Nothing but the constructors of this file makes one, and they can say
 * nothing that is not structural (Kubernetes: "Specifying a structural schema").
 */
export interface Schema<out T> {
  readonly json: JsonSchema;
  /** For the compiler only. */
  readonly valueType?: T;
}

/** A property that may be absent. */
export interface OptionalSchema<out T> extends Schema<T> {
  readonly optional: true;
}

/** The type of the values that a schema admits. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** Named properties of an object. */
export type Properties = Readonly<Record<string, Schema<unknown>>>;

/** The type of an object with these properties. */
export type InferProperties<P extends Properties> = {
  [K in keyof P as P[K] extends OptionalSchema<unknown> ? never : K]: Infer<P[K]>;
} & {
  [K in keyof P as P[K] extends OptionalSchema<unknown> ? K : never]?: Infer<P[K]>;
} extends infer O
  ? { [K in keyof O]: O[K] }
  : never;

interface CommonOptions<T> {
  /** Value that the API server fills in; make the property optional as well. */
  readonly default?: T;
  readonly rules?: readonly ValidationRule[];
}

export interface StringOptions extends CommonOptions<string> {
  readonly format?: 'date-time' | 'byte';
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface IntegerOptions extends CommonOptions<number> {
  /** Default `int32`. */
  readonly format?: 'int32' | 'int64';
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface ObjectOptions<T> extends CommonOptions<T> {
  readonly minProperties?: number;
  /** Server-side apply treats the object as one value. */
  readonly atomic?: boolean;
}

export interface ListOptions<T> extends CommonOptions<T[]> {
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** Marks a property as one that may be absent. */
export function optional<T>(schema: Schema<T>): OptionalSchema<T> {
  return { ...schema, optional: true };
}

export function string(description: string, options: StringOptions = {}): Schema<string> {
  return node('string', description, options);
}

/** One of a closed list of strings. */
export function enumeration<const V extends string>(
  description: string,
  values: readonly V[],
  options: CommonOptions<NoInfer<V>> = {},
): Schema<V> {
  return node('string', description, options, { enum: values });
}

export function integer(description: string, options: IntegerOptions = {}): Schema<number> {
  return node('integer', description, { format: 'int32', ...options });
}

export function boolean(description: string, options: CommonOptions<boolean> = {}): Schema<boolean> {
  return node('boolean', description, options);
}

/** A number, or a string such as a percentage or a port name (Kubernetes: IntOrString). */
export function intOrString(
  description: string,
  options: CommonOptions<number | string> & { readonly pattern?: string } = {},
): Schema<number | string> {
  return node(undefined, description, options, {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
  });
}

/** An object with exactly these properties; the API server prunes others. */
export function object<P extends Properties>(
  description: string,
  properties: P,
  options: ObjectOptions<Partial<InferProperties<P>>> = {},
): Schema<InferProperties<P>> {
  return node('object', description, options, fields(properties));
}

/**
 * An object of another API that is passed through unchanged, whatever fields it has. Only the properties that this
 * project reads are typed; the rest is kept by the API server and validated where the object ends up.
 */
export function embedded<P extends Properties>(
  description: string,
  properties: P,
  options: ObjectOptions<Partial<InferProperties<P>>> = {},
): Schema<InferProperties<P>> {
  return node('object', description, options, { ...fields(properties), 'x-kubernetes-preserve-unknown-fields': true });
}

/** Any JSON value at all. */
export function json(description: string): Schema<JsonValue> {
  return node(undefined, description, {}, { 'x-kubernetes-preserve-unknown-fields': true });
}

/** An object with keys of the user's choice. */
export function map<T>(
  description: string,
  values: Schema<T>,
  options: CommonOptions<{ [key: string]: T }> = {},
): Schema<{ [key: string]: T }> {
  return node('object', description, options, { additionalProperties: values.json });
}

/** A list that is always written as a whole (list type `atomic`). */
export function list<T>(description: string, items: Schema<T>, options: ListOptions<T> = {}): Schema<T[]> {
  return node('array', description, options, { items: items.json, 'x-kubernetes-list-type': 'atomic' });
}

/** A list of distinct scalars, merged by value (list type `set`). */
export function setOf<T extends string | number>(
  description: string,
  items: Schema<T>,
  options: ListOptions<T> = {},
): Schema<T[]> {
  return node('array', description, options, { items: items.json, 'x-kubernetes-list-type': 'set' });
}

/** A list of objects, merged by the properties named in `keys` (list type `map`). */
export function mapList<T extends object>(
  description: string,
  items: Schema<T>,
  keys: readonly (keyof T & string)[],
  options: ListOptions<T> = {},
): Schema<T[]> {
  return node('array', description, options, {
    items: items.json,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
  });
}

/** The same schema under another description, for a type that several fields share. */
export function describe<T>(description: string, schema: Schema<T>): Schema<T> {
  return { json: { ...schema.json, description } };
}

interface AllOptions extends Omit<JsonSchema, 'default'> {
  readonly default?: unknown;
  readonly rules?: readonly ValidationRule[];
  readonly atomic?: boolean;
}

function node<T>(
  type: JsonSchema['type'],
  description: string,
  { rules, atomic, default: defaultValue, ...keywords }: AllOptions,
  more: JsonSchema = {},
): Schema<T> {
  return {
    json: {
      description,
      ...(type && { type }),
      ...(defaultValue !== undefined && { default: toJson(defaultValue) }),
      ...keywords,
      ...more,
      ...(atomic && { 'x-kubernetes-map-type': 'atomic' as const }),
      ...(rules && { 'x-kubernetes-validations': rules }),
    },
  };
}

function fields(properties: Properties): JsonSchema {
  const entries = Object.entries(properties);
  const required = entries.filter(([, property]) => !('optional' in property)).map(([name]) => name);
  return {
    ...(required.length > 0 && { required }),
    ...(entries.length > 0 && {
      properties: Object.fromEntries(entries.map(([name, property]) => [name, property.json])),
    }),
  };
}

function toJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
