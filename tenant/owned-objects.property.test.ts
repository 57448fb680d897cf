import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { labels, PROJECT } from '#api/labels.ts';
import { configMaps, deployments, services } from '#runtime/client/builtin.ts';
import { canonicalHash } from '#runtime/client/canonical.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf, keyOf } from '#runtime/client/resource.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { createApiServer } from '#test/api-server/api-server.ts';
import { arbitraryConfigMap, arbitraryService } from '#test/api-server/apply/arbitrary-contents.ts';
import { arbitraryDeployment } from '#test/api-server/apply/arbitrary-deployment.ts';
import { arbitraryPatch } from '#test/api-server/apply/arbitrary-writes.ts';
import { missingChanges } from '#test/api-server/apply/missing-changes.ts';
import type { JsonObject } from '#test/api-server/schema/schema-node.ts';
import { isObject } from '#test/api-server/schema/schema-node.ts';
import { schemaOfBuiltin } from '#test/api-server/schema/type-schema.ts';
import { propertyRuns } from '#test/property.ts';
import type { DesiredObject } from './owned-objects.ts';
import { createOwnedObjects } from './owned-objects.ts';

const namespace = 'default';
const signal = new AbortController().signal;
const options = {
  fieldManager: 'ours',
  hashAnnotation: 'example.com/applied',
  namespaces: [namespace],
  turns: [[configMaps, services], [deployments]],
};
const mark = { [labels.project]: PROJECT };

const kinds: readonly (readonly [Resource, fc.Arbitrary<JsonObject>])[] = [
  [configMaps, arbitraryConfigMap.object],
  [services, arbitraryService.object],
  [deployments, arbitraryDeployment.object],
];

interface Content {
  readonly resource: Resource;
  readonly name: string;
  readonly content: JsonObject;
}

type Step =
  | { readonly what: 'we want'; readonly objects: readonly Content[] }
  | { readonly what: 'another applies' | 'somebody patches'; readonly to: Content }
  | {
      readonly what: 'somebody deletes' | 'somebody takes the mark away';
      readonly name: string;
      readonly resource: Resource;
    }
  | { readonly what: 'we look' | 'we look until all is quiet' | 'we restart' };

const name = fc.constantFrom('a', 'b');
const resource = fc.constantFrom(...kinds.map(([one]) => one));
const content = (change = (one: fc.Arbitrary<JsonObject>) => one): fc.Arbitrary<Content> =>
  fc.oneof(
    ...kinds.map(([one, object]) =>
      fc.record({ resource: fc.constant(one), name, content: change(object).map(plain) }),
    ),
  );
const selector = ({ resource: one, name: two }: Content): string => `${one.kind}/${two}`;
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constant('we want'),
        objects: fc.uniqueArray(content(), { selector, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('another applies'), to: content() }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('somebody patches'), to: content(arbitraryPatch) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('somebody deletes'), name, resource }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('somebody takes the mark away'), name, resource }) },
    { weight: 3, arbitrary: fc.constant<Step>({ what: 'we look' }) },
    { weight: 2, arbitrary: fc.constant<Step>({ what: 'we look until all is quiet' }) },
    { weight: 1, arbitrary: fc.constant<Step>({ what: 'we restart' }) },
  ),
  { minLength: 3, maxLength: 14 },
);

class Tenant {
  readonly #client: Client;
  #owned = createOwnedObjects(options);
  #wanted: readonly DesiredObject[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  async step(step: Step): Promise<unknown> {
    switch (step.what) {
      case 'we want':
        return (this.#wanted = step.objects.map((one) => ({ resource: one.resource, object: named(one, mark) })));
      case 'another applies':
        return ifAccepted(this.#client.apply(step.to.resource, named(step.to, {}), { fieldManager: 'another' }));
      case 'somebody patches':
        return ifAccepted(this.#client.mergePatch(step.to.resource, keyOf(named(step.to, {})), step.to.content));
      case 'somebody deletes':
        return this.#client.delete(step.resource, { namespace, name: step.name });
      case 'somebody takes the mark away': {
        const patch = { metadata: { labels: { [labels.project]: null } } };
        return ifAccepted(this.#client.mergePatch(step.resource, { namespace, name: step.name }, patch));
      }
      case 'we restart':
        return (this.#owned = createOwnedObjects(options));
      case 'we look':
        return this.#look();
      case 'we look until all is quiet':
        return this.#lookAndCheck();
    }
  }

  #look() {
    return this.#owned.ensure(
      'tenant',
      this.#client,
      async () => ({ desired: this.#wanted, notes: undefined }),
      signal,
    );
  }

  async #lookAndCheck(): Promise<void> {
    for (let quiet = 0, looks = 1; quiet < options.turns.length; looks++) {
      const { applied, pruned, failures } = await this.#look();
      // What the server does not accept cannot come to be.
      if (failures.length > 0 && failures.every(({ error }) => error instanceof ApiError && error.isInvalid)) return;
      assert.deepEqual(failures, []);
      quiet = applied + pruned === 0 ? quiet + 1 : 0;
      assert.ok(looks < 12, 'still writing although nothing has changed');
    }
    for (const { resource: kind, object } of this.#wanted) {
      const live = await this.#client.get(kind, keyOf(object));
      assert.ok(live, `${kind.kind} is missing`);
      const annotations = { ...object.metadata?.annotations, [options.hashAnnotation]: canonicalHash(object) };
      const applied = { ...object, metadata: { ...object.metadata, annotations } };
      const changes = missingChanges(live, applied, options.fieldManager, schemaOfBuiltin(kind.group, kind.kind));
      assert.deepEqual(changes, [], `what is missing in a ${kind.kind}`);
    }
  }
}

/** As it is on the wire. */
function plain(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

function named({ resource: kind, name: text, content: { metadata, ...rest } }: Content, own: JsonObject): KubeObject {
  const { labels: given, annotations } = isObject(metadata) ? metadata : {};
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    ...rest,
    metadata: {
      name: text,
      namespace,
      labels: { ...(isObject(given) ? given : {}), ...own },
      ...(isObject(annotations) && { annotations }),
    },
  } as KubeObject;
}

async function ifAccepted(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    // What is not there is not changed either.
    if (!(error instanceof ApiError) || !(error.isNotFound || error.isInvalid)) throw error;
  });
}

const quiet: Step = { what: 'we look until all is quiet' };

async function happens(...list: readonly Step[]): Promise<void> {
  const tenant = new Tenant(createClient(createApiServer({ clock: new FakeClock() }).transport()));
  for (const step of list) await tenant.step(step);
}

test('what we own inside a tenant comes to be as wanted, and is then left alone', async () => {
  await fc.assert(
    fc.asyncProperty(steps, (list) => happens(...list, quiet)),
    propertyRuns(40),
  );
});

test('what is going already is not deleted again at every look', async () => {
  const held: Content = { resource: configMaps, name: 'a', content: { metadata: { finalizers: ['example.com/a'] } } };
  const patch: Step = { what: 'somebody patches', to: held };
  await happens(
    { what: 'we want', objects: [held] },
    { what: 'we look' },
    patch,
    { what: 'we want', objects: [] },
    quiet,
  );
});

test('a member that is wanted empty now is there in the end', async () => {
  const wish = (affinity: JsonObject): Step => {
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: { affinity, containers: [{ name: 'c', image: 'x:1' }] },
    };
    const content = { metadata: {}, spec: { selector: { matchLabels: { a: 'b' } }, template } };
    return { what: 'we want', objects: [{ resource: deployments, name: 'a', content }] };
  };
  await happens(wish({ podAntiAffinity: {} }), quiet, wish({}), quiet);
});
