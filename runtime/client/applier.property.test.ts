import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, suite, test } from 'node:test';
import * as fc from 'fast-check';
import { createApiServer } from '#test/api-server/api-server.ts';
import {
  arbitraryConfigMap,
  arbitraryCustom,
  arbitrarySecret,
  arbitraryService,
} from '#test/api-server/apply/arbitrary-contents.ts';
import { arbitraryDeployment } from '#test/api-server/apply/arbitrary-deployment.ts';
import { arbitraryPatch } from '#test/api-server/apply/arbitrary-writes.ts';
import { missingChanges } from '#test/api-server/apply/missing-changes.ts';
import type { JsonObject } from '#test/api-server/schema/schema-node.ts';
import { isObject } from '#test/api-server/schema/schema-node.ts';
import { withPathsOf } from '#test/api-server/schema/subresources.ts';
import type { TypeSchema } from '#test/api-server/schema/type-schema.ts';
import { schemaOfBuiltin, schemaOfCrd } from '#test/api-server/schema/type-schema.ts';
import { widgetCrd, widgets } from '#test/api-server/schema/widget-crd.ts';
import { startControlPlane } from '#test/control-plane.ts';
import { propertyRuns } from '#test/property.ts';
import { FakeClock } from '../clock.fake.ts';
import { createApplier } from './applier.ts';
import { configMaps, deployments, secrets, services } from './builtin.ts';
import { canonicalHash } from './canonical.ts';
import type { Client, Writer } from './client.ts';
import { ApiError } from './errors.ts';
import { createClient } from './kube-client.ts';
import type { KubeObject, Resource } from './resource.ts';
import { apiVersionOf } from './resource.ts';

type AnyObject = JsonObject & KubeObject;

/** Something that happens to one object, or to the process that keeps it as it is wanted. */
type Step =
  | {
      readonly what: 'we want' | 'another applies' | 'somebody patches' | 'somebody recreates';
      readonly content: JsonObject;
    }
  | { readonly what: 'the hash is edited'; readonly to: string | null }
  | { readonly what: 'an old state is recreated' | 'we run on an old state'; readonly age: number }
  | { readonly what: 'we run' | 'we restart' | 'it is deleted' };

const options = { fieldManager: 'ours', hashAnnotation: 'example.com/applied' };

function arbitrarySteps(content: fc.Arbitrary<JsonObject>): fc.Arbitrary<readonly Step[]> {
  const age = fc.nat(4);
  const steps: readonly (readonly [weight: number, step: fc.Arbitrary<Step>])[] = [
    [4, fc.record({ what: fc.constant('we want'), content })],
    [2, fc.record({ what: fc.constant('another applies'), content })],
    [4, fc.record({ what: fc.constant('somebody patches'), content: arbitraryPatch(content) })],
    [1, fc.record({ what: fc.constant('somebody recreates'), content })],
    [1, fc.record({ what: fc.constant('the hash is edited'), to: fc.constantFrom(null, '', 'by hand') })],
    [1, fc.record({ what: fc.constant('an old state is recreated'), age })],
    [2, fc.record({ what: fc.constant('we run on an old state'), age })],
    [6, fc.constant({ what: 'we run' })],
    [1, fc.constant({ what: 'we restart' })],
    [1, fc.constant({ what: 'it is deleted' })],
  ];
  const step = fc.oneof(...steps.map(([weight, arbitrary]) => ({ weight, arbitrary })));
  return fc.array(step, { minLength: 3, maxLength: 14 });
}

/** One object on a server, and the process that keeps it. */
class Scenario {
  readonly #client: Client;
  readonly #resource: Resource<AnyObject>;
  readonly #schema: TypeSchema;
  readonly #key = { namespace: 'default', name: `x-${randomUUID()}` };
  #applier = createApplier(options);
  #wanted: AnyObject;
  #states: AnyObject[] = [];
  #writes = 0;

  constructor(client: Client, resource: Resource<AnyObject>, schema: TypeSchema, first: JsonObject) {
    this.#client = client;
    this.#resource = resource;
    this.#schema = schema;
    this.#wanted = this.#named(first);
  }

  async step(step: Step): Promise<void> {
    try {
      await this.#do(step);
    } catch (error) {
      // What the server does not accept has not happened.
      if (!(error instanceof ApiError) || (error.status !== 422 && error.status !== 500)) throw error;
    }
    const state = await this.#read();
    if (state !== undefined) this.#states.unshift(state);
  }

