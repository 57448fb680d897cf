import type { Resource } from '#runtime/client/resource.ts';

/** A kind without a schema of its own, as its provider labels it for the contract's versions. Default: v1beta2. */
export function definitionOf(
  { group, version, kind, plural }: Resource,
  labels: Readonly<Record<string, string>> = { 'cluster.x-k8s.io/v1beta2': version },
): object {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
        },
      ],
    },
  };
}
