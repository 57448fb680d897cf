import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { JsonObject } from '../schema/schema-node.ts';
import { defaultObject, prune, schemaOfBuiltin, schemaOfCrd } from '../schema/type-schema.ts';
import { widgetCrd } from '../schema/widget-crd.ts';
import { TypedPatchError, applyConfiguration, conflictMessage, trackUpdate } from './server-side-apply.ts';

const schema = schemaOfCrd(widgetCrd, 'v1');
const metadata = { name: 'w', namespace: 'ns' };
const early = '2026-01-01T00:00:00Z';
const late = '2026-01-01T00:00:05Z';

function widget(content: JsonObject): KubeObject {
  return { apiVersion: 'test.example.com/v1', kind: 'Widget', metadata, ...content };
}

type Options = { force?: boolean; subresource?: string; now?: string; on?: typeof schema };

function tryApply(live: KubeObject | undefined, manager: string, applied: KubeObject, options: Options = {}) {
  const { force = false, now = early, on = schema, subresource } = options;
  return applyConfiguration({ live, applied, manager, force, schema: on, now, ...(subresource && { subresource }) });
}

/** The object, as it is once it has been stored. */
function apply(live: KubeObject | undefined, manager: string, applied: KubeObject, options: Options = {}): KubeObject {
  const result = tryApply(live, manager, applied, options);
  assert.ok('object' in result, JSON.stringify(result));
  const { object } = result;
  return object === live ? live : { ...object, metadata: { ...object.metadata, uid: 'u' } };
}

function update(before: KubeObject | undefined, manager: string, change: KubeObject, now = early): KubeObject {
  const after = defaultObject(schema, prune(schema, { ...before, ...change }));
  const stored = trackUpdate({ before, after, manager, operation: 'Update', schema, now });
  return stored === before ? before : { ...stored, metadata: { ...stored.metadata, uid: 'u' } };
}

function specOf(object: KubeObject): unknown {
  return { ...object }['spec' as keyof KubeObject];
}

function entriesOf({
  metadata: { managedFields = [] } = {},
}: {
  metadata?: { managedFields?: readonly JsonObject[] };
}) {
  return managedFields;
}

test('an applier owns what it says, not what is defaulted', () => {
  const object = apply(undefined, 'one', widget({ spec: { struct: { a: 'x' } } }));
  assert.deepEqual(specOf(object), { text: 'fallback', struct: { a: 'x' }, filled: { number: 1, list: ['x'] } });
  assert.deepEqual(entriesOf(object), [
    {
      manager: 'one',
      operation: 'Apply',
      apiVersion: 'test.example.com/v1',
      time: early,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:struct': { 'f:a': {} } } },
    },
  ]);
});

test('what an applier says no more is taken away, unless another one says it too', () => {
  const both = widget({ spec: { struct: { a: 'x', b: 'y' }, count: 1 } });
  const first = apply(undefined, 'one', both);
  const shared = apply(first, 'two', widget({ spec: { struct: { b: 'y' } } }));
  const last = apply(shared, 'one', widget({ spec: {} }));
  assert.deepEqual(specOf(last), { text: 'fallback', struct: { b: 'y' }, filled: { number: 1, list: ['x'] } });
});

test('another value than the owner’s is a conflict that names the owner; force takes the field over', () => {
  const object = apply(undefined, 'one', widget({ spec: { count: 1, labels: { a: 'x' } } }));
  const wish = widget({ spec: { count: 2, labels: { a: 'y' } } });
  const refused = tryApply(object, 'two', wish);
  assert.ok('conflicts' in refused);
  assert.deepEqual(refused.conflicts, [
    { manager: '"one"', field: '.spec.count' },
    { manager: '"one"', field: '.spec.labels.a' },
  ]);
  assert.equal(
    conflictMessage(refused.conflicts),
    'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.count\n- .spec.labels.a',
  );
  const taken = apply(object, 'two', wish, { force: true });
  assert.deepEqual(
    entriesOf(taken).map(({ manager }) => manager),
    ['two'],
  );
});

test('a conflict with somebody who does not apply names the version', () => {
  const object = update(undefined, 'kubectl-edit', widget({ spec: { count: 1 } }));
  const refused = tryApply(object, 'two', widget({ spec: { count: 2 } }));
  assert.ok('conflicts' in refused);
  assert.equal(
    conflictMessage(refused.conflicts),
    'Apply failed with 1 conflict: conflict with "kubectl-edit" using test.example.com/v1: .spec.count',
  );
});

