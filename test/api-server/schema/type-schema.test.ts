import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '#runtime/client/resource.ts';
import { builtinResources } from './published-kinds.ts';
import type { JsonObject } from './schema-node.ts';
import { defaultObject, prune, schemaOfBuiltin, schemaOfCrd, validate } from './type-schema.ts';
import { widgetCrd } from './widget-crd.ts';

const widgets = schemaOfCrd(widgetCrd, 'v1');

function widget(spec: JsonObject): KubeObject & JsonObject {
  return { apiVersion: 'test.example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec };
}

test('every kind that the client knows has a schema', () => {
  for (const { group, kind } of builtinResources) assert.equal(schemaOfBuiltin(group, kind).root.type, 'object', kind);
  assert.throws(() => schemaOfBuiltin('', 'Cow'), /not among the recorded/);
  assert.throws(() => schemaOfCrd(widgetCrd, 'v2'), /no version v2/);
});

test('what says nothing in a built-in object is gone, and what its type always has is there', () => {
  const schema = schemaOfBuiltin('apps', 'Deployment');
  const container = { name: 'c', image: 'x', args: [], env: [{ name: 'A', value: '' }], tty: false, unknown: 1 };
  const podSpec = { hostNetwork: false, terminationGracePeriodSeconds: 0, containers: [container] };
  const spec = { replicas: 0, paused: false, selector: {}, template: { metadata: { labels: {} }, spec: podSpec } };
  const object: KubeObject & JsonObject = { kind: 'Deployment', metadata: { name: 'd' }, spec };
  assert.deepEqual(prune(schema, object), {
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      replicas: 0,
      selector: {},
      strategy: {},
      template: {
        metadata: {},
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'c', image: 'x', env: [{ name: 'A' }], resources: {} }],
        },
      },
    },
    status: {},
  });
});

test('an image is pulled always where its tag may move', () => {
  const schema = schemaOfBuiltin('', 'Pod');
  const images = ['a', 'a:latest', 'host:5000/a', 'a:1', 'host:5000/a:1', 'a@sha256:0'];
  const containers = images.map((image, index) => ({ name: `c${index}`, image }));
  const pod: KubeObject & JsonObject = { metadata: {}, spec: { containers } };
  const spec: unknown = { ...defaultObject(schema, pod) }['spec' as keyof KubeObject];
  const policies = (spec as { containers: readonly JsonObject[] }).containers.map((one) => one['imagePullPolicy']);
  assert.deepEqual(policies, ['Always', 'Always', 'Always', 'IfNotPresent', 'IfNotPresent', 'IfNotPresent']);
});

test('a Secret’s stringData becomes data', () => {
  const secret: KubeObject & JsonObject = { metadata: {}, data: { a: 'YQ==' }, stringData: { b: 'b' } };
  assert.deepEqual(defaultObject(schemaOfBuiltin('', 'Secret'), prune(schemaOfBuiltin('', 'Secret'), secret)), {
    metadata: {},
    data: { a: 'YQ==', b: 'Yg==' },
    type: 'Opaque',
  });
});

test('a custom object loses what its schema does not name, but not below preserve-unknown-fields', () => {
  const spec = {
    unknown: 1,
    text: null,
    maybe: null,
    flag: null,
    free: { x: null, y: 1 },
    open: { a: 'a', b: 'b', c: 1 },
  };
  assert.deepEqual(
    { ...prune(widgets, widget(spec)) },
    widget({
      text: null,
      maybe: null,
      free: { x: null, y: 1 },
      open: { a: 'a', b: 'b', c: 1 },
    }),
  );
});

test('every refusal names the field, the reason and what is allowed', () => {
  const spec = {
    count: 3,
    flag: 'yes',
    at: 'today',
    textSet: ['a', 'a'],
    byPort: [{ protocol: 'SCTP' }],
    resource: { kind: 'A' },
  };
  assert.deepEqual(validate(widgets, widget(spec)), [
    {
      field: 'spec.count',
      reason: 'FieldValueInvalid',
      message: 'Invalid value: 3: spec.count in body should be less than or equal to 2',
    },
    {
      field: 'spec.flag',
      reason: 'FieldValueTypeInvalid',
      message: 'Invalid value: "string": spec.flag in body must be of type boolean: "string"',
    },
    {
      field: 'spec.at',
      reason: 'FieldValueTypeInvalid',
      message: 'Invalid value: "today": spec.at in body must be of type date-time: "today"',
    },
    {
      field: 'spec.byPort[0].protocol',
      reason: 'FieldValueNotSupported',
      message: 'Unsupported value: "SCTP": supported values: "TCP", "UDP"',
    },
    { field: 'spec.byPort[0].port', reason: 'FieldValueRequired', message: 'Required value' },
    { field: 'spec.resource.apiVersion', reason: 'FieldValueRequired', message: 'Required value' },
    { field: 'spec.textSet[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "a"' },
  ]);
});

test('a label that is no label is refused in every kind', () => {
  const labels = { app: 'x'.repeat(64), 'a/b/c': 'y' };
  const problems = validate(schemaOfBuiltin('', 'ConfigMap'), { metadata: { name: 'c', labels } });
  assert.deepEqual(
    problems.map(({ field }) => field),
    ['metadata.labels', 'metadata.labels'],
  );
});
