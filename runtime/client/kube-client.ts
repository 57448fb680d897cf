import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CallOptions, Client, ListOptions, ListResult } from './client.ts';
import { ApiError } from './errors.ts';
import { listPage, parseJson, withTypeMeta } from './list-page.ts';
import { createPath, objectPath, pathOf } from './path.ts';
import type { KubeObject, Resource } from './resource.ts';
import type { Method, Transport } from './transport.ts';

/** The Client over one transport. Bodies go over the wire as they are: no field is dropped, added or converted. */
export function createClient(transport: Transport): Client {
  const send = async <T extends KubeObject>(
    resource: Resource<T>,
    method: Method,
    path: string,
    options: CallOptions | undefined,
    content?: { readonly type: string; readonly value: object },
  ): Promise<T> => {
    const { body } = await transport.request({
      method,
      path,
      ...(content === undefined ? {} : { body: JSON.stringify(content.value), contentType: content.type }),
      signal: options?.signal,
      timeoutMs: options?.timeoutMs,
    });
    return withTypeMeta(resource, parseJson(body, `${method} ${resource.plural}`) as T);
  };

  // All async, so that a name or namespace that cannot be sent rejects as everything else does.
  return {
    get: async (resource, key, options) =>
      absentAs(undefined, send(resource, 'GET', objectPath(resource, key), options)),
    list: (resource, options) => listAll(transport, resource, options ?? {}),
    create: async (resource, object, options) =>
      send(resource, 'POST', createPath(resource, object), options, json(withTypeMeta(resource, object))),
    replace: async (resource, object, options) =>
      send(
        resource,
        'PUT',
        pathOf(resource, object, options?.subresource),
        options,
        json(withTypeMeta(resource, object)),
      ),
    apply: async (resource, object, options) =>
      send(
        resource,
        'PATCH',
        pathOf(resource, object, options.subresource, {
          fieldManager: options.fieldManager,
          force: options.force ?? true,
          dryRun: options.dryRun === true ? 'All' : undefined,
        }),
        options,
        // The content type is fixed by the API; JSON is valid YAML.
        { type: 'application/apply-patch+yaml', value: withTypeMeta(resource, object) },
      ),
    mergePatch: async (resource, key, patch, options) =>
      send(
        resource,
        'PATCH',
        objectPath(resource, key, options?.subresource, { fieldManager: options?.fieldManager }),
        options,
        { type: 'application/merge-patch+json', value: patch },
      ),
    async delete(resource, key, options) {
      const { uid, resourceVersion, propagationPolicy } = options ?? {};
      const preconditions = { uid, resourceVersion };
      const call = transport.request({
        method: 'DELETE',
        path: objectPath(resource, key),
        body: JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy }),
        signal: options?.signal,
        timeoutMs: options?.timeoutMs,
      });
      return (await absentAs(undefined, call)) !== undefined;
    },
    async getRaw(path, options) {
      const { body } = await transport.request({
        method: 'GET',
        path,
        accept: '*/*',
        signal: options?.signal,
        timeoutMs: options?.timeoutMs,
      });
      return body;
    },
  };
}

function json(value: object): { readonly type: string; readonly value: object } {
  return { type: 'application/json', value };
}

async function absentAs<T, A>(absent: A, call: Promise<T>): Promise<T | A> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.isNotFound) return absent;
    throw error;
  }
}

async function listAll<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  options: ListOptions,
): Promise<ListResult<T>> {
  try {
    return await listPages(transport, resource, options);
  } catch (error) {
    // The snapshot behind the continue token was compacted away while we paged: one new list, from its beginning.
    if (error instanceof ApiError && error.isGone) return listPages(transport, resource, options);
    throw error;
  }
}

async function listPages<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  options: ListOptions,
): Promise<ListResult<T>> {
  const { limit = 500, signal, timeoutMs } = options;
  let page = await listPage(transport, resource, options, { limit, signal, timeoutMs });
  if (page.continue === undefined) return page;
  const items = [...page.items];
  while (page.continue !== undefined) {
    await nextTurn();
    page = await listPage(transport, resource, options, { limit, continue: page.continue, signal, timeoutMs });
    for (const item of page.items) items.push(item);
  }
  return { items, resourceVersion: page.resourceVersion };
}