test('an apply that changes nothing answers the stored object itself; times move only with the fields', () => {
  const wish = widget({ spec: { count: 1 } });
  const object = apply(undefined, 'one', wish);
  assert.equal(apply(object, 'one', wish, { now: late }), object);
  const changed = apply(object, 'one', widget({ spec: { count: 2 } }), { now: late });
  assert.deepEqual(
    entriesOf(changed).map(({ time }) => time),
    [late],
  );
});

test('a second applier of the same values becomes an owner too, without a time', () => {
  const wish = widget({ spec: { count: 1 } });
  const object = apply(apply(undefined, 'one', wish), 'two', wish, { now: late });
  assert.deepEqual(
    entriesOf(object).map(({ manager, time }) => [manager, time]),
    [
      ['two', undefined],
      ['one', early],
    ],
  );
});

test('items of a list map are merged by their keys, an absent key counting as its default', () => {
  const first = apply(undefined, 'one', widget({ spec: { byPort: [{ port: 1, name: 'a' }, { port: 2 }] } }));
  const second = apply(
    first,
    'two',
    widget({ spec: { byPort: [{ port: 1, protocol: 'TCP', name: 'a' }, { port: 3 }] } }),
  );
  const last = apply(second, 'one', widget({ spec: {} }));
  assert.deepEqual(specOf(last), {
    text: 'fallback',
    filled: { number: 1, list: ['x'] },
    byPort: [
      { port: 1, protocol: 'TCP', name: 'a' },
      { port: 3, protocol: 'TCP' },
    ],
  });
});

test('the main endpoint leaves the status as it is, /status everything else', () => {
  const object = apply(undefined, 'one', widget({ spec: { count: 1 }, status: { phase: 'lost' } }));
  assert.equal('status' in object, false);
  const reported = apply(object, 'two', widget({ spec: { count: 2 }, status: { phase: 'kept' } }), {
    subresource: 'status',
  });
  assert.deepEqual(specOf(reported), specOf(object));
  assert.deepEqual(
    entriesOf(reported).map(({ manager, subresource, fieldsV1 }) => ({ manager, subresource, fieldsV1 })),
    [
      { manager: 'one', subresource: undefined, fieldsV1: { 'f:spec': { 'f:count': {} } } },
      { manager: 'two', subresource: 'status', fieldsV1: { 'f:status': { 'f:phase': {} } } },
    ],
  );
});

test('an apply with a member that the schema does not know is refused, not pruned', () => {
  assert.throws(
    () => tryApply(undefined, 'one', widget({ spec: { unknown: 1 } })),
    new TypedPatchError(
      'failed to create typed patch object (ns/w; test.example.com/v1, Kind=Widget): .spec.unknown: field not declared in schema',
    ),
  );
});

test('the fields of an object without managedFields belong to before-first-apply', () => {
  const stored = { ...widget({ spec: { count: 1 } }), metadata: { ...metadata, uid: 'u' } };
  const refused = tryApply(stored, 'one', widget({ spec: { count: 2 } }));
  assert.ok('conflicts' in refused);
  assert.match(conflictMessage(refused.conflicts), /conflict with "before-first-apply" using/);
});

test('a Service port without protocol is the TCP one, and two protocols of a port are two ports', () => {
  const services = schemaOfBuiltin('', 'Service');
  const service = (ports: readonly JsonObject[]): KubeObject & JsonObject => {
    return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } };
  };
  const first = apply(undefined, 'one', service([{ name: 'dns', port: 53 }]), { on: services });
  const wish = service([
    { name: 'dns-udp', port: 53, protocol: 'UDP' },
    { name: 'dns', port: 53, protocol: 'TCP' },
  ]);
  const second = apply(first, 'one', wish, { on: services });
  assert.deepEqual(specOf(second), {
    internalTrafficPolicy: 'Cluster',
    sessionAffinity: 'None',
    type: 'ClusterIP',
    ports: [
      { name: 'dns-udp', port: 53, protocol: 'UDP', targetPort: 53 },
      { name: 'dns', port: 53, protocol: 'TCP', targetPort: 53 },
    ],
  });
});
