import { keyOf } from './core.ts';
import type { Core } from './core.ts';
import { isFields } from './object.ts';
import type { ApiObject } from './object.ts';
import type { Presentation } from './presentation.ts';
import type { RequestInfo } from './request.ts';
import { selection } from './selection.ts';
import { collectionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { badRequest, expired, failure, tooLargeResourceVersion, unreadable } from './status.ts';

/** Where the next page begins, as the client carries it. */
interface Position {
  readonly revision: string;
  /** Key of the last object of the page before. */
  readonly after: string;
}

const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';

/** The body of the answer to a list (Kubernetes: API concepts, retrieving large results in chunks). Throws Refusal. */
export function list(core: Core, kind: ServedKind, info: RequestInfo, present: Presentation): string {
  const { query } = info;
  const matches = selection(kind, query.get('labelSelector'), query.get('fieldSelector'));
  const limit = Number(query.get('limit') ?? '0') || Infinity;
  const prefix = info.namespace === '' || !kind.namespaced ? '' : `${info.namespace}/`;
  const position = positionOf(query);
  const revision = revisionOf(core, query, position);
  const objects = core.store.listAt(collectionOf(kind), prefix, revision);
  if (objects === undefined) {
    const next = position === undefined ? undefined : token({ revision: '', after: position.after });
    throw expired(position === undefined ? 'The resourceVersion for the provided list is too old.' : tooOld, next);
  }
  const left = position === undefined ? objects : objects.filter((object) => keyOfObject(object) > position.after);
  const selected = left.filter(matches);
  const page = selected.slice(0, limit);
  const last = page.at(-1);
  const remaining = selected.length - page.length;
  const isPartial = query.has('labelSelector') || query.has('fieldSelector');
  // Lists of custom resources always have the field.
  const end = kind.custom && present.listApiVersion !== 'meta.k8s.io/v1' ? { continue: '' } : {};
  const next =
    last === undefined || remaining === 0
      ? end
      : {
          continue: token({ revision: String(revision), after: keyOfObject(last) }),
          ...(isPartial ? {} : { remainingItemCount: remaining }),
        };
  const metadata = { resourceVersion: String(revision), ...next };
  const head = `{"kind":"${present.listKind}","apiVersion":"${present.listApiVersion}","metadata":`;
  return `${head}${JSON.stringify(metadata)},"items":[${page.map((one) => present.item(one)).join(',')}]}`;
}

/** The revision that a `resourceVersion` of a query names; undefined for none. Throws Refusal. */
export function parsedRevision(core: Core, text: string | null): bigint | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text))
    throw failure(`resourceVersion: Invalid value: ${JSON.stringify(text)}: ${unreadable(text)}`);
  const revision = BigInt(text);
  if (revision > core.store.revision) throw tooLargeResourceVersion(text, String(core.store.revision));
  return revision;
}

function revisionOf(core: Core, query: URLSearchParams, position: Position | undefined): bigint {
  const wanted = query.get('resourceVersion');
  if (position !== undefined) {
    if (wanted !== null && wanted !== '' && wanted !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    return position.revision === '' ? core.store.revision : BigInt(position.revision);
  }
  const revision = parsedRevision(core, wanted);
  const isExact = query.get('resourceVersionMatch') === 'Exact';
  return isExact && revision !== undefined ? revision : core.store.revision;
}

function keyOfObject({ metadata: { namespace = '', name = '' } }: ApiObject): string {
  return keyOf(namespace, name);
}

function token(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function positionOf(query: URLSearchParams): Position | undefined {
  const text = query.get('continue');
  if (text === null || text === '') return undefined;
  try {
    const position: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (isFields(position) && typeof position['revision'] === 'string' && typeof position['after'] === 'string') {
      return { revision: position['revision'], after: position['after'] };
    }
  } catch {
    // Not a token of ours: refused below.
  }
  throw badRequest('invalid continue token: continue key is not valid: illegal base64 data at input byte 0');
}
