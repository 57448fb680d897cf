import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import * as fc from 'fast-check';
import { kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { configMaps, deployments, secrets, services } from '#runtime/client/builtin.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane.ts';
import { propertyRuns } from '../../property.ts';
import { ownCrdsWithoutRules } from '../schema/own-crds.ts';
import type { JsonObject } from '../schema/schema-node.ts';
import type { TypeSchema } from '../schema/type-schema.ts';
import { schemaOfBuiltin, schemaOfCrd } from '../schema/type-schema.ts';
import { widgetCrd, widgets } from '../schema/widget-crd.ts';
import { arbitraryConfigMap, arbitraryCustom, arbitrarySecret, arbitraryService } from './arbitrary-contents.ts';
import type { Contents } from './arbitrary-contents.ts';
import { arbitraryDeployment } from './arbitrary-deployment.ts';
import { arbitraryWrites } from './arbitrary-writes.ts';
import type { Write } from './arbitrary-writes.ts';
import type { ComparedWrites } from './compared-writes.ts';
import { compareWrites } from './compared-writes.ts';

type Kind = readonly [Resource, TypeSchema, Contents];

suite('writes to ours end as they do at a real API server', async () => {
  let controlPlane: ControlPlane;
  const crds = new Map([['Widget', widgetCrd], ...(await ownCrdsWithoutRules())]);
  before(async () => {
    controlPlane = await startControlPlane();
    const manifests = [...crds.values()].map((crd) => JSON.stringify(crd)).join('\n');
    await controlPlane.kubectl(['apply', '--server-side', '-f', '-'], manifests);
    await controlPlane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  });
  after(() => controlPlane.stop());

  const custom = (resource: Resource): Kind => {
    const schema = schemaOfCrd(crds.get(resource.kind) ?? {}, resource.version);
    return [resource, schema, arbitraryCustom(schema.declared ?? {})];
  };
  const kinds: readonly Kind[] = [
    custom(widgets),
    custom(tenantControlPlanes),
    custom(kamajiControlPlanes),
    [configMaps, schemaOfBuiltin('', 'ConfigMap'), arbitraryConfigMap],
    [secrets, schemaOfBuiltin('', 'Secret'), arbitrarySecret],
    [services, schemaOfBuiltin('', 'Service'), arbitraryService],
    [deployments, schemaOfBuiltin('apps', 'Deployment'), arbitraryDeployment],
  ];
  for (const [resource, schema, contents] of kinds) {
    test(`${resource.kind}: the object and its managedFields`, async (t) => {
      const seen: ComparedWrites = { stored: 0, unchanged: 0, conflicts: 0, otherRefusals: 0 };
      let sequences = 0;
      await fc.assert(
        fc.asyncProperty(arbitraryWrites(contents), async (writes) => {
          const key = { namespace: 'default', name: `x-${randomUUID()}` };
          const plain = JSON.parse(JSON.stringify(writes)) as typeof writes;
          sequences++;
          await compareWrites(controlPlane.client, untyped(resource), schema, key, plain, seen);
        }),
        propertyRuns(15),
      );
      t.diagnostic(JSON.stringify({ sequences, ...seen }));
    });
  }

  test('more updaters than are remembered', async () => {
    const patch = (index: number): Write => {
      const content = { data: { [`key-${index}`]: 'x' } };
      return { verb: 'merge patch', manager: `manager-${String(index).padStart(2, '0')}`, isStatus: false, content };
    };
    const created: Write = { verb: 'replace', isStatus: false, content: { data: { a: 'b' } } };
    const writes = [created, ...Array.from({ length: 13 }, (_, index) => patch(index))];
    const key = { namespace: 'default', name: `x-${randomUUID()}` };
    const seen: ComparedWrites = { stored: 0, unchanged: 0, conflicts: 0, otherRefusals: 0 };
    const schema = schemaOfBuiltin('', 'ConfigMap');
    await compareWrites(controlPlane.client, untyped(configMaps), schema, key, writes, seen);
    assert.equal(seen.stored, writes.length);
  });
});

function untyped(resource: Resource): Resource<JsonObject & KubeObject> {
  return { ...resource } as Resource<JsonObject & KubeObject>;
}
