import type { KubeObject } from '#runtime/client/resource.ts';
import { decodeBuiltin } from './builtin-decoding.ts';
import { defaultBuiltin } from './builtin-defaults.ts';
import { definitionNode, kindNode } from './builtin-kinds.ts';
import { embeddedProblems } from './embedded-problems.ts';
import type { FieldProblem } from './field-problem.ts';
import { listProblems } from './list-problems.ts';
import { metadataProblems } from './metadata-problems.ts';
import type { ScaleDeclaration } from './scale-problems.ts';
import { scaleProblems } from './scale-problems.ts';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject, propertyOf } from './schema-node.ts';
import { decodeCustom } from './structural-decoding.ts';
import { defaultCustom } from './structural-defaults.ts';
import { schemaProblems } from './structural-validation.ts';

export type { FieldProblem } from './field-problem.ts';

/** What the API server knows of a kind: the shape of its objects and how their lists and maps are merged. */
export interface TypeSchema {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Whether `/status` is written apart from the rest; each write then leaves the other part as it was. */
  readonly hasStatusSubresource: boolean;
  /** The object with its metadata, as it is merged. */
  readonly root: SchemaNode;
  /** What the CustomResourceDefinition declares; undefined for built-in kinds. */
  readonly declared: SchemaNode | undefined;
  /** Of custom kinds that have `/scale`. */
  readonly scale: ScaleDeclaration | undefined;
}

/**
 * The schema of one version of a CustomResourceDefinition that an API server has accepted; throws when the version is
 * not in it. A version without a schema takes anything.
 */
export function schemaOfCrd(crd: object, version: string): TypeSchema {
  const spec = memberOf(crd, 'spec');
  const versions = spec['versions'];
  const served: unknown =
    Array.isArray(versions) && versions.find((one: unknown) => isObject(one) && one['name'] === version);
  if (!isObject(served)) throw new Error(`the CustomResourceDefinition has no version ${version}`);
  const { openAPIV3Schema } = memberOf(served, 'schema');
  const declared: SchemaNode = isObject(openAPIV3Schema)
    ? openAPIV3Schema
    : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const { status, scale } = memberOf(served, 'subresources');
  return {
    group: String(spec['group']),
    version,
    kind: String(memberOf(spec, 'names')['kind']),
    hasStatusSubresource: isObject(status),
    root: withMetadata({ ...declared, 'x-kubernetes-embedded-resource': true }),
    declared,
    scale: isObject(scale) ? scaleDeclaration(scale) : undefined,
  };
}

function scaleDeclaration({ specReplicasPath, statusReplicasPath, labelSelectorPath }: JsonObject): ScaleDeclaration {
  return {
    specReplicasPath: String(specReplicasPath),
    statusReplicasPath: String(statusReplicasPath),
    labelSelectorPath: typeof labelSelectorPath === 'string' ? labelSelectorPath : undefined,
  };
}

/** The schema of a kind that kube-apiserver has compiled in; throws for one that is not in `builtin-kinds.jsonl`. */
export function schemaOfBuiltin(group: string, kind: string): TypeSchema {
  const root = kindNode(group, 'v1', kind);
  const hasStatusSubresource = propertyOf(root, 'status') !== undefined;
  return { group, version: 'v1', kind, hasStatusSubresource, root, declared: undefined, scale: undefined };
}

/** The object with what the kind's defaults fill in. Nothing else is changed; call `prune` first. */
export function defaultObject({ root, declared }: TypeSchema, object: KubeObject): KubeObject {
  const value = { ...object };
  return declared === undefined ? defaultBuiltin(root, value) : defaultCustom(declared, value);
}

/**
 * The object as the API server reads it: without members that the schema does not know. Of a built-in kind it is also
 * in the form that its Go type gives it (`decodeBuiltin`).
 */
export function prune({ root, declared }: TypeSchema, object: KubeObject): KubeObject {
  const value = { ...object };
  return declared === undefined ? decodeBuiltin(root, value) : decodeCustom(declared, value);
}

/**
 * Why the object is refused; empty when it is accepted. `isStatus`: a write to `/status`, where only that counts.
 * Complete for custom kinds but for their CEL rules. Built-in kinds have rules in code that are not known here; of them
 * only the metadata is looked at.
 */
export function validate(schema: TypeSchema, object: KubeObject, isStatus = false): readonly FieldProblem[] {
  const { declared, scale } = schema;
  const value: JsonObject = { ...object };
  const metadata = metadataProblems(value['metadata']);
  if (declared === undefined) return metadata;
  const status = propertyOf(declared, 'status');
  const isStatusChecked = status !== undefined && value['status'] !== undefined;
  return [
    ...metadata,
    ...(isStatus ? [] : [...schemaProblems(declared, value), ...embeddedProblems(declared, value)]),
    ...(isStatus && isStatusChecked ? statusProblems(status, value['status']) : []),
    ...(scale === undefined ? [] : scaleProblems(scale, value, isStatus)),
    ...listProblems(declared, value),
  ];
}

/** Messages name members as seen from the status, fields as seen from the object. */
function statusProblems(status: SchemaNode, value: unknown): readonly FieldProblem[] {
  return schemaProblems(status, value).map((problem) => {
    return { ...problem, field: problem.field === '<nil>' ? 'status' : `status.${problem.field}` };
  });
}

const metaPrefix = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Objects inside objects have metadata, too; the declaration does not say of what shape. */
function withMetadata(node: SchemaNode): SchemaNode {
  const { properties, items, additionalProperties } = node;
  const inner = Object.entries(properties ?? {}).map(([name, member]) => [name, withMetadata(member)] as const);
  const text: SchemaNode = { type: 'string' };
  const meta = { apiVersion: text, kind: text, metadata: definitionNode(`${metaPrefix}.ObjectMeta`) };
  const isResource = node['x-kubernetes-embedded-resource'] === true;
  return {
    ...node,
    ...(properties === undefined && !isResource
      ? {}
      : { properties: { ...Object.fromEntries(inner), ...(isResource && meta) } }),
    ...(items === undefined ? {} : { items: withMetadata(items) }),
    ...(isObject(additionalProperties) ? { additionalProperties: withMetadata(additionalProperties) } : {}),
  };
}

function memberOf(value: object, name: string): JsonObject {
  const member: unknown = Reflect.get(value, name);
  return isObject(member) ? member : {};
}
