import { isFields } from '../object.ts';
import type { ApiObject } from '../object.ts';
import { badRequest } from '../status.ts';
import type { FieldError } from '../status.ts';
import { immutableContent } from './immutable-content.ts';
import type { Strategy } from './strategy.ts';

export const secret: Strategy = {
  prepare(_core, object) {
    const { stringData, data, ...rest } = object;
    for (const value of Object.values(isFields(data) ? data : {})) checkBase64(value);
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

function checkBase64(value: unknown): void {
  const text = typeof value === 'string' ? value : '';
  const legal = /^[A-Za-z0-9+/]*={0,2}/.exec(text)?.[0] ?? '';
  if (legal.length === text.length && text.length % 4 === 0) return;
  const why = `illegal base64 data at input byte ${legal.length}`;
  throw badRequest(`Secret in version "v1" cannot be handled as a Secret: ${why}`);
}

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
