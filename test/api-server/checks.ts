import type { Core } from './core.ts';
import type { ApiObject } from './object.ts';
import { validate } from './schema/type-schema.ts';
import type { ServedKind } from './served-kind.ts';
import { badRequest, conflict, forbidden, notFound } from './status.ts';
import type { FieldError, Refusal } from './status.ts';
import { strategyOf } from './strategies.ts';

/** Throws Refusal when an object is sent to the path of another. */
export function checkKey({ metadata }: ApiObject, namespace: string, name: string): void {
  if (metadata.name !== undefined && metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (metadata.namespace && metadata.namespace !== namespace) throw otherNamespace();
}

/** Throws Refusal when the namespace takes nothing new (Kubernetes: the admission plugin NamespaceLifecycle). */
export function checkNamespace(core: Core, kind: ServedKind, namespace: string, input: ApiObject): void {
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

/** Throws Refusal when an apply that would create an object names the uid of another. */
export function checkAbsence(kind: ServedKind, name: string, { metadata: { uid } }: ApiObject): void {
  if (!uid) return;
  const why = `the provided object specified uid ${uid}, and no existing object was found`;
  throw conflict(kind, name, `uid mismatch: ${why}`);
}

/** What is wrong with an object that is about to be stored. */
export function problems(
  core: Core,
  kind: ServedKind,
  object: ApiObject,
  before: ApiObject | undefined,
  subresource: string,
): readonly FieldError[] {
  const errors = validate(kind.schema(), object, subresource === 'status');
  const isBlocked = kind.hasRules && errors.some(({ reason }) => blocking.has(reason));
  return [...errors, ...(isBlocked ? [unchecked] : []), ...(strategyOf(kind).errors?.(core, object, before) ?? [])];
}

/** Errors that keep the server from asking the CEL rules. */
const blocking: ReadonlySet<string> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const unchecked: FieldError = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; ' +
    'correct the existing errors to complete validation',
};

function otherNamespace(): Refusal {
  return badRequest('the namespace of the provided object does not match the namespace sent on the request');
}
