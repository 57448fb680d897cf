import { isFields } from '../object.ts';
import type { ApiObject } from '../object.ts';
import { badRequest } from '../status.ts';
import type { FieldError } from '../status.ts';
import { immutableContent } from './immutable-content.ts';
import type { Strategy } from './strategy.ts';

export const secret: Strategy = {
  prepare(_core, object) {
    const { stringData, data, ...rest } = object;
    if (!isFields(stringData)) return object;
    const encoded = Object.entries(stringData).map(([key, value]) => {
      if (typeof value !== 'string') throw badRequest(`stringData[${key}] is not a string`);
      return [key, Buffer.from(value).toString('base64')] as const;
    });
    return { ...rest, data: { ...(isFields(data) ? data : {}), ...Object.fromEntries(encoded) } };
  },
  errors: (_core, object, before) => [
    ...missingKeys(object),
    ...changedType(object, before),
    ...immutableContent(object, before, ['data']),
  ],
};

/** Keys that secrets of a type must have. */
const required: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

function missingKeys({ type, data }: ApiObject): readonly FieldError[] {
  const keys = typeof type === 'string' ? (required[type] ?? []) : [];
  const missing = keys.filter((key) => !isFields(data) || !(key in data));
  return missing.map((key) => ({ field: `data[${key}]`, reason: 'FieldValueRequired', message: 'Required value' }));
}

function changedType(object: ApiObject, before: ApiObject | undefined): readonly FieldError[] {
  if (before === undefined || object['type'] === before['type']) return [];
  const message = `Invalid value: ${JSON.stringify(object['type'])}: field is immutable`;
  return [{ field: 'type', reason: 'FieldValueInvalid', message }];
}
