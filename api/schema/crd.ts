import type { JsonSchema, ValidationRule } from './json-schema.ts';
import type { Schema } from './schema.ts';
import { lint } from './lint.ts';

/** One column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority?: 0 | 1;
}

/** What a kind is called and how it is stored. */
export interface CrdDefinition {
  readonly coordinates: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
    readonly plural: string;
    readonly namespaced: boolean;
  };
  readonly description: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Labels of the CRD object, such as Cluster API's contract label. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly columns: readonly PrinterColumn[];
  /** Paths of the `scale` subresource. */
  readonly scale?: { readonly specPath: string; readonly statusPath: string; readonly selectorPath: string };
  readonly spec: Schema<object>;
  /** Present: the kind has a `status` subresource. */
  readonly status?: Schema<object>;
  /** Rules on the whole object, where `self.metadata.name` can be read. */
  readonly rules?: readonly ValidationRule[];
}

/** A CustomResourceDefinition manifest (apiextensions.k8s.io/v1) with one version that is served and stored. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames?: readonly string[];
      readonly categories?: readonly string[];
    };
    readonly scope: 'Namespaced' | 'Cluster';
    readonly versions: readonly [CustomResourceDefinitionVersion];
  };
}

export interface CustomResourceDefinitionVersion {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  readonly schema: { readonly openAPIV3Schema: JsonSchema };
  readonly subresources?: {
    readonly status?: Readonly<Record<string, never>>;
    readonly scale?: {
      readonly specReplicasPath: string;
      readonly statusReplicasPath: string;
      readonly labelSelectorPath: string;
    };
  };
}

/** Assembles the manifest of a kind; throws a TypeError that lists every flaw `lint` finds in its schema. */
export function customResourceDefinition(definition: CrdDefinition): CustomResourceDefinition {
  const { coordinates, shortNames, categories, labels, columns, scale, status } = definition;
  const openAPIV3Schema = objectSchema(definition);
  const flaws = lint(openAPIV3Schema);
  if (flaws.length > 0) throw new TypeError(`schema of ${coordinates.kind}:\n${flaws.join('\n')}`);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${coordinates.plural}.${coordinates.group}`, ...(labels && { labels }) },
    spec: {
      group: coordinates.group,
      names: {
        kind: coordinates.kind,
        listKind: `${coordinates.kind}List`,
        plural: coordinates.plural,
        singular: coordinates.kind.toLowerCase(),
        ...(shortNames && { shortNames }),
        ...(categories && { categories }),
      },
      scope: coordinates.namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: coordinates.version,
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema },
          ...((status ?? scale) && {
            subresources: {
              ...(status && { status: {} }),
              ...(scale && {
                scale: {
                  specReplicasPath: scale.specPath,
                  statusReplicasPath: scale.statusPath,
                  labelSelectorPath: scale.selectorPath,
                },
              }),
            },
          }),
        },
      ],
    },
  };
}

function objectSchema({ description, spec, status, rules }: CrdDefinition): JsonSchema {
  return {
    description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Group and version of this representation of the object.', type: 'string' },
      kind: { description: 'The REST resource that this object represents.', type: 'string' },
      metadata: { type: 'object' },
      spec: spec.json,
      ...(status && { status: status.json }),
    },
    ...(rules && { 'x-kubernetes-validations': rules }),
  };
}
