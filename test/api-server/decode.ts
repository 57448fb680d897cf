import { parse as parseYaml } from 'yaml';
import type { PropagationPolicy, DeleteOptions } from './deletion.ts';
import { isFields } from './object.ts';
import type { ApiObject, Fields } from './object.ts';
import type { WireRequest } from './request.ts';
import { apiVersionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { badRequest, unsupportedMediaType } from './status.ts';

export const MERGE_PATCH = 'application/merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

/** The object of a POST or PUT. Throws Refusal. */
export function decodeObject(kind: ServedKind, request: WireRequest): ApiObject {
  if (mediaType(request) !== 'application/json') throw unsupportedMediaType(['application/json']);
  return typed(kind, decodeBody(request));
}

/** The content of a PATCH and how it is meant. Throws Refusal. */
export function decodePatch(
  kind: ServedKind,
  request: WireRequest,
): { readonly apply: boolean; readonly patch: Fields } {
  const type = mediaType(request);
  if (type === MERGE_PATCH) return { apply: false, patch: decodeBody(request) };
  if (type === APPLY_PATCH) return { apply: true, patch: typed(kind, decodeBody(request)) };
  throw unsupportedMediaType([MERGE_PATCH, APPLY_PATCH]);
}

/** Body and query of a DELETE. Throws Refusal. */
export function decodeDeleteOptions(request: WireRequest, query: URLSearchParams): DeleteOptions {
  const body = request.body === undefined || request.body === '' ? {} : decodeBody(request);
  const preconditions = isFields(body['preconditions']) ? body['preconditions'] : {};
  const grace = body['gracePeriodSeconds'] ?? numberOf(query.get('gracePeriodSeconds'));
  return {
    uid: optionalText(preconditions['uid']),
    resourceVersion: optionalText(preconditions['resourceVersion']),
    propagationPolicy: policyOf(body['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined),
    gracePeriodSeconds: typeof grace === 'number' ? grace : undefined,
    dryRun: Array.isArray(body['dryRun']) ? body['dryRun'].includes('All') : query.get('dryRun') === 'All',
  };
}

/** The object itself, once its type is seen to be the one that the path names. Throws Refusal. */
export function typed(kind: ServedKind, body: Fields): ApiObject {
  const { apiVersion = apiVersionOf(kind), kind: given = kind.kind, metadata = {} } = body;
  if (apiVersion !== apiVersionOf(kind)) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${apiVersionOf(kind)})`,
    );
  }
  if (given !== kind.kind) {
    throw badRequest(`the kind in the data (${String(given)}) does not match the expected kind (${kind.kind})`);
  }
  if (!isFields(metadata)) throw badRequest('metadata is not an object');
  return { ...body, kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
}

function decodeBody(request: WireRequest): Fields {
  let value: unknown;
  try {
    value = mediaType(request) === APPLY_PATCH ? parseAny(request.body ?? '') : JSON.parse(request.body ?? '');
  } catch (error) {
    throw badRequest(`error decoding the body: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isFields(value)) throw badRequest('the body is not an object');
  return value;
}

// Nearly all of it is JSON, which its own parser reads much faster.
function parseAny(text: string): unknown {
  return text.trimStart().startsWith('{') ? JSON.parse(text) : parseYaml(text);
}

function mediaType({ contentType = 'application/json' }: WireRequest): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(text: string | null): number | undefined {
  return text === null ? undefined : Number(text);
}

function policyOf(value: unknown): PropagationPolicy | undefined {
  if (value === undefined || value === '') return undefined;
  if (value === 'Background' || value === 'Foreground' || value === 'Orphan') return value;
  throw badRequest(`propagationPolicy ${JSON.stringify(value)} is not known`);
}
