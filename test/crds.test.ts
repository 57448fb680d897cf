import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { customResourceDefinitions } from '#api/crds.ts';
import { kamajiControlPlanes, ownKinds, tenantControlPlanes } from '#api/kinds.ts';
import type { JsonObject, JsonSchema, ValidationRule } from '#api/schema/json-schema.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCrds } from './install-crds.ts';
import type { RuleCase } from './rule-case.ts';
import { ruleCases } from './rule-cases.ts';

type CustomObject = KubeObject & { spec?: JsonObject };

const fixtures = new URL('./fixtures/upstream/', import.meta.url);
const templates = new URL('../templates/', import.meta.url);
const ofStatus = { subresource: 'status' } as const;

suite('the API on a real API server', () => {
  let controlPlane: ControlPlane;
  before(async () => {
    controlPlane = await startControlPlane();
    await installCrds(controlPlane);
  });
  after(() => controlPlane.stop());

  suite('manifests written for upstream apply unchanged and lose nothing', async () => {
    for (const object of await documents(fixtures)) {
      test(`${object.kind} ${object.metadata?.name}`, async () => {
        const stored = await controlPlane.client.create(resourceOf(object), inNamespace(object));
        assert.deepEqual(missing(object, stored), []);
      });
    }
  });

  suite('cluster templates', async () => {
    for (const object of (await documents(templates, substitute)).filter((one) => isOwn(one))) {
      test(`${object.kind} is accepted`, async () => {
        const stored = await controlPlane.client.apply(resourceOf(object), object, { fieldManager: 'test' });
        assert.deepEqual(missing(object, stored), []);
      });
    }
  });

  const refusals: string[] = [];

  suite('rules', () => {
    for (const [index, one] of ruleCases.entries()) {
      test(`${one.kind.kind}: ${one.title}`, async () => {
        const refusal = await (one.from ? changed(one, one.from, index) : created(one, index));
        assert.match(refusal, one.says);
        refusals.push(refusal);
      });
    }

    test('every rule has refused something', () => {
      const silent = customResourceDefinitions
        .flatMap(({ spec }) => allRules(spec.versions[0].schema.openAPIV3Schema))
        .filter((rule) => !refusals.some((refusal) => pattern(rule).test(refusal)));
      assert.deepEqual([...new Set(silent.map(({ rule }) => rule))], []);
    });
  });

  test('a tenant without networkProfile gets its defaults', async () => {
    const metadata = { namespace: 'default', name: 'defaults' };
    const stored = await controlPlane.client.create<CustomObject>(untyped(tenantControlPlanes), {
      metadata,
      spec: {
        controlPlane: { service: { serviceType: 'ClusterIP' } },
        kubernetes: { version: 'v1.35.4', kubelet: {} },
      },
    });
    assert.deepEqual(stored.spec?.['networkProfile'], {
      port: 6443,
      clusterDomain: 'cluster.local',
      serviceCidr: '10.96.0.0/16',
      podCidr: '10.244.0.0/16',
    });
    assert.equal(stored.spec?.['addons'], undefined, 'konnectivity is decided in code, not by a default');
  });

  test('the names that the system chose can be added to a tenant', async () => {
    const key = { namespace: 'default', name: 'named-later' };
    const resource = untyped(tenantControlPlanes);
    const spec = {
      controlPlane: { service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
    };
    await controlPlane.client.create<CustomObject>(resource, { metadata: key, spec });
    const chosen = { spec: { dataStore: 'default', dataStoreSchema: 'x', dataStoreUsername: 'x' } };
    assert.deepEqual(missing(chosen, await controlPlane.client.mergePatch<CustomObject>(resource, key, chosen)), []);
  });

  for (const [kind, name, path] of [
    ['tcp', 'scaled-tcp', '{.spec.controlPlane.deployment.replicas}'],
    ['ktcp', 'scaled-kcp', '{.spec.replicas}'],
  ] as const) {
    test(`kubectl scale ${kind} changes the number of pods`, async () => {
      const spec =
        kind === 'tcp'
          ? { controlPlane: { service: { serviceType: 'ClusterIP' } }, kubernetes: { version: 'v1.35.4', kubelet: {} } }
          : { version: 'v1.35.4' };
      const resource = untyped(kind === 'tcp' ? tenantControlPlanes : kamajiControlPlanes);
      await controlPlane.client.create<CustomObject>(resource, { metadata: { namespace: 'default', name }, spec });
      const replicas = () => controlPlane.kubectl(['get', kind, name, '-o', `jsonpath=${path}`]);
      assert.equal(await replicas(), '2');
      await controlPlane.kubectl(['scale', kind, name, '--replicas=5']);
      assert.equal(await replicas(), '5');
    });
  }

  test('status is a subresource, and a write to it leaves the spec alone', async () => {
    const key = { namespace: 'default', name: 'status' };
    const resource = untyped(kamajiControlPlanes);
    await controlPlane.client.create<CustomObject>(resource, { metadata: key, spec: { version: 'v1.35.4' } });
    const status = {
      initialization: { controlPlaneInitialized: true },
      versions: [{ version: 'v1.35.4', replicas: 2 }],
    };
    const patch = { spec: { version: 'v1.36.0' }, status };
    const stored = await controlPlane.client.mergePatch<CustomObject>(resource, key, patch, { subresource: 'status' });
    assert.equal(stored.spec?.['version'], 'v1.35.4');
    assert.deepEqual(missing({ status }, stored), []);
  });

  async function created(one: RuleCase, index: number): Promise<string> {
    const create = (name: string, spec: JsonObject) =>
      controlPlane.client.create<CustomObject>(untyped(one.kind), object(one, name, spec));
    await create(`accepted-${index}`, one.accepted);
    return refusalOf(create(one.refusedName ?? `refused-${index}`, one.refused));
  }

  async function changed(one: RuleCase, from: JsonObject, index: number): Promise<string> {
    const resource = untyped(one.kind);
    const change = async (name: string, spec: JsonObject) => {
      const created = await controlPlane.client.create<CustomObject>(resource, object(one, name, from));
      const { status } = one;
      const live =
        status === undefined
          ? created
          : await controlPlane.client.mergePatch<CustomObject>(resource, keyOf(created), { status }, ofStatus);
      return () => controlPlane.client.replace<CustomObject>(resource, { ...live, spec });
    };
    const accepted = await change(`accepted-${index}`, one.accepted);
    await accepted();
    const refused = await change(`refused-${index}`, one.refused);
    return refusalOf(refused());
  }
});

function untyped(kind: RuleCase['kind']): Resource<CustomObject> {
  return kind;
}

function object(one: RuleCase, name: string, spec: JsonObject): CustomObject {
  return { metadata: { name, ...(one.kind.namespaced && { namespace: 'default' }) }, spec };
}

async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => assert.fail('was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError && error.isInvalid, String(error));
  return error.message;
}

async function documents(directory: URL, edit = (text: string) => text): Promise<readonly CustomObject[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, directory), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(edit(text)).map((document) => document.toJS() as CustomObject));
}

