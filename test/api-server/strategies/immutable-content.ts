import { sameJson } from '../object.ts';
import type { ApiObject } from '../object.ts';
import type { FieldError } from '../status.ts';

/** What is wrong with a change of an object that says that it is immutable (Kubernetes: immutable Secrets). */
export function immutableContent(
  object: ApiObject,
  before: ApiObject | undefined,
  fields: readonly string[],
): readonly FieldError[] {
  if (before?.['immutable'] !== true) return [];
  const changed = [
    ...(object['immutable'] === true ? [] : ['immutable']),
    ...fields.filter((field) => !sameJson(object[field], before[field])),
  ];
  const message = 'Forbidden: field is immutable when `immutable` is set';
  return changed.map((field) => ({ field, reason: 'FieldValueForbidden', message }));
}
