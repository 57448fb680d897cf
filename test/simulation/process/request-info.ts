import type { TransportRequest } from '#runtime/client/transport.ts';

/** What a request is to the API server's authorizer (Kubernetes: apiserver/pkg/endpoints/request/requestinfo.go). */
export interface RequestInfo {
  readonly verb: string;
  readonly group: string;
  /** With the subresource: `pods/status`. Empty for paths that name no resource. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly path: string;
  /** Server-side apply, which also creates. */
  readonly isApply: boolean;
}

/** Reads a request as the API server does. */
export function requestInfoOf(request: TransportRequest): RequestInfo {
  const url = new URL(request.path, 'https://server');
  const path = url.pathname;
  const isApply = request.contentType?.startsWith('application/apply-patch') === true;
  const [root, ...parts] = path.split('/').filter((part) => part !== '');
  if (root !== 'api' && root !== 'apis')
    return { verb: request.method.toLowerCase(), group: '', resource: '', path, isApply };
  const [group = ''] = root === 'apis' ? parts.splice(0, 1) : [''];
  parts.splice(0, 1);
  // `namespaces/x` is the Namespace itself, `namespaces/x/y` something inside of it.
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts.splice(0, 2)[1] : undefined;
  const [plural = '', name, subresource] = parts.map(decodeURIComponent);
  return {
    verb: verbOf(request, url, name),
    group,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    ...(namespace === undefined ? {} : { namespace: decodeURIComponent(namespace) }),
    ...(name === undefined ? {} : { name }),
    path,
    isApply,
  };
}

function verbOf({ method }: TransportRequest, url: URL, name: string | undefined): string {
  switch (method) {
    case 'GET':
      if (url.searchParams.get('watch') === 'true') return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
  }
}
