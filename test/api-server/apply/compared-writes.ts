import assert from 'node:assert/strict';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { applyMergePatch } from '#runtime/client/merge-patch.ts';
import type { KubeObject, ObjectKey, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { JsonObject } from '../schema/schema-node.ts';
import { isObject } from '../schema/schema-node.ts';
import { withPathsOf } from '../schema/subresources.ts';
import type { TypeSchema } from '../schema/type-schema.ts';
import { defaultObject, prune, validate } from '../schema/type-schema.ts';
import type { Write } from './arbitrary-writes.ts';
import { TypedPatchError, applyConfiguration, conflictMessage, trackUpdate } from './server-side-apply.ts';

/** How a write ended: with the stored object, or with a refusal that both should give. */
type Outcome =
  | { readonly stored: JsonObject; readonly isUnchanged: boolean }
  | { readonly refusal: string; readonly causes: readonly string[] };

/** What the comparison saw, for the reader of a run. */
export interface ComparedWrites {
  /** Writes of both that ended in a stored object. */
  stored: number;
  /** Writes that changed nothing. */
  unchanged: number;
  conflicts: number;
  otherRefusals: number;
}

/** Does the writes, one after the other, to one object of a real API server and to ours; both must be the same throughout. */
export async function compareWrites(
  client: Client,
  resource: Resource<JsonObject & KubeObject>,
  schema: TypeSchema,
  key: ObjectKey,
  writes: readonly Write[],
  seen: ComparedWrites,
): Promise<void> {
  let live: JsonObject | undefined;
  for (const write of writes) {
    if (live === undefined && ('isStatus' in write ? write.isStatus || write.verb === 'merge patch' : true)) continue;
    const before = live;
    const startedAt = Date.now();
    const real = await outcome(before, () => send(client, resource, key, before, write));
    const candidates = secondsBetween(startedAt, Date.now()).map((time) => {
      return ourOutcome(before, () => predict(schema, resource, key, before, write, time));
    });
    // What the server's own code for the kind says is not known to ours.
    if (schema.declared === undefined && 'refusal' in real && !real.refusal.startsWith('Apply failed')) {
      seen.otherRefusals++;
      continue;
    }
    const expected = 'stored' in real ? { ...real, stored: withoutIdentity(real.stored) } : real;
    const ours = candidates.map((one) => {
      return 'stored' in one ? { ...one, stored: withoutIdentity(withAllocated(one.stored, real)) } : one;
    });
    if (!ours.some((one) => sameJson(one, expected))) assert.deepEqual(ours[0], expected, JSON.stringify(write));
    if ('stored' in real) {
      if (real.isUnchanged) seen.unchanged++;
      else seen.stored++;
      live = real.stored;
    } else if (real.refusal.startsWith('Apply failed')) seen.conflicts++;
    else seen.otherRefusals++;
  }
}

async function send(
  client: Client,
  resource: Resource<JsonObject & KubeObject>,
  key: ObjectKey,
  live: JsonObject | undefined,
  write: Write,
): Promise<JsonObject> {
  if (write.verb === 'backdate') return client.replace(resource, backdated(live ?? {}));
  if (write.verb === 'forget owners') return client.replace(resource, withoutOwners(live ?? {}));
  const subresource = write.isStatus ? ({ subresource: 'status' } as const) : {};
  const content = contentOf(resource, key, write.content);
  switch (write.verb) {
    case 'apply':
      return client.apply(resource, content, { fieldManager: write.manager, force: write.force, ...subresource });
    case 'merge patch':
      return client.mergePatch(resource, key, write.content, { fieldManager: write.manager, ...subresource });
    case 'replace':
      if (live === undefined) return client.create(resource, content);
      return client.replace(resource, replacement(live, content), subresource);
  }
}

/** What ours makes of the write; throws what refuses it. */
function predict(
  schema: TypeSchema,
  resource: Resource,
  key: ObjectKey,
  live: JsonObject | undefined,
  write: Write,
  time: string,
): KubeObject {
  const isStatus = 'isStatus' in write && write.isStatus;
  const common = { schema, now: time, ...(isStatus ? { subresource: 'status' } : {}) };
  const after = (): KubeObject => {
    if (write.verb === 'apply') {
      const applied = contentOf(resource, key, write.content);
      const result = applyConfiguration({ ...common, live, applied, manager: write.manager, force: write.force });
      if ('conflicts' in result) throw new Conflict(conflictMessage(result.conflicts));
      return result.object;
    }
    const sent = read(schema, sentObject(resource, key, live, write));
    const manager = write.verb === 'merge patch' ? write.manager : 'node';
    return trackUpdate({ ...common, before: live, after: sent, manager, operation: 'Update' });
  };
  const object = after();
  const problems = validate(schema, object, isStatus);
  if (problems.length > 0)
    throw new Invalid(problems.map(({ field, reason, message }) => `${field} ${reason} ${message}`));
  return object;
}

class Conflict extends Error {}
class Invalid extends Error {
  readonly causes: readonly string[];
  constructor(causes: readonly string[]) {
    super('invalid');
    this.causes = causes;
  }
}

function sentObject(
  resource: Resource,
  key: ObjectKey,
  live: JsonObject | undefined,
  write: Exclude<Write, { verb: 'apply' }>,
): JsonObject {
  if (write.verb === 'backdate') return backdated(live ?? {});
  if (write.verb === 'forget owners') return withoutOwners(live ?? {});
  if (write.verb === 'merge patch') {
    const patched = applyMergePatch(live, write.content);
    return isObject(patched) ? patched : {};
  }
  const content = contentOf(resource, key, write.content);
  return live === undefined ? content : replacement(live, content);
}

function read(schema: TypeSchema, object: JsonObject): KubeObject {
  return defaultObject(schema, prune(schema, object));
}

function contentOf(resource: Resource, { namespace, name }: ObjectKey, content: JsonObject): JsonObject {
  const metadata = isObject(content['metadata']) ? content['metadata'] : {};
  const { kind } = resource;
  return { ...content, apiVersion: apiVersionOf(resource), kind, metadata: { ...metadata, name, namespace } };
}

// Those that a client may leave as they were, and those that the server has allocated.
const kept = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields'];
const allocated = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'];

function replacement(live: JsonObject, content: JsonObject): JsonObject {
  const spec = isObject(live['spec']) ? live['spec'] : {};
  const paths = [
    ...kept.map((name) => ['metadata', name]),
    ...allocated.filter((name) => Object.hasOwn(spec, name)).map((name) => ['spec', name]),
  ];
  return withPathsOf(content, live, paths);
}

function backdated(live: JsonObject): JsonObject {
  const metadata = isObject(live['metadata']) ? live['metadata'] : {};
  const { managedFields } = metadata;
  if (!Array.isArray(managedFields)) return live;
  const entries = managedFields.map((entry: unknown, index) => {
    return isObject(entry) ? { ...entry, time: `2020-01-01T00:00:${String(index).padStart(2, '0')}Z` } : entry;
  });
  const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {};
  const times = String(Number(annotations['backdated'] ?? 0) + 1);
  return {
    ...live,
    metadata: { ...metadata, annotations: { ...annotations, backdated: times }, managedFields: entries },
  };
}

function withoutOwners(live: JsonObject): JsonObject {
  return withPathsOf(live, { metadata: { managedFields: [{}] } }, [['metadata', 'managedFields']]);
}

async function outcome(before: JsonObject | undefined, call: () => Promise<JsonObject>): Promise<Outcome> {
  try {
    const stored = await call();
    return { stored, isUnchanged: before !== undefined && versionOf(stored) === versionOf(before) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.isInvalid) {
      const { causes = [] } = error.details;
      return {
        refusal: 'invalid',
        causes: causes.map(({ field, reason, message }) => `${field} ${reason} ${message}`).toSorted(),
      };
    }
    const message = error.message.slice(error.message.indexOf('Apply failed'));
    if (error.isConflict && message.startsWith('Apply failed')) return { refusal: sortedLines(message), causes: [] };
    if (error.message.includes('failed to create typed patch object')) return { refusal: 'not typed', causes: [] };
    throw error;
  }
}

function ourOutcome(before: JsonObject | undefined, call: () => KubeObject): Outcome {
  try {
    const stored = call();
    return { stored: { ...stored }, isUnchanged: stored === before };
  } catch (error) {
    if (error instanceof Conflict) return { refusal: sortedLines(error.message), causes: [] };
    if (error instanceof Invalid) return { refusal: 'invalid', causes: error.causes.toSorted() };
    if (error instanceof TypedPatchError) return { refusal: 'not typed', causes: [] };
    throw error;
  }
}

/** In which order managers are named is chance. */
function sortedLines(message: string): string {
  const [first = '', ...lines] = message.split(/: (?=conflicts with )|\n/);
  return [first, ...lines.toSorted()].join('\n');
}

function withAllocated(ours: JsonObject, real: Outcome): JsonObject {
  if (!('stored' in real) || !isObject(real.stored['spec'])) return ours;
  const names = allocated.filter((name) => Object.hasOwn(real.stored['spec'] as object, name));
  return withPathsOf(
    ours,
    real.stored,
    names.map((name) => ['spec', name]),
  );
}

function withoutIdentity(object: JsonObject): JsonObject {
  return withPathsOf(
    object,
    {},
    ['uid', 'resourceVersion', 'generation', 'creationTimestamp'].map((name) => ['metadata', name]),
  );
}

function versionOf(object: JsonObject): unknown {
  const { metadata } = object;
  return isObject(metadata) ? metadata['resourceVersion'] : undefined;
}

function sameJson(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

/** RFC 3339 times of all seconds that the interval touches; the server wrote one of them. */
function secondsBetween(from: number, to: number): readonly string[] {
  const first = Math.floor(from / 1000);
  const count = Math.floor(to / 1000) - first + 1;
  return Array.from({ length: count }, (_, i) => new Date((first + i) * 1000).toISOString().replace('.000', ''));
}
