import type { KubeObject } from '#runtime/client/resource.ts';
import type { JsonObject } from '../schema/schema-node.ts';
import { isObject } from '../schema/schema-node.ts';
import { resetPaths } from '../schema/subresources.ts';
import type { TypeSchema } from '../schema/type-schema.ts';
import { defaultObject, prune } from '../schema/type-schema.ts';
import type { ApplyConflict } from './conflicts.ts';
import { worded } from './conflicts.ts';
import type { FieldSet } from './field-set.ts';
import { difference, isEmptySet, setOf, union } from './field-set.ts';
import type { ManagerEntry, Managers } from './managed-fields.ts';
import { managerId, readManagers } from './managed-fields.ts';
import { mergeTypeOf } from './merge-type.ts';
import { withFewUpdaters } from './old-updaters.ts';
import type { OwnershipContext } from './ownership.ts';
import { ownersAfterApply, ownersAfterUpdate } from './ownership.ts';
import { managedFieldsOf, settled, withManagers, withoutManagers } from './stored-object.ts';
import type { TypedProblem } from './typed-problems.ts';
import { typedProblems } from './typed-problems.ts';

export { conflictMessage } from './conflicts.ts';
export type { ApplyConflict } from './conflicts.ts';

interface WriteInput {
  readonly manager: string;
  readonly subresource?: string;
  readonly schema: TypeSchema;
  /** RFC 3339, whole seconds. */
  readonly now: string;
}

/** What one apply request asks for. */
export interface ApplyInput extends WriteInput {
  /** The stored object; undefined when there is none. */
  readonly live: KubeObject | undefined;
  readonly applied: KubeObject;
  readonly force: boolean;
}

/** A write that is no apply: create, update, merge patch. */
export interface UpdateInput extends WriteInput {
  /** The stored object; undefined on create. */
  readonly before: KubeObject | undefined;
  /** The object as it was sent, read and defaulted (`prune`, `defaultObject`). */
  readonly after: KubeObject;
  readonly operation: 'Update';
}

/** The applied object does not fit the schema; kube-apiserver answers 500 with this message. */
export class TypedPatchError extends Error {
  override readonly name = 'TypedPatchError';
  readonly code = 'TYPED_PATCH';
}

/**
 * The object that a server-side apply leads to, with defaults and managedFields, or the conflicts that it meets. What
 * the endpoint does not write (the status, or all but it) is as in `live`. When nothing at all changes, the answer is
 * `live` itself. Still to be done: validation, generation, and what a kind's own code fills in.
 *
 * Throws TypedPatchError.
 */
export function applyConfiguration(
  input: ApplyInput,
): { readonly object: KubeObject } | { readonly conflicts: readonly ApplyConflict[] } {
  const { applied, force, schema, now } = input;
  const context = contextOf(input);
  const patch = asObject(applied);
  const problems = typedProblems(context.type, patch, { allowDuplicates: false });
  if (problems.length > 0) throw typedPatchError(schema, applied, problems);
  const live = withoutManagers(asObject(input.live ?? emptyObject(schema)));
  const managers = managersBeforeApply(input, context, live);

  const entry = { ...entryOf(input, 'Apply'), time: managers.get(managerId(entryOf(input, 'Apply')))?.time };
  const id = managerId(entry);
  const result = ownersAfterApply(context, live, patch, managers, id, entry, force);
  if ('conflicts' in result) {
    return { conflicts: worded(result.conflicts) };
  }
  const owners = withoutSystemFields(result.managers, id);
  const own = owners.get(id);
  const timed = own === undefined || result.isSame ? owners : new Map(owners).set(id, { ...own, time: now });
  const merged = isObject(result.object) ? result.object : {};
  const object = result.isSame
    ? live
    : asObject(defaultObject(schema, schema.declared === undefined ? prune(schema, merged) : merged));
  return { object: settled(input, input.live, withManagers(object, timed)) };
}

/**
 * `after` with the managedFields that the API server writes for it. What the endpoint does not write is as in `before`;
 * when nothing at all changes, the answer is `before` itself.
 */
