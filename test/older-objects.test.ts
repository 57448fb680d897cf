import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { customResourceDefinitions } from '#api/crds.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import type { JsonObject } from '#api/schema/json-schema.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCrds } from './install-crds.ts';
import type { RuleCase } from './rule-case.ts';
import { tcp } from './rule-case.ts';
import { ruleCases } from './rule-cases.ts';

type CustomObject = KubeObject & { spec?: JsonObject; status?: JsonObject };

const finalizer = 'test.example/held';
const lasting = { namespace: 'default', name: 'lasting' };
const overlapping: JsonObject = {
  port: 6443,
  clusterDomain: 'cluster.local',
  serviceCidr: '10.0.0.0/16',
  podCidr: '10.0.128.0/17',
};

// What the schema itself refuses could not have been stored before either.
const cases = ruleCases.filter(({ from, says }) => from === undefined && !says.source.includes('Unsupported value'));

suite('objects that break a rule and were there before it', () => {
  let controlPlane: ControlPlane;
  before(async () => {
    controlPlane = await startControlPlane();
    const lax = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: withoutRules(customResourceDefinitions) });
    await controlPlane.kubectl(['apply', '--server-side', '-f', '-'], lax);
    await controlPlane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    const spec = tcp({ network: overlapping });
    const { client } = controlPlane;
    await client.create<CustomObject>(untyped(tenantControlPlanes), { metadata: lasting, spec });
    await Promise.all(cases.map((one, index) => client.create(untyped(one.kind), objectOf(one, index))));
    await installCrds(controlPlane);
    await rulesAreInForce();
  });
  after(() => controlPlane.stop());

  for (const [index, one] of cases.entries()) {
    test(`${one.kind.kind}: ${one.title}: it can be labelled, get a status, lose its finalizer and be deleted`, async () => {
      const { client } = controlPlane;
      const resource = untyped(one.kind);
      const key = keyOf(objectOf(one, index));
      const labelled = await client.mergePatch(resource, key, { metadata: { labels: { 'test.example/old': 'yes' } } });
      assert.equal(labelled.metadata?.labels?.['test.example/old'], 'yes');
      if (one.kind.kind !== 'KamajiControlPlaneTemplate') {
        const status = { observedGeneration: 1 };
        const stored = await client.mergePatch(resource, key, { status }, { subresource: 'status' });
        assert.deepEqual(stored.status?.['observedGeneration'], 1);
      }
      await client.delete(resource, key);
      assert.ok((await client.get(resource, key)) !== undefined, 'the finalizer holds it');
      await client.mergePatch(resource, key, { metadata: { finalizers: null } });
      assert.equal(await client.get(resource, key), undefined);
    });
  }

  test('a tenant with networks that overlap can have another certificate name, and other networks only if they do not', async () => {
    const { client } = controlPlane;
    const patch = (networkProfile: JsonObject) =>
      client.mergePatch<CustomObject>(untyped(tenantControlPlanes), lasting, { spec: { networkProfile } });
    const { spec } = await patch({ certSANs: ['other.example.com'] });
    assert.deepEqual(spec?.['networkProfile'], { ...overlapping, certSANs: ['other.example.com'] });
    await assert.rejects(patch({ podCidr: '10.0.64.0/18' }), /overlap: choose networks that do not/);
    await patch({ podCidr: '10.1.0.0/16' });
  });

  /** The API server takes changed rules into use a moment after it has stored them. */
  async function rulesAreInForce(): Promise<void> {
    const probe = { metadata: { namespace: 'default', name: 'probe' }, spec: tcp({ network: overlapping }) };
    const isAccepted = async (): Promise<boolean> => {
      try {
        await controlPlane.client.create(untyped(tenantControlPlanes), probe);
        return true;
      } catch {
        return false;
      }
    };
    while (await isAccepted()) await controlPlane.client.delete(tenantControlPlanes, probe.metadata);
  }
});

function untyped(kind: RuleCase['kind']): Resource<CustomObject> {
  return kind;
}

function objectOf({ kind, refused, refusedName }: RuleCase, index: number): CustomObject {
  const name = refusedName ?? `old-${index}`;
  return {
    metadata: { name, finalizers: [finalizer], ...(kind.namespaced && { namespace: 'default' }) },
    spec: refused,
  };
}

function withoutRules(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRules);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'x-kubernetes-validations');
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutRules(child)]));
}
