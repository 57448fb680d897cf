import type { SchemaNode } from './schema-node.ts';

const text: SchemaNode = { type: 'string' };
const pair: SchemaNode = { type: 'object', properties: { a: text, b: text } };

const spec: SchemaNode = {
  type: 'object',
  properties: {
    text: { type: 'string', default: 'fallback' },
    count: { type: 'integer', minimum: 0, maximum: 2 },
    flag: { type: 'boolean' },
    maybe: { type: 'string', nullable: true },
    at: { type: 'string', format: 'date-time' },
    port: { 'x-kubernetes-int-or-string': true },
    atomicList: { type: 'array', items: text },
    matrix: { type: 'array', items: { type: 'array', items: text } },
    textSet: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    numberSet: { type: 'array', items: { type: 'integer' }, 'x-kubernetes-list-type': 'set' },
    byName: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: text,
          value: { type: 'string', default: 'v' },
          nested: pair,
          tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
        },
      },
    },
    byPort: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      items: {
        type: 'object',
        required: ['port'],
        properties: {
          port: { type: 'integer' },
          protocol: { type: 'string', default: 'TCP', enum: ['TCP', 'UDP'] },
          name: text,
        },
      },
    },
    struct: { type: 'object', properties: { ...pair.properties, deep: pair } },
    replaced: { ...pair, 'x-kubernetes-map-type': 'atomic' },
    labels: { type: 'object', additionalProperties: text },
    objects: { type: 'object', additionalProperties: pair },
    replacedLabels: { type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    open: { ...pair, 'x-kubernetes-preserve-unknown-fields': true },
    resource: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
    filled: {
      type: 'object',
      default: {},
      properties: {
        number: { type: 'integer', default: 1 },
        list: { type: 'array', items: text, default: ['x'] },
        inner: { type: 'object', properties: { a: { type: 'string', default: 'a' }, b: text } },
      },
    },
    objectList: {
      type: 'array',
      items: { type: 'object', properties: { a: text, b: { type: 'string', default: 'b' } } },
    },
  },
};

const status: SchemaNode = {
  type: 'object',
  properties: {
    phase: text,
    count: { type: 'integer', default: 0 },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: { type: 'object', required: ['type'], properties: { type: text, status: text } },
    },
  },
};

const root: SchemaNode = { type: 'object', properties: { spec, status } };

/** A kind whose schema has every kind of list and map, and everything else that a merge or a default depends on. */
export const widgetCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.test.example.com' },
  spec: {
    group: 'test.example.com',
    names: { kind: 'Widget', plural: 'widgets' },
    scope: 'Namespaced',
    versions: [
      { name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: root } },
    ],
  },
};

export const widgets = {
  group: 'test.example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  namespaced: true,
};
