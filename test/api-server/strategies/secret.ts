import { isFields, sameJson } from '../object.ts';
import type { ApiObject } from '../object.ts';
import { badRequest } from '../status.ts';
import type { FieldError } from '../status.ts';
import type { Strategy } from './strategy.ts';

export const secret: Strategy = {
  prepare(_core, object) {
    const { stringData, data, ...rest } = object;
    const encoded = Object.entries(isFields(stringData) ? stringData : {}).map(([key, value]) => {
      if (typeof value !== 'string') throw badRequest(`stringData[${key}] is not a string`);
      return [key, Buffer.from(value).toString('base64')] as const;
    });
    const merged = { ...(isFields(data) ? data : {}), ...Object.fromEntries(encoded) };
    return { ...rest, ...(Object.keys(merged).length === 0 ? {} : { data: merged }), type: object['type'] ?? 'Opaque' };
  },
  errors: (_core, object, before) => [
    ...contentErrors(object),
    ...(before === undefined ? [] : changes(object, before)),
  ],
};

/** Keys that secrets of a type must have. */
const required: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

function contentErrors({ type, data }: ApiObject): readonly FieldError[] {
  const keys = typeof type === 'string' ? (required[type] ?? []) : [];
  const missing = keys.filter((key) => !isFields(data) || !(key in data));
  return missing.map((key) => ({ field: `data[${key}]`, reason: 'FieldValueRequired', message: 'Required value' }));
}

function changes(object: ApiObject, before: ApiObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (object['type'] !== before['type']) {
    const message = `Invalid value: ${JSON.stringify(object['type'])}: field is immutable`;
    errors.push({ field: 'type', reason: 'FieldValueInvalid', message });
  }
  if (before['immutable'] === true) {
    const message = 'Forbidden: field is immutable when `immutable` is set';
    if (object['immutable'] !== true) errors.push({ field: 'immutable', reason: 'FieldValueForbidden', message });
    if (!sameJson(object['data'], before['data'])) {
      errors.push({ field: 'data', reason: 'FieldValueForbidden', message });
    }
  }
  return errors;
}
