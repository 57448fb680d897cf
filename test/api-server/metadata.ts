import { sameJson } from './object.ts';
import type { ApiMeta, ApiObject, ManagedFieldsEntry } from './object.ts';
import { STALE, conflict, failure, invalid, unreadable } from './status.ts';
import type { FieldError } from './status.ts';
import type { GenerationRule, ServedKind } from './served-kind.ts';

/** The metadata of a new object, without empty maps and lists and without what only the server writes. */
export function newMetadata(kind: ServedKind, metadata: ApiMeta): ApiMeta {
  const { generation } = metadata;
  if (kind.generation !== 'none') return { ...givenMetadata(metadata), generation: 1 };
  return { ...givenMetadata(metadata), ...(generation === undefined ? {} : { generation }) };
}

/** What of the metadata of `after` can be, given `before` (Kubernetes: `rest.BeforeUpdate`). Throws Refusal. */
export function updatedMetadata(kind: ServedKind, before: ApiObject, after: ApiObject): ApiMeta {
  const old = before.metadata;
  const given = givenMetadata(after.metadata);
  const errors = [
    ...immutable('deletionTimestamp', old.deletionTimestamp, after.metadata.deletionTimestamp),
    ...immutable('uid', old.uid, after.metadata.uid),
    ...finalizerErrors(old, given),
  ];
  // The rules of metadata are asked by the kind's own rules once more.
  if (errors.length > 0) throw invalid(kind, old.name ?? '', [...errors, ...errors]);
  return {
    ...given,
    ...(old.name === undefined ? {} : { name: old.name }),
    ...(old.namespace === undefined ? {} : { namespace: old.namespace }),
    ...(old.generateName === undefined ? {} : { generateName: old.generateName }),
    ...serverSet(old),
  };
}

function givenMetadata(metadata: ApiMeta): ApiMeta {
  const { name, generateName, namespace, labels, annotations, finalizers, ownerReferences, managedFields } = metadata;
  return {
    ...(name ? { name } : {}),
    ...(generateName ? { generateName } : {}),
    ...(namespace ? { namespace } : {}),
    ...(isFilled(labels) ? { labels } : {}),
    ...(isFilled(annotations) ? { annotations } : {}),
    ...(isFilled(ownerReferences) ? { ownerReferences } : {}),
    ...(isFilled(finalizers) ? { finalizers: [...new Set(finalizers)] } : {}),
    ...(managedFields ? { managedFields } : {}),
  };
}

function immutable(name: string, old: string | undefined, given: string | undefined | null): readonly FieldError[] {
  if (!given || given === old) return [];
  const message = `Invalid value: ${JSON.stringify(given)}: field is immutable`;
  return [{ field: `metadata.${name}`, reason: 'FieldValueInvalid', message }];
}

/** Throws Refusal when a write is about another object than the stored one or an older state of it. */
export function checkPreconditions(kind: ServedKind, before: ApiObject, after: ApiObject, isPut: boolean): void {
  const { name = '', uid: stored } = before.metadata;
  const { uid, resourceVersion } = after.metadata;
  if (isPut && uid && uid !== stored) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored}`;
    const key = `Key: ${storageKey(kind, before)}, ResourceVersion: 0`;
    throw conflict(kind, name, `StorageError: invalid object, Code: 4, ${key}, AdditionalErrorMsg: ${why}`);
  }
  if (!resourceVersion) {
    if (!isPut || kind.unconditionalUpdate) return;
    const message = 'Invalid value: 0: must be specified for an update';
    const error = { field: 'metadata.resourceVersion', reason: 'FieldValueInvalid', message };
    // The server's own message names the resource where others name the kind.
    throw invalid({ ...kind, kind: kind.plural }, name, [error]);
  }
  if (!/^\d+$/.test(resourceVersion)) throw failure(unreadable(resourceVersion));
  if (resourceVersion !== before.metadata.resourceVersion) throw conflict(kind, name, STALE);
}

/** Whether a change from `before` to `after` is one that raises the generation. */
export function raisesGeneration(rule: GenerationRule, before: ApiObject, after: ApiObject): boolean {
  switch (rule) {
    case 'none':
      return false;
    case 'spec':
      return !sameJson(before['spec'], after['spec']);
    case 'spec-and-annotations':
      return (
        !sameJson(before['spec'], after['spec']) ||
        !sameJson(before.metadata.annotations ?? {}, after.metadata.annotations ?? {})
      );
    case 'all-and-labels':
      return (
        raisesGeneration('all-but-metadata', before, after) ||
        !sameJson(before.metadata.labels ?? {}, after.metadata.labels ?? {})
      );
    case 'all-but-metadata':
      return !sameJson({ ...before, metadata: {} }, { ...after, metadata: {} });
    case 'all-but-metadata-and-status':
      return !sameJson({ ...before, metadata: {}, status: {} }, { ...after, metadata: {}, status: {} });
  }
}

/** Whether a write would change nothing: times of managedFields alone are no change. */
export function isSameObject(before: ApiObject, after: ApiObject): boolean {
  return sameJson(withoutTimes(before), withoutTimes(after));
}

function withoutTimes(object: ApiObject): ApiObject {
  const { managedFields } = object.metadata;
  if (managedFields === undefined) return object;
  const timeless = managedFields.map((entry): ManagedFieldsEntry => ({ ...entry, time: '' }));
  return { ...object, metadata: { ...object.metadata, managedFields: timeless } };
}

function finalizerErrors(old: ApiMeta, given: ApiMeta): readonly FieldError[] {
  if (old.deletionTimestamp === undefined) return [];
  const added = (given.finalizers ?? []).filter((one) => !(old.finalizers ?? []).includes(one));
  if (added.length === 0) return [];
  const list = `[]string{${added.map((one) => JSON.stringify(one)).join(', ')}}`;
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [{ field: 'metadata.finalizers', reason: 'FieldValueForbidden', message }];
}

function serverSet(old: ApiMeta): ApiMeta {
  const { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = old;
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(generation === undefined ? {} : { generation }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
  };
}

const storedAs: Readonly<Record<string, string>> = { services: 'services/specs', endpoints: 'services/endpoints' };

function storageKey(kind: ServedKind, { metadata: { namespace, name } }: ApiObject): string {
  const resource = kind.custom ? `${kind.group}/${kind.plural}` : (storedAs[kind.plural] ?? kind.plural);
  return ['/registry', resource, ...(namespace === undefined ? [] : [namespace]), name].join('/');
}

function isFilled(value: object | undefined | null): value is object {
  return value !== undefined && value !== null && Object.keys(value).length > 0;
}
