import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import * as fc from 'fast-check';
import { ownKinds } from '#api/kinds.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane.ts';
import { propertyRuns } from '../../property.ts';
import { arbitraryMutation, mutated } from './arbitrary-mutation.ts';
import { arbitraryObject } from './arbitrary-value.ts';
import { applyConfiguration, trackUpdate } from '../apply/server-side-apply.ts';
import { builtinExamples } from './builtin-examples.ts';
import { recordedDefinitions } from './builtin-kinds.ts';
import { ownCrdsWithoutRules, yamlObjects } from './own-crds.ts';
import { publishedDefinitions } from './published-kinds.ts';
import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';
import { withPathsOf } from './subresources.ts';
import { defaultObject, prune, schemaOfBuiltin, schemaOfCrd, validate } from './type-schema.ts';
import { widgetCrd, widgets } from './widget-crd.ts';

type CustomObject = JsonObject & KubeObject;

suite('objects are read, defaulted and refused as by a real API server', async () => {
  let controlPlane: ControlPlane;
  const crds = new Map([['Widget', widgetCrd], ...(await ownCrdsWithoutRules())]);
  before(async () => {
    controlPlane = await startControlPlane();
    await controlPlane.kubectl(
      ['apply', '--server-side', '-f', '-'],
      [...crds.values()].map((crd) => JSON.stringify(crd)).join('\n'),
    );
    await controlPlane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  });
  after(() => controlPlane.stop());

  const examples = await yamlObjects(new URL('../../fixtures/upstream/', import.meta.url));

  for (const resource of [widgets, ...ownKinds] satisfies readonly Resource[]) {
    const crd = crds.get(resource.kind);
    assert.ok(crd, resource.kind);
    const schema = schemaOfCrd(crd, resource.version);
    const { metadata: _, ...properties } = schema.declared?.properties ?? {};
    const made = arbitraryObject({ ...schema.declared, properties });
    const given = examples.filter(({ kind }) => kind === resource.kind);
    const object = given.length === 0 ? made : fc.oneof(made, fc.constantFrom(...given));
    const mutations = fc.array(arbitraryMutation, { maxLength: 3 });

    test(`${resource.kind}: defaults, what is dropped and what is refused`, async (t) => {
      const seen = { accepted: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(object, mutations, async (base, changes) => {
          const named = withNames(resource, plain(base));
          const sent = changes.reduce((one, change) => mutated(one, ['spec', 'metadata'], change), named);
          const real = await outcome(controlPlane.client.create(untyped(resource), withNames(resource, sent)));
          if (real === undefined) return;
          const read = prune(schema, withNames(resource, sent));
          const ours = withPathsOf(
            { ...defaultObject(schema, read) },
            {},
            schema.hasStatusSubresource ? [['status']] : [],
          );
          const problems = validate(schema, ours).map(({ field, reason, message }) => `${field} ${reason} ${message}`);
          if ('causes' in real) {
            seen.refused++;
            assert.deepEqual(problems.toSorted(), real.causes);
          } else {
            seen.accepted++;
            assert.deepEqual(problems, []);
            assert.deepEqual(withoutIdentity(ours), withoutIdentity(real.stored));
          }
        }),
        propertyRuns(40),
      );
      t.diagnostic(JSON.stringify(seen));
    });
  }

  for (const [index, { resource, content }] of builtinExamples.entries()) {
    const schema = schemaOfBuiltin(resource.group, resource.kind);
    const write = { manager: 'node', schema, now: '' };

    test(`${resource.kind} ${index}, created: its defaults, and what of it is written`, async () => {
      const sent = withNames(resource, content);
      const real = await controlPlane.client.create(untyped(resource), sent);
      const after = defaultObject(schema, prune(schema, sent));
      const ours = trackUpdate({ ...write, before: undefined, after, operation: 'Update' });
      assert.deepEqual(withoutAllocated({ ...ours }), withoutAllocated(real));
    });

    test(`${resource.kind} ${index}, applied: its defaults, and what of it is written`, async () => {
      const applied = withNames(resource, content);
      const real = await controlPlane.client.apply(untyped(resource), applied, { fieldManager: 'node' });
      const ours = applyConfiguration({ ...write, live: undefined, applied, force: false });
      assert.ok('object' in ours);
      assert.deepEqual(withoutAllocated({ ...ours.object }), withoutAllocated(real));
    });
  }

  test('the table of the built-in kinds is what the API server publishes', async () => {
    assert.deepEqual(recordedDefinitions(), await publishedDefinitions(controlPlane.client));
  });
});

type Outcome = { readonly stored: CustomObject } | { readonly causes: readonly string[] };

/** Undefined when the object could not even be read. */
async function outcome(call: Promise<CustomObject>): Promise<Outcome | undefined> {
  try {
    return { stored: await call };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 400) return undefined;
    const { causes = [] } = error.details;
    return { causes: causes.map(({ field, reason, message }) => `${field} ${reason} ${message}`).toSorted() };
  }
}

function withNames({ namespaced, ...kind }: Resource, object: JsonObject): CustomObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const plural = `x${randomUUID().replaceAll('-', '')}`;
  if (kind.kind === 'CustomResourceDefinition') return namedCrd(object, plural);
  const names = { name: `x-${randomUUID()}`, ...(namespaced ? { namespace: 'default' } : {}) };
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { ...metadata, ...names } };
}

function namedCrd(object: JsonObject, plural: string): CustomObject {
  const spec = isObject(object['spec']) ? object['spec'] : {};
  const names = { plural, kind: plural.toUpperCase() };
  const metadata = { name: `${plural}.${String(spec['group'])}` };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec: { ...spec, names },
  };
}

function withoutIdentity(object: JsonObject): JsonObject {
  const names = ['name', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields'];
  return withPathsOf(
    object,
    {},
    names.map((name) => ['metadata', name]),
  );
}

/** Without what the code of a kind and admission plugins fill in. */
function withoutAllocated(object: JsonObject): JsonObject {
  const { metadata } = object;
  const managers = isObject(metadata) ? metadata['managedFields'] : [];
  const fields = Array.isArray(managers) ? managers.map((one: unknown) => isObject(one) && one['fieldsV1']) : [];
  const spec = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'podCIDRs', 'priority', 'preemptionPolicy'];
  const paths = [
    ...spec.map((name) => ['spec', name]),
    ...(object['kind'] === 'Pod' ? [['status']] : [['status', 'lastPhaseTransitionTime']]),
    ...(object['kind'] === 'Namespace' ? [['spec', 'finalizers']] : []),
  ];
  const { status, ...rest } = withPathsOf(withoutIdentity(object), {}, paths);
  return { fields, object: status === undefined ? rest : { ...rest, status } };
}

function plain(value: unknown): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  assert.ok(isObject(copy));
  return copy;
}

function untyped(resource: Resource): Resource<CustomObject> {
  return { ...resource } as Resource<CustomObject>;
}
