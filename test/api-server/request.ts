import type { Registry } from './registry.ts';
import type { ServedKind } from './served-kind.ts';
import { badRequest } from './status.ts';

/** A request as either front end hands it over. */
export interface WireRequest {
  readonly method: string;
  /** Absolute path with its query. */
  readonly path: string;
  readonly user: string;
  readonly accept?: string | undefined;
  readonly contentType?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly body?: string | undefined;
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What a request asks for, before anything is done (Kubernetes: `RequestInfo`). */
export interface RequestInfo {
  /** As in the audit log: lower-case HTTP method for a path that is no resource. */
  readonly verb: Verb | 'post' | 'put';
  /** Empty for the core group and where there is no resource. */
  readonly group: string;
  readonly version: string;
  /** Plural; empty for a path that is no resource. */
  readonly resource: string;
  readonly subresource: string;
  /** Empty for cluster-scoped kinds and collections over all namespaces. */
  readonly namespace: string;
  readonly name: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly user: string;
}

const namespaceSubresources = new Set(['status', 'finalize']);

/** Takes the path apart (Kubernetes: API concepts, resource URIs). Throws Refusal when it is not valid. */
export function requestInfo({ method, path: target, user }: WireRequest): RequestInfo {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1));
  const segments = path.split('/').slice(1).map(decoded);
  const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path, query, user };
  const [root, ...rest] = segments;
  const isResource = (root === 'api' && rest.length > 1) || (root === 'apis' && rest.length > 2);
  if (!isResource) return { ...none, verb: method.toLowerCase() as RequestInfo['verb'] };
  const [group = '', version = '', ...parts] = root === 'api' ? ['', ...rest] : rest;
  const [first = '', namespace = '', third] = parts;
  const inNamespace = first === 'namespaces' && third !== undefined && !namespaceSubresources.has(third);
  const [resource = '', name = '', ...sub] = inNamespace ? parts.slice(2) : parts;
  return {
    ...none,
    verb: verbOf(method, name, query),
    group,
    version,
    resource,
    subresource: sub.join('/'),
    namespace: inNamespace ? namespace : resource === 'namespaces' ? name : '',
    name,
  };
}

/** The kind that a request is about; undefined when it is not served. */
export function kindOf(registry: Registry, info: RequestInfo): ServedKind | undefined {
  const kind = registry.find(info.group, info.version, info.resource);
  if (kind === undefined) return undefined;
  const scoped = info.resource === 'namespaces' ? false : info.namespace !== '';
  if (scoped && !kind.namespaced) return undefined;
  if (kind.namespaced && !scoped && info.name !== '') return undefined;
  return kind;
}

function verbOf(method: string, name: string, query: URLSearchParams): RequestInfo['verb'] {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isTrue(query.get('watch'))) return 'watch';
      return name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    default:
      return name === '' ? 'deletecollection' : 'delete';
  }
}

/** How the server reads a boolean of a query: present without value counts. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`invalid path segment ${segment}`);
  }
}
