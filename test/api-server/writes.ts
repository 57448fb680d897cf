import { applyConfiguration, trackUpdate } from './apply/server-side-apply.ts';
import { keyOf } from './core.ts';
import type { Core, WriteOptions } from './core.ts';
import { checkResourceVersion, givenMetadata, isSameObject, raisesGeneration, updatedMetadata } from './metadata.ts';
import { generatedName, nameErrors, uuid } from './names.ts';
import type { ApiMeta, ApiObject } from './object.ts';
import { defaultObject, prune, validate } from './schema/type-schema.ts';
import { collectionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { alreadyExists, badRequest, conflict, forbidden, invalid, notFound } from './status.ts';
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

/** Stores a new object. Throws Refusal. */
export function create(
  core: Core,
  { kind, namespace }: Omit<Target, 'name'>,
  input: ApiObject,
  options: WriteOptions,
): ApiObject {
  checkNamespace(core, kind, namespace, input);
  if (input.metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  const object = decoded(kind, input);
  return insert(core, { kind, namespace }, tracked(core, kind, undefined, object, options, ''), options);
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
  if (proposed.metadata.name !== name && (options.isPut || proposed.metadata.name !== undefined)) {
    throw badRequest(
      `the name of the object (${proposed.metadata.name ?? ''}) does not match the name on the URL (${name})`,
    );
  }
  if ((proposed.metadata.namespace ?? namespace) !== namespace) throw otherNamespace();
  const precondition = proposed.metadata.resourceVersion;
  checkResourceVersion(kind, before, precondition, options.isPut);
  const object = isolated(kind, before, withMetadata(kind, before, decoded(kind, proposed)), options.subresource);
  const after = tracked(core, kind, before, object, options, options.subresource);
  return commit(core, target, before, after, options);
}

/** Server-side apply. Throws Refusal. */
export function apply(
  core: Core,
  target: Target,
  applied: ApiObject,
  options: WriteOptions & { readonly force: boolean; readonly subresource: string },
): { readonly object: ApiObject; readonly created: boolean } {
  const { kind, namespace, name } = target;
  const live = core.store.get(collectionOf(kind), keyOf(namespace, name));
  if (live === undefined && options.subresource !== '') throw notFound(kind, name);
  const result = applyConfiguration({
    live,
    applied,
    manager: options.manager,
    force: options.force,
    ...(options.subresource === '' ? {} : { subresource: options.subresource }),
    schema: kind.schema(),
    now: core.now(),
  });
  if ('conflicts' in result) throw applyConflict(kind, name, result.conflicts);
  const merged = asApiObject(result.object);
  if (live === undefined) {
    checkNamespace(core, kind, namespace, applied);
    const named = { ...merged, metadata: { ...merged.metadata, name } };
    return { object: insert(core, target, decoded(kind, named), options), created: true };
  }
  if (applied.metadata.resourceVersion) checkResourceVersion(kind, live, applied.metadata.resourceVersion, false);
  const { managedFields } = merged.metadata;
  const object = isolated(kind, live, withMetadata(kind, live, decoded(kind, merged)), options.subresource);
  const after = { ...object, metadata: { ...object.metadata, ...(managedFields && { managedFields }) } };
  return { object: commit(core, target, live, after, options), created: false };
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
  const given = givenMetadata(object.metadata);
  const generated = given.name === undefined && given.generateName !== undefined;
  const name = generated ? generatedName(given.generateName ?? '', core.random) : (given.name ?? '');
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
    ...(kind.generation === 'none' ? {} : { generation: 1 }),
  };
  const { status: _, ...rest } = object;
  const prepared = prepare(core, kind, kind.status ? { ...rest, metadata } : { ...object, metadata }, undefined);
  const errors = [...nameErrors(kind, name), ...problems(core, kind, prepared, undefined)];
  if (errors.length > 0) throw invalid(kind, name, errors);
  const collection = collectionOf(kind);
  const key = keyOf(namespace, name);
  if (core.store.get(collection, key) !== undefined) throw alreadyExists(kind, name);
  return options.dryRun ? prepared : core.store.put(collection, key, prepared);
}

function commit(core: Core, target: Target, before: ApiObject, given: ApiObject, options: WriteOptions): ApiObject {
  const { kind, namespace, name } = target;
  const prepared = prepare(core, kind, given, before);
  const errors = problems(core, kind, prepared, before);
  if (errors.length > 0) throw invalid(kind, name, errors);
  const generation = (before.metadata.generation ?? 0) + 1;
  const after = raisesGeneration(kind.generation, before, prepared)
    ? { ...prepared, metadata: { ...prepared.metadata, generation } }
    : prepared;
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

function problems(core: Core, kind: ServedKind, object: ApiObject, before: ApiObject | undefined) {
  return [...validate(kind.schema(), object), ...(strategyOf(kind).errors?.(core, object, before) ?? [])];
}

function isLastFinalizerGone(before: ApiObject, after: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = after.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0) return false;
  return finalizers.length === 0 && (before.metadata.finalizers ?? []).length > 0;
}

/** The object in the form in which it is kept: without unknown fields, with defaults. */
function decoded(kind: ServedKind, object: ApiObject): ApiObject {
  return asApiObject(defaultObject(kind.schema(), prune(kind.schema(), object)));
}

function withMetadata(kind: ServedKind, before: ApiObject, after: ApiObject): ApiObject {
  const metadata = updatedMetadata(kind, before, after);
  const { name, namespace } = before.metadata;
  return { ...after, metadata: { ...metadata, ...(name && { name }), ...(namespace && { namespace }) } };
}

/** What a write to the object or to its `/status` may change of it. */
function isolated(kind: ServedKind, before: ApiObject, after: ApiObject, subresource: string): ApiObject {
  if (!kind.status) return after;
  const { status: old, ...rest } = before;
  const { status, ...others } = after;
  if (subresource === 'status') return { ...rest, ...(status === undefined ? {} : { status }) };
  return { ...others, ...(old === undefined ? {} : { status: old }) };
}

function tracked(
  core: Core,
  kind: ServedKind,
  before: ApiObject | undefined,
  after: ApiObject,
  options: WriteOptions,
  subresource: string,
): ApiObject {
  const input = { before, after, manager: options.manager, operation: 'Update', now: core.now() } as const;
  const schema = kind.schema();
  return asApiObject(trackUpdate({ ...input, schema, ...(subresource === '' ? {} : { subresource }) }));
}

function asApiObject(object: { metadata?: ApiMeta }): ApiObject {
  return { ...object, metadata: object.metadata ?? {} };
}

// Kubernetes: the admission plugin NamespaceLifecycle.
function checkNamespace(core: Core, kind: ServedKind, namespace: string, input: ApiObject): void {
  if (!kind.namespaced) return;
  if ((input.metadata.namespace || namespace) !== namespace) throw otherNamespace();
  const found = core.store.get('/namespaces', namespace);
  if (found === undefined) throw notFound({ group: '', kind: 'Namespace', plural: 'namespaces' }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const message = `namespace ${namespace} is being terminated`;
  throw forbidden(kind, input.metadata.name ?? '', why, [
    { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
  ]);
}

function otherNamespace() {
  return badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

function applyConflict(
  kind: ServedKind,
  name: string,
  conflicts: readonly { readonly manager: string; readonly field: string }[],
) {
  const causes = conflicts.map(({ manager, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field,
  }));
  const count = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
  const list = causes.map(({ message, field }) => `${message}: ${field}`).join('\n');
  return conflict(kind, name, `Apply failed with ${count}: ${list}`, causes);
}
