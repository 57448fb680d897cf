import { NetworkError } from './errors.ts';
import { collectionPath } from './path.ts';
import { apiVersionOf } from './resource.ts';
import type { KubeObject, Resource } from './resource.ts';
import type { Transport } from './transport.ts';

/** Which objects of a kind. */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean | undefined;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  /** Of the whole list: the same on every page. */
  readonly resourceVersion: string;
  /** Token of the next page; absent on the last. */
  readonly continue?: string;
}

export interface ListPageOptions {
  readonly limit: number;
  readonly continue?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * One page of a consistent list. Items get the `apiVersion` and `kind` that the server leaves out inside lists. Throws
 * NetworkError INVALID_RESPONSE for JSON that is no list: whatever answered, it must not look like an empty cluster.
 */
export async function listPage<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  selection: Selection,
  options: ListPageOptions,
): Promise<ListPage<T>> {
  const path = collectionPath(resource, selection.namespace, {
    labelSelector: selection.labelSelector,
    fieldSelector: selection.fieldSelector,
    limit: options.limit,
    continue: options.continue,
  });
  const { body } = await transport.request({
    method: 'GET',
    path,
    ...(selection.metadataOnly === true ? { accept: metadataAccept('PartialObjectMetadataList') } : {}),
    signal: options.signal,
    timeoutMs: options.timeoutMs,
  });
  const list = parseJson(body, `GET ${resource.plural}`) as WireList<T>;
  const { continue: next, resourceVersion = '' } = list.metadata ?? {};
  if (resourceVersion === '') throw new NetworkError('INVALID_RESPONSE', `GET ${resource.plural}: not a list`);
  return {
    items: (list.items ?? []).map((item) => withTypeMeta(resource, item)),
    resourceVersion,
    ...(next === undefined || next === '' ? {} : { continue: next }),
  };
}

/** The object with the `apiVersion` and `kind` of its resource, whatever it came with. */
export function withTypeMeta<T extends KubeObject>(resource: Resource<T>, object: T): T {
  const apiVersion = apiVersionOf(resource);
  if (object.kind === resource.kind && object.apiVersion === apiVersion) return object;
  return { ...object, apiVersion, kind: resource.kind };
}

/** `Accept` value that asks the server to reduce objects to their metadata. */
export function metadataAccept(kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

/** Parses an answer; anything but JSON is a NetworkError INVALID_RESPONSE. */
export function parseJson(body: string, request: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new NetworkError('INVALID_RESPONSE', `${request}: the answer is not JSON`, { cause });
  }
}

interface WireList<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}
