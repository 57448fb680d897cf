import { ApiError } from '#runtime/client/errors.ts';
import { collectionPath, objectPath } from '#runtime/client/path.ts';
import type { Query } from '#runtime/client/path.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { ObjectKey, Resource } from '#runtime/client/resource.ts';
import type { Method, Transport } from '#runtime/client/transport.ts';
import { isFields } from '../object.ts';
import type { ApiObject } from '../object.ts';
import { watchEvents } from './watch-events.ts';

/** One API server, of whatever make. */
export interface Server {
  readonly name: string;
  readonly transport: Transport;
  /** Forgets history, so that older resourceVersions are too old. */
  compact(): Promise<void>;
  /** Resolves when garbage collector and namespace controller have done what makes `done` true. */
  collected(done: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** What was asked and what came back. */
export interface Exchange {
  readonly request: string;
  readonly status: number;
  readonly answer: unknown;
}

interface Options {
  /** Of the object, where the resource's own is not meant. */
  readonly subresource?: string;
  readonly query?: Query;
  readonly accept?: string;
}

/** One behaviour under way on one server: its requests, and the transcript of what they were answered. */
export class Session {
  readonly server: Server;
  /** A namespace of its own. */
  readonly namespace: string;
  readonly transcript: Exchange[] = [];

  constructor(server: Server, namespace: string) {
    this.server = server;
    this.namespace = namespace;
  }

  create(resource: Resource, object: object, options: Options = {}): Promise<ApiObject> {
    const { namespace = this.namespace } = metadataOf(object);
    const path = collectionPath(resource, namespace, options.query);
    return this.send('POST', path, { ...typed(resource, object) });
  }

  get(resource: Resource, name: string, options: Options = {}): Promise<ApiObject> {
    return this.send('GET', this.#path(resource, name, options), undefined, options);
  }

  list(resource: Resource, query: Query = {}, accept?: string): Promise<ApiObject> {
    return this.send('GET', collectionPath(resource, this.namespace, query), undefined, accept ? { accept } : {});
  }

  replace(resource: Resource, object: object, options: Options = {}): Promise<ApiObject> {
    return this.send('PUT', this.#path(resource, metadataOf(object).name ?? '', options), typed(resource, object));
  }

  merge(resource: Resource, name: string, patch: object, options: Options = {}): Promise<ApiObject> {
    const contentType = 'application/merge-patch+json';
    return this.send('PATCH', this.#path(resource, name, options), patch, { contentType });
  }

  /** Server-side apply. */
  apply(resource: Resource, fieldManager: string, object: object, options: Options = {}): Promise<ApiObject> {
    const query = { fieldManager, ...options.query };
    const path = this.#path(resource, metadataOf(object).name ?? '', { ...options, query });
    return this.send('PATCH', path, typed(resource, object), { contentType: 'application/apply-patch+yaml' });
  }

  delete(resource: Resource, name: string, deleteOptions: object = {}, options: Options = {}): Promise<ApiObject> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...deleteOptions };
    return this.send('DELETE', this.#path(resource, name, options), body);
  }

  /** Sends what is given, and writes down what comes back; an error's answer is what the client makes of it. */
  async send(
    method: Method,
    path: string,
    body?: unknown,
    options: { readonly contentType?: string; readonly accept?: string } = {},
  ): Promise<ApiObject> {
    const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
    const request = `${method} ${path}`;
    try {
      const response = await this.server.transport.request({
        method,
        path,
        ...(text === undefined ? {} : { body: text }),
        ...options,
      });
      const answer = parsed(response.body);
      this.transcript.push({ request, status: response.status, answer });
      return { ...answer, metadata: isFields(answer['metadata']) ? answer['metadata'] : {} };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, reason, message, details, retryAfterMs } = error;
      this.transcript.push({ request, status, answer: { reason, message, details, retryAfterMs } });
      return { metadata: {} };
    }
  }

  /**
   * Writes down the events of a watch, from there until `until` of them have come, bookmarks not counted, or the server
   * has ended it. `meanwhile` runs when it is open.
   */
  async watch(
    resource: Resource,
    query: Query,
    until: number,
    meanwhile: () => Promise<unknown> = async () => {},
    accept?: string,
  ): Promise<readonly ApiObject[]> {
    const path = collectionPath(resource, this.namespace, { watch: true, timeoutSeconds: 20, ...query });
    const { events, how } = await watchEvents(this.server.transport, path, until, meanwhile, accept);
    this.transcript.push({ request: `WATCH ${path}`, status: 200, answer: { events, how } });
    return events.map((event) => objectOf(event));
  }

  /** Runs without writing down. */
  async quietly<T>(run: () => Promise<T>): Promise<T> {
    const length = this.transcript.length;
    const result = await run();
    this.transcript.length = length;
    return result;
  }

  /** Whether the object is there. */
  exists(resource: Resource, name: string): Promise<boolean> {
    return this.quietly(async () => {
      await this.get(resource, name);
      return this.transcript.at(-1)?.status === 200;
    });
  }

  /** Whether the kind is there. */
  isServed(resource: Resource): Promise<boolean> {
    return this.quietly(async () => {
      await this.list(resource);
      return this.transcript.at(-1)?.status === 200;
    });
  }

  #path(resource: Resource, name: string, { subresource, query }: Options): string {
    const key: ObjectKey = resource.namespaced ? { namespace: this.namespace, name } : { name };
    return objectPath(resource, key, subresource, query);
  }
}

function typed(resource: Resource, object: object): object {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
}

function metadataOf(object: object): { readonly name?: string; readonly namespace?: string } {
  return 'metadata' in object && isFields(object.metadata) ? object.metadata : {};
}

function objectOf(event: unknown): ApiObject {
  const object = isFields(event) ? event['object'] : undefined;
  if (!isFields(object)) return { metadata: {} };
  return { ...object, metadata: isFields(object['metadata']) ? object['metadata'] : {} };
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (isFields(value)) return value;
  } catch {
    // Some answers are no JSON.
  }
  return { text: body };
}
