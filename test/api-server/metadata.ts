import { sameJson } from './object.ts';
import type { ApiMeta, ApiObject, ManagedFieldsEntry } from './object.ts';
import { STALE, badRequest, conflict, invalid } from './status.ts';
import type { FieldError } from './status.ts';
import type { GenerationRule, ServedKind } from './served-kind.ts';

/** The metadata a request may give, without empty maps and lists and without what only the server writes. */
export function givenMetadata(metadata: ApiMeta): ApiMeta {
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

/** What of the metadata of `after` can be, given `before` (Kubernetes: `rest.BeforeUpdate`). Throws Refusal. */
export function updatedMetadata(kind: ServedKind, before: ApiObject, after: ApiObject): ApiMeta {
  const old = before.metadata;
  const name = old.name ?? '';
  const given = givenMetadata(after.metadata);
  if (after.metadata.uid && after.metadata.uid !== old.uid) {
    const why = `Precondition failed: UID in precondition: ${after.metadata.uid}, UID in object meta: ${old.uid}`;
    throw conflict(kind, name, why);
  }
  const errors = finalizerErrors(old, given);
  if (errors.length > 0) throw invalid(kind, name, errors);
  return {
    ...given,
    ...(old.generateName === undefined ? {} : { generateName: old.generateName }),
    ...serverSet(old),
    ...managedFieldsOf(old, after.metadata),
  };
}

/** Throws Refusal when the request is about another state of the object than the stored one. */
export function checkResourceVersion(
  kind: ServedKind,
  before: ApiObject,
  given: string | undefined,
  isPut: boolean,
): void {
  const name = before.metadata.name ?? '';
  if (given === undefined || given === '') {
    if (!isPut || kind.unconditionalUpdate) return;
    const message = 'Invalid value: 0: must be specified for an update';
    throw invalid(kind, name, [{ field: 'metadata.resourceVersion', reason: 'FieldValueInvalid', message }]);
  }
  if (!/^\d+$/.test(given)) {
    const message = `Invalid value: ${JSON.stringify(given)}: strconv.ParseUint: parsing ${JSON.stringify(given)}: invalid syntax`;
    throw badRequest(message);
  }
  if (given !== before.metadata.resourceVersion) throw conflict(kind, name, STALE);
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

// An update that names no managedFields keeps them, one with an empty list asks for a reset.
function managedFieldsOf(old: ApiMeta, given: ApiMeta): Pick<ApiMeta, 'managedFields'> {
  const managedFields = given.managedFields ?? old.managedFields;
  return managedFields === undefined || managedFields.length === 0 ? {} : { managedFields };
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

function isFilled(value: object | undefined | null): value is object {
  return value !== undefined && value !== null && Object.keys(value).length > 0;
}
