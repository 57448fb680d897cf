import { parse as parseYaml } from 'yaml';
import type { PropagationPolicy, DeleteOptions } from './deletion.ts';
import { isFields, textAt } from './object.ts';
import type { ApiObject, Fields } from './object.ts';
import type { WireRequest } from './request.ts';
import { apiVersionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { badRequest, invalid, unsupportedMediaType } from './status.ts';

const objectTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const MERGE_PATCH = 'application/merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

/** The object of a POST or PUT. Throws Refusal. */
export function decodeObject(kind: ServedKind, request: WireRequest): ApiObject {
  if (!objectTypes.includes(mediaType(request))) throw unsupportedMediaType(objectTypes);
  return typed(kind, decodeBody(request, kind.kind));
}

/** The content of a PATCH and how it is meant. Throws Refusal. */
export function decodePatch(
  kind: ServedKind,
  request: WireRequest,
): { readonly apply: boolean; readonly patch: Fields } {
  const type = mediaType(request);
  if (type === MERGE_PATCH) return { apply: false, patch: decodeBody(request, kind.kind) };
  if (type === APPLY_PATCH) return { apply: true, patch: typed(kind, decodeBody(request, kind.kind)) };
  throw unsupportedMediaType([]);
}

/** Body and query of a DELETE. Throws Refusal. */
export function decodeDeleteOptions(request: WireRequest, query: URLSearchParams): DeleteOptions {
  const body = request.body === undefined || request.body === '' ? {} : decodeBody(request, 'DeleteOptions');
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
  if (apiVersion !== apiVersionOf(kind) || (given !== kind.kind && !kind.custom)) {
    throw badRequest(otherType(kind, String(apiVersion), String(given)));
  }
  if (given !== kind.kind) {
    const message = `Invalid value: ${JSON.stringify(given)}: must be ${kind.kind}`;
    throw invalid({ ...kind, kind: String(given) }, textAt(metadata, 'name') ?? '', [
      { field: 'kind', reason: 'FieldValueInvalid', message },
    ]);
  }
  if (!isFields(metadata)) throw badRequest('metadata is not an object');
  return { ...body, kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
}

function otherType(kind: ServedKind, apiVersion: string, given: string): string {
  const expected = apiVersionOf(kind);
  if (kind.custom) {
    return `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`;
  }
  const why =
    apiVersion === expected
      ? `converting (v1.${given}) to (core.${kind.kind}): unknown conversion`
      : `no kind "${given}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`;
  return `${given} in version "${apiVersion}" cannot be handled as a ${kind.kind}: ${why}`;
}

function decodeBody({ body = '', ...request }: WireRequest, kind: string): Fields {
  let value: unknown;
  try {
    value = mediaType(request) === 'application/json' ? JSON.parse(body) : parseAny(body);
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    const what = `json parse error: ${message[0]?.toLowerCase() ?? ''}${message.slice(1)}`;
    const why = `couldn't get version/kind; ${what.replace('end of', 'end of')} (${body})`;
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why}`);
  }
  if (!isFields(value)) throw badRequest('the body is not an object');
  return value;
}

// Nearly all of it is JSON, which its own parser reads much faster.
function parseAny(text: string): unknown {
  return text.trimStart().startsWith('{') ? JSON.parse(text) : parseYaml(text);
}

function mediaType({ contentType = 'application/json' }: Pick<WireRequest, 'contentType'>): string {
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
  const supported = '"Foreground", "Background", "Orphan", "nil"';
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`;
  const deleteOptions = { group: 'meta.k8s.io', kind: 'DeleteOptions', plural: 'deleteoptions' };
  throw invalid(deleteOptions, '', [{ field: 'propagationPolicy', reason: 'FieldValueNotSupported', message }]);
}
