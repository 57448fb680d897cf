import { TypedPatchError, applyConfiguration, conflictMessage, trackUpdate } from './apply/server-side-apply.ts';
import type { ApplyConflict } from './apply/server-side-apply.ts';
import { checkAbsence, checkKey, checkNamespace, problems } from './checks.ts';
import { keyOf } from './core.ts';
import type { Core, WriteOptions } from './core.ts';
import { checkPreconditions, isSameObject, newMetadata, raisesGeneration, updatedMetadata } from './metadata.ts';
import { generatedName, nameErrors, uuid } from './names.ts';
import type { ApiMeta, ApiObject } from './object.ts';
import { defaultObject, prune } from './schema/type-schema.ts';
import { collectionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { Refusal, alreadyExists, failure, invalid, notFound, statusOf } from './status.ts';
import { strategyOf } from './strategies.ts';

/** One object of one kind. */
export interface Target {
  readonly kind: ServedKind;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
}

export interface UpdateOptions extends WriteOptions {
  readonly subresource: string;
  /** Whether the whole object was sent rather than a patch. */
  readonly isPut: boolean;
}

export interface Written {
  readonly object: ApiObject;
  readonly created: boolean;
}

/** Stores a new object. Throws Refusal. */
export function create(
  core: Core,
  { kind, namespace }: Omit<Target, 'name'>,
  input: ApiObject,
  options: WriteOptions,
): ApiObject {
  checkNamespace(core, kind, namespace, input);
  if (input.metadata.resourceVersion) throw failure('resourceVersion should not be set on objects to be created');
  const object = decoded(kind, { ...input, metadata: newMetadata(kind, input.metadata) });
  return insert(
    core,
    { kind, namespace },
    tracked(core, kind, undefined, object, { ...options, subresource: '' }),
    options,
  );
}

/** Replaces an object by what `change` makes of it. Throws Refusal. */
export function update(
  core: Core,
  target: Target,
  change: (before: ApiObject) => ApiObject,
  options: UpdateOptions,
): ApiObject {
  const { kind, namespace, name } = target;
  const before = read(core, target);
  const proposed = change(before);
  checkKey(proposed, namespace, name);
  checkPreconditions(kind, before, proposed, options.isPut);
  const sent = decoded(kind, proposed);
  const object = { ...sent, metadata: updatedMetadata(kind, before, sent) };
  return commit(core, target, before, tracked(core, kind, before, object, options), options);
}

/** Server-side apply. Throws Refusal. */
export function apply(
  core: Core,
  target: Target,
  applied: ApiObject,
  options: WriteOptions & { readonly force: boolean; readonly subresource: string },
): Written {
  const { kind, namespace, name } = target;
  const before = core.store.get(collectionOf(kind), keyOf(namespace, name));
  if (before === undefined && options.subresource !== '') throw notFound(kind, name);
  checkKey(applied, namespace, name);
  if (before === undefined) {
    checkAbsence(kind, name, applied);
    checkNamespace(core, kind, namespace, applied);
    const metadata = { ...newMetadata(kind, applied.metadata), name };
    const object = merged(core, kind, undefined, { ...applied, metadata }, options);
    return { object: insert(core, target, object, options), created: true };
  }
  checkPreconditions(kind, before, applied, false);
  const object = merged(core, kind, before, applied, options);
  if (object === before) return { object, created: false };
  const { managedFields } = object.metadata;
  const metadata = { ...updatedMetadata(kind, before, object), ...(managedFields && { managedFields }) };
  return { object: commit(core, target, before, { ...object, metadata }, options), created: false };
}

/** The stored object. Throws Refusal when there is none. */
export function read(core: Core, { kind, namespace, name }: Target): ApiObject {
  const object = core.store.get(collectionOf(kind), keyOf(namespace, name));
  if (object === undefined) throw notFound(kind, name);
  return object;
}

function insert(
  core: Core,
  { kind, namespace }: Omit<Target, 'name'>,
  object: ApiObject,
  options: WriteOptions,
): ApiObject {
  const given = object.metadata;
  const name = given.name ?? (given.generateName === undefined ? '' : generatedName(given.generateName, core.random));
  if (name === '') {
    const message = 'Required value: name or generateName is required';
    throw invalid(kind, '', [{ field: 'metadata.name', reason: 'FieldValueRequired', message }]);
  }
  const metadata: ApiMeta = {
    ...given,
    name,
    ...(kind.namespaced ? { namespace } : {}),
    uid: uuid(core.random),
    creationTimestamp: core.now(),
  };
  const prepared = prepare(core, kind, { ...object, metadata }, undefined);
  const errors = [...nameErrors(kind, name), ...problems(core, kind, prepared, undefined, '')];
  if (errors.length > 0) throw invalid(kind, name, errors);
  const collection = collectionOf(kind);
  const key = keyOf(namespace, name);
  const present = core.store.get(collection, key);
  if (present !== undefined) throw alreadyExists(kind, name, present.metadata.deletionTimestamp !== undefined);
  return options.dryRun ? prepared : core.store.put(collection, key, prepared);
}

function commit(
  core: Core,
  target: Target,
  before: ApiObject,
  given: ApiObject,
  options: WriteOptions & { readonly subresource: string },
): ApiObject {
  if (given === before) return before;
  const { kind, namespace, name } = target;
  const prepared = prepare(core, kind, given, before);
  const errors = problems(core, kind, prepared, before, options.subresource);
  if (errors.length > 0) throw invalid(kind, name, errors);
  const generation = (before.metadata.generation ?? 0) + 1;
  const isRaised = options.subresource !== 'status' && raisesGeneration(kind.generation, before, prepared);
  const after = isRaised ? { ...prepared, metadata: { ...prepared.metadata, generation } } : prepared;
  const collection = collectionOf(kind);
  const key = keyOf(namespace, name);
  if (isLastFinalizerGone(before, after)) {
    if (!options.dryRun) core.store.delete(collection, key);
    return after;
  }
  if (isSameObject(before, after)) return before;
  return options.dryRun ? after : core.store.put(collection, key, after);
}

function prepare(core: Core, kind: ServedKind, object: ApiObject, before: ApiObject | undefined): ApiObject {
  return strategyOf(kind).prepare?.(core, object, before) ?? object;
}

function isLastFinalizerGone(before: ApiObject, after: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = after.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0) return false;
  return finalizers.length === 0 && (before.metadata.finalizers ?? []).length > 0;
}