/** What `clusterctl generate cluster` does to a template. */
function substitute(text: string): string {
  const variables: Readonly<Record<string, string>> = {
    CLUSTER_NAME: 'demo',
    NAMESPACE: 'default',
    KUBERNETES_VERSION: 'v1.35.4',
    CONTROL_PLANE_MACHINE_COUNT: '1',
    WORKER_MACHINE_COUNT: '2',
    KAMAJI_KUBELET_PATCHES: '[{op: add, path: /failCgroupV1, value: false}]',
  };
  return text.replaceAll(/\$\{(\w+)(?::=([^}]*))?\}/g, (_, name: string, fallback: string | undefined) => {
    const value = variables[name] ?? fallback;
    assert.ok(value !== undefined, `${name} is neither a standard variable nor defaulted`);
    return value;
  });
}

function isOwn(object: CustomObject): boolean {
  return ownKinds.some(({ kind }) => kind === object.kind);
}

function resourceOf(object: CustomObject): Resource<CustomObject> {
  const kind = ownKinds.find((one) => one.kind === object.kind);
  assert.ok(kind, `${object.kind} is no kind of ours`);
  assert.equal(object.apiVersion, `${kind.group}/${kind.version}`);
  return untyped(kind);
}

function inNamespace(object: CustomObject): CustomObject {
  return resourceOf(object).namespaced ? { ...object, metadata: { namespace: 'default', ...object.metadata } } : object;
}

/** Paths of what was written but not stored as it was written. */
function missing(written: unknown, stored: unknown, path = ''): readonly string[] {
  if (typeof written !== 'object' || written === null) return written === stored ? [] : [path];
  if (typeof stored !== 'object' || stored === null) return [path];
  const values = new Map<string, unknown>(Object.entries(stored));
  return Object.entries(written).flatMap(([key, value]) => missing(value, values.get(key), `${path}.${key}`));
}

function allRules(schema: JsonSchema): readonly ValidationRule[] {
  const children = [
    ...Object.values(schema.properties ?? {}),
    ...[schema.items, schema.additionalProperties].filter((child) => child !== undefined),
  ];
  return [...(schema['x-kubernetes-validations'] ?? []), ...children.flatMap(allRules)];
}

/** Matches the refusal by a rule, whatever values it quotes. */
function pattern({ message, messageExpression }: ValidationRule): RegExp {
  const literals = message === undefined ? quoted(messageExpression ?? '') : [message];
  return new RegExp(literals.map((literal) => literal.replaceAll(/[^\w\s]/g, '.')).join('.*'));
}

/** The string literals of a message expression that are text of the message rather than arguments of a call. */
function quoted(expression: string): readonly string[] {
  return expression
    .split(/ \+ /)
    .filter((part) => part.startsWith('"'))
    .map((part) => JSON.parse(part) as string);
}
