import type { Resource } from '#runtime/client/resource.ts';

const group = 'fidelity.example.com';

/** A kind without status subresource, in two versions. */
export const gadgets: Resource = { group, version: 'v1', kind: 'Gadget', plural: 'gadgets', namespaced: true };
export const oldGadgets: Resource = { ...gadgets, version: 'v1alpha1' };

const openAPIV3Schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 9 },
        color: { type: 'string', enum: ['red', 'green'], default: 'red' },
        name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, count: { type: 'integer' } },
          },
        },
      },
    },
    status: { type: 'object', properties: { size: { type: 'integer' } } },
  },
};

export const gadgetCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `gadgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Gadget', plural: 'gadgets' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } },
      { name: 'v1alpha1', served: true, storage: false, schema: { openAPIV3Schema } },
    ],
  },
};