/** The object as the server reads it: without unknown fields, with defaults. */
function decoded(kind: ServedKind, object: ApiObject): ApiObject {
  return asApiObject(defaultObject(kind.schema(), prune(kind.schema(), object)));
}

/** What is to be stored when `after` is sent; `before` itself when that changes nothing. */
function tracked(
  core: Core,
  kind: ServedKind,
  before: ApiObject | undefined,
  after: ApiObject,
  { manager, subresource }: WriteOptions & { readonly subresource: string },
): ApiObject {
  const input = { before, after, manager, operation: 'Update', schema: kind.schema(), now: core.now() } as const;
  const object = trackUpdate(subresource === '' ? input : { ...input, subresource });
  if (object === before) return before;
  return subresource === 'scale' ? withoutScaleTimes(asApiObject(object)) : asApiObject(object);
}

// The server forgets the time of what is written by way of a Scale.
function withoutScaleTimes(object: ApiObject): ApiObject {
  const managedFields = object.metadata.managedFields?.map((entry) => {
    const { time: _, ...rest } = entry;
    return entry.subresource === 'scale' ? rest : entry;
  });
  return { ...object, metadata: { ...object.metadata, ...(managedFields && { managedFields }) } };
}

/** What is to be stored when `applied` is applied; `live` itself when that changes nothing. Throws Refusal. */
function merged(
  core: Core,
  kind: ServedKind,
  live: ApiObject | undefined,
  applied: ApiObject,
  options: WriteOptions & { readonly force: boolean; readonly subresource: string },
): ApiObject {
  const { manager, force, subresource } = options;
  const input = { live, applied, manager, force, schema: kind.schema(), now: core.now() };
  let result: ReturnType<typeof applyConfiguration>;
  try {
    result = applyConfiguration(subresource === '' ? input : { ...input, subresource });
  } catch (error) {
    if (error instanceof TypedPatchError) throw failure(error.message);
    throw error;
  }
  if ('conflicts' in result) throw applyConflict(result.conflicts);
  return result.object === live ? live : asApiObject(result.object);
}

function asApiObject(object: { metadata?: ApiMeta }): ApiObject {
  return { ...object, metadata: object.metadata ?? {} };
}

function applyConflict(conflicts: readonly ApplyConflict[]): Refusal {
  const causes = conflicts.map(({ manager, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field,
  }));
  return new Refusal(statusOf(409, 'Conflict', conflictMessage(conflicts), { causes }));
}