export function trackUpdate(input: UpdateInput): KubeObject {
  const { before, after, schema } = input;
  const context = contextOf(input);
  const live = withoutManagers(asObject(before ?? emptyObject(schema)));
  const sent = withoutManagers(asObject(after));
  const managers = managersOfUpdate(input);
  const isTracked = managers.size > 0 || before?.metadata?.uid === undefined;
  // An object that cannot be understood is stored all the same, or refused by validation.
  const isTyped = [live, sent].every((one) => typedProblems(context.type, one, { allowDuplicates: true }).length === 0);
  if (!isTyped) return settled(input, before, sent);
  const owners = isTracked ? afterUpdate(input, context, live, sent, managers) : managers;
  return settled(input, before, withManagers(sent, owners));
}

function contextOf({ schema, subresource }: WriteInput): OwnershipContext {
  const paths = resetPaths(schema, subresource).map((path) => path.map((name) => `f:${name}`));
  return { type: mergeTypeOf(schema.root), apiVersion: apiVersionOf(schema), resetFields: setOf(...paths) };
}

function entryOf({ manager, subresource = '', schema }: WriteInput, operation: 'Apply' | 'Update'): ManagerEntry {
  const name = manager === '' ? 'unknown' : manager;
  return { manager: name, operation, apiVersion: apiVersionOf(schema), subresource, fields: setOf(), time: undefined };
}

/** An object from before any apply is everybody's: a later apply must find an owner of what it changes. */
function managersBeforeApply(input: ApplyInput, context: OwnershipContext, live: JsonObject): Managers {
  const managers = readManagers(managedFieldsOf(input.live));
  if (managers.size > 0) return managers;
  const empty = asObject(emptyObject(input.schema));
  return afterUpdate({ ...input, manager: 'before-first-apply' }, context, empty, live, managers);
}

function afterUpdate(
  input: WriteInput,
  context: OwnershipContext,
  before: JsonObject,
  after: JsonObject,
  managers: Managers,
): Managers {
  const entry = entryOf(input, 'Update');
  const id = managerId(entry);
  const { managers: others, changed } = ownersAfterUpdate(context, before, after, managers);
  const fields = difference(changed, systemFields);
  if (isEmptySet(fields)) return withFewUpdaters(others);
  const previous = others.get(id)?.fields;
  const own = { ...entry, fields: previous === undefined ? fields : union(fields, previous), time: input.now };
  return withFewUpdaters(new Map(others).set(id, own));
}

// What nobody owns.
const systemFields: FieldSet = setOf(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
);

function withoutSystemFields(managers: Managers, id: string): Managers {
  const entry = managers.get(id);
  if (entry === undefined) return managers;
  const fields = difference(entry.fields, systemFields);
  const result = new Map(managers);
  if (isEmptySet(fields)) result.delete(id);
  else result.set(id, { ...entry, fields });
  return result;
}

/**
 * Who owned the fields before an update. The object that is sent may say so itself, an empty list asks to forget it all;
 * `/status` and other subresources are not asked.
 */
function managersOfUpdate({ before, after, subresource }: UpdateInput): Managers {
  const sent = managedFieldsOf(after);
  if (subresource === undefined && Array.isArray(sent)) {
    const [first, ...more] = sent;
    const isReset = more.length === 0 && (first === undefined || (isObject(first) && Object.keys(first).length === 0));
    if (isReset) return new Map();
    const managers = readManagers(sent);
    if (managers.size > 0) return managers;
  }
  return readManagers(managedFieldsOf(before));
}

function emptyObject(schema: TypeSchema): KubeObject {
  const object = { apiVersion: apiVersionOf(schema), kind: schema.kind };
  return schema.declared === undefined ? prune(schema, object) : object;
}

function typedPatchError(
  { group, version, kind }: TypeSchema,
  { metadata = {} }: KubeObject,
  problems: readonly TypedProblem[],
): TypedPatchError {
  const [first, ...more] = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const list = more.length === 0 ? first : ['errors:', first, ...more].join('\n  ');
  const type = `${group}/${version}, Kind=${kind}`;
  return new TypedPatchError(
    `failed to create typed patch object (${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${type}): ${list}`,
  );
}

function apiVersionOf({ group, version }: Pick<TypeSchema, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

function asObject(object: KubeObject): JsonObject {
  return { ...object };
}