  async #do(step: Step): Promise<unknown> {
    switch (step.what) {
      case 'we want':
        return (this.#wanted = this.#named(step.content));
      case 'another applies':
        return this.#client.apply(this.#resource, this.#named(step.content), { fieldManager: 'another' });
      case 'somebody patches':
        return this.#patch(step.content);
      case 'somebody recreates':
        await this.#delete();
        return this.#client.create(this.#resource, this.#named(step.content));
      case 'the hash is edited':
        return this.#patch({ metadata: { annotations: { [options.hashAnnotation]: step.to } } });
      case 'an old state is recreated':
        return this.#recreate(this.#states[step.age]);
      case 'it is deleted':
        return this.#delete();
      case 'we restart':
        return (this.#applier = createApplier(options));
      case 'we run on an old state':
        return this.#run(this.#states[step.age]);
      case 'we run':
        return this.#runAndCheck();
    }
  }

  /** Each write is news that brings the next pass, until one has nothing to write. */
  async #runAndCheck(): Promise<void> {
    for (let pass = 1; ; pass++) {
      this.#writes = 0;
      await this.#run(await this.#read());
      if (this.#writes === 0) break;
      assert.ok(pass < 4, 'still writing although nothing has changed');
    }
    const live = await this.#read();
    assert.ok(live);
    this.#assertSettled(live);
  }

  /** As an informer gives it to a controller: without managedFields. */
  async #run(live: AnyObject | undefined): Promise<void> {
    const counting: Pick<Writer, 'apply' | 'mergePatch'> = {
      apply: (...args) => {
        this.#writes++;
        return this.#client.apply(...args);
      },
      mergePatch: (...args) => {
        this.#writes++;
        return this.#client.mergePatch(...args);
      },
    };
    const cached = live && withPathsOf(live, {}, [['metadata', 'managedFields']]);
    await this.#applier.apply(counting, this.#resource, this.#wanted, cached);
  }

  /** An apply of what we want would make nothing else of it. */
  #assertSettled(live: AnyObject): void {
    const hash = { [options.hashAnnotation]: canonicalHash(this.#wanted) };
    const applied = {
      ...this.#wanted,
      metadata: { ...this.#wanted.metadata, annotations: { ...this.#wanted.metadata?.annotations, ...hash } },
    };
    const changes = missingChanges(live, applied, options.fieldManager, this.#schema);
    assert.deepEqual(changes, [], 'fields that an apply would have changed');
  }

  #patch(content: JsonObject): Promise<AnyObject | undefined> {
    const patched = this.#client.mergePatch(this.#resource, this.#key, content, { fieldManager: 'somebody' });
    return ifThere(patched);
  }

  async #recreate(state: AnyObject | undefined): Promise<void> {
    if (state === undefined) return;
    await this.#delete();
    const identity = [
      'uid',
      'resourceVersion',
      'managedFields',
      'creationTimestamp',
      'generation',
      'deletionTimestamp',
    ];
    const content = withPathsOf(state, {}, [
      ...identity.map((name) => ['metadata', name]),
      ['spec', 'clusterIP'],
      ['spec', 'clusterIPs'],
    ]);
    await this.#client.create(this.#resource, content);
  }

  async #delete(): Promise<void> {
    if ((await this.#patch({ metadata: { finalizers: null } })) !== undefined) {
      await this.#client.delete(this.#resource, this.#key);
    }
  }

  #read(): Promise<AnyObject | undefined> {
    return this.#client.get(this.#resource, this.#key);
  }

  #named(content: JsonObject): AnyObject {
    const metadata = isObject(content['metadata']) ? content['metadata'] : {};
    const type = { apiVersion: apiVersionOf(this.#resource), kind: this.#resource.kind };
    return { ...content, ...type, metadata: { ...metadata, ...this.#key } };
  }
}

async function ifThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.isNotFound) return undefined;
    throw error;
  }
}

const widgetSchema = schemaOfCrd(widgetCrd, 'v1');
const kinds: readonly (readonly [Resource, TypeSchema, fc.Arbitrary<JsonObject>])[] = [
  [configMaps, schemaOfBuiltin('', 'ConfigMap'), arbitraryConfigMap.object],
  [secrets, schemaOfBuiltin('', 'Secret'), arbitrarySecret.object],
  [services, schemaOfBuiltin('', 'Service'), arbitraryService.object],
  [deployments, schemaOfBuiltin('apps', 'Deployment'), arbitraryDeployment.object],
  [widgets, widgetSchema, arbitraryCustom(widgetSchema.declared ?? {}).object],
];

async function tryScenarios(connect: () => Client, [resource, schema, content]: (typeof kinds)[number], runs: number) {
  const plain = content.map((value): JsonObject => JSON.parse(JSON.stringify(value)));
  await fc.assert(
    fc.asyncProperty(plain, arbitrarySteps(plain), async (first, steps) => {
      const scenario = new Scenario(connect(), { ...resource } as Resource<AnyObject>, schema, first);
      for (const step of [...steps, { what: 'we run' } as const]) await scenario.step(step);
    }),
    propertyRuns(runs),
  );
}

for (const kind of kinds) {
  test(`a ${kind[0].kind} is never left other than wanted, and never written without need`, async () => {
    const connect = (): Client =>
      createClient(createApiServer({ clock: new FakeClock(), crds: [widgetCrd] }).transport());
    await tryScenarios(connect, kind, 30);
  });
}

suite('the same on a real API server', async () => {
  const controlPlane = await startControlPlane();
  await controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(widgetCrd));
  await controlPlane.kubectl(['wait', '--for=condition=Established', `crd/${widgetCrd.metadata.name}`]);
  after(() => controlPlane.stop());
  for (const kind of kinds) test(kind[0].kind, () => tryScenarios(() => controlPlane.client, kind, 4));
});
