import type { TypeSchema } from './schema/type-schema.ts';

/** Where a kind keeps what `/scale` shows: steps of the paths to the fields. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly selector?: readonly string[];
}

/** A change of which fields raises `metadata.generation`; `none`: the kind has no generation. */
export type GenerationRule =
  | 'none'
  | 'spec'
  | 'spec-and-annotations'
  | 'all-but-metadata'
  | 'all-and-labels'
  | 'all-but-metadata-and-status';

/** A kind as this server serves it in one version. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  /** Whether it comes from a CustomResourceDefinition. */
  readonly custom: boolean;
  readonly status: boolean;
  /** Whether it has CEL rules, which this server does not know how to ask. */
  readonly hasRules: boolean;
  readonly scale?: ScalePaths;
  readonly generation: GenerationRule;
  /** What a name must be; `path`: anything that can be a segment of a path. */
  readonly nameRule: 'subdomain' | 'label' | 'label-1035' | 'path';
  /** Whether an update may come without resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** Whether an update of an absent object creates it. */
  readonly createOnUpdate: boolean;
  /** Whether a deletion is answered with the object rather than with a Status. */
  readonly returnsDeleted: boolean;
  /** Built when first asked for. */
  readonly schema: () => TypeSchema;
  /** Fields that a selector may name besides `metadata.name` and `metadata.namespace`. */
  readonly selectableFields: readonly string[];
}

export function apiVersionOf({ group, version }: Pick<ServedKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Name of the collection that holds a kind's objects, the same for all its versions. */
export function collectionOf({ group, plural }: Pick<ServedKind, 'group' | 'plural'>): string {
  return `${group}/${plural}`;
}
