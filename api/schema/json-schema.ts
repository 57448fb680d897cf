/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Any JSON object. */
export type JsonObject = { [key: string]: JsonValue };

/**
 * One CEL rule of a schema node (Kubernetes: `x-kubernetes-validations`). A rule that mentions `oldSelf` is a transition
 * rule: it is evaluated only where the value was there before.
 */
export interface ValidationRule {
  readonly rule: string;
  /** What is wrong and what to do about it, for a person. */
  readonly message?: string;
  /** The same as a CEL expression, for a message that quotes values. */
  readonly messageExpression?: string;
  /** `oldSelf` is an optional: without a value at creation. The rule is then evaluated at creation too. */
  readonly optionalOldSelf?: true;
  /** The property that a refusal is shown at, relative to the node, such as `.version`. Default: the node itself. */
  readonly fieldPath?: string;
}

/** The subset of OpenAPI v3 that a structural CRD schema may use and that the constructors of this folder produce. */
export interface JsonSchema {
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly format?: 'int32' | 'int64' | 'date-time' | 'byte';
  readonly default?: JsonValue;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic';
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}
