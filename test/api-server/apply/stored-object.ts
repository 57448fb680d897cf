import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { JsonObject } from '../schema/schema-node.ts';
import { isObject } from '../schema/schema-node.ts';
import { decodeMerged } from '../schema/structural-decoding.ts';
import { resetPaths, withPathsOf } from '../schema/subresources.ts';
import type { TypeSchema } from '../schema/type-schema.ts';
import { defaultObject, prune } from '../schema/type-schema.ts';
import type { Managers } from './managed-fields.ts';
import { writeManagers } from './managed-fields.ts';

/**
 * What is stored in the end; `before` itself when that says the same but for times. The comparison is of the object as
 * it was merged: a custom object with `labels: {}` is written again by each apply that says so.
 */
export function settled(
  { schema, subresource }: { readonly schema: TypeSchema; readonly subresource?: string },
  before: KubeObject | undefined,
  after: JsonObject,
): KubeObject {
  if (before === undefined) return readAgain(schema, withoutStatus(schema, after));
  const old = { ...before };
  const kept = keptParts(schema, subresource, after, old);
  return isDeepStrictEqual(withoutTimes(kept), withoutTimes(old)) ? before : readAgain(schema, kept);
}

/** As a custom object comes back from etcd, but for the nulls that validation refuses. */
function readAgain({ declared }: TypeSchema, object: KubeObject): KubeObject {
  return declared === undefined ? object : decodeMerged(declared, { ...object });
}

/** A new object starts without a status; only that of a node is taken from whoever creates it. */
function withoutStatus(schema: TypeSchema, object: JsonObject): KubeObject {
  if (!schema.hasStatusSubresource || schema.kind === 'Node') return object;
  const { status: _, ...rest } = object;
  return schema.declared === undefined ? defaultObject(schema, prune(schema, rest)) : rest;
}

function keptParts(
  schema: TypeSchema,
  subresource: string | undefined,
  after: JsonObject,
  before: JsonObject,
): JsonObject {
  const isStatus = schema.hasStatusSubresource && subresource === 'status';
  const managers = ['metadata', 'managedFields'];
  if (schema.declared !== undefined && isStatus) return withPathsOf(before, after, [['status'], managers]);
  return withPathsOf(withPathsOf(after, before, resetPaths(schema, subresource)), after, [managers]);
}

export function managedFieldsOf(object: KubeObject | undefined): unknown {
  return object?.metadata?.managedFields;
}

export function withoutManagers(object: JsonObject): JsonObject {
  return withPathsOf(object, {}, [['metadata', 'managedFields']]);
}

export function withManagers(object: JsonObject, managers: Managers): JsonObject {
  const managedFields = writeManagers(managers);
  const source = managedFields === undefined ? {} : { metadata: { managedFields } };
  return withPathsOf(object, source, [['metadata', 'managedFields']]);
}

function withoutTimes(object: JsonObject): JsonObject {
  const managedFields = managedFieldsOf(object);
  if (!Array.isArray(managedFields)) return object;
  const timeless = managedFields.map((entry: unknown) => (isObject(entry) ? { ...entry, time: undefined } : entry));
  return withPathsOf(object, { metadata: { managedFields: timeless } }, [['metadata', 'managedFields']]);
}
