import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { type Clock, abortReason, systemClock, unlessAborted } from '../clock.ts';
import { openConnectionPools } from './connection-pools.ts';
import { NetworkError, apiErrorFromResponse, networkErrorFrom } from './errors.ts';
import { noClientMetrics } from './metrics.ts';
import type { ClientMetrics } from './metrics.ts';

/** How to reach and trust one API server, and who we are to it. */
export interface TransportOptions {
  /** `https://host:port`, optionally with a path prefix. */
  readonly server: string;
  readonly tls?: TlsOptions;
  /** Asked before every request; expected to cache. */
  readonly bearerToken?: () => Promise<string>;
  /** Class of the cluster in metrics. Default `default`. */
  readonly hostClass?: string;
  readonly userAgent?: string;
  /** Sockets for ordinary requests; watches have their own. Default 4. */
  readonly connections?: number;
  /** Default 5 000. */
  readonly connectTimeoutMs?: number;
  /**
   * For how long a server is connected to again that refuses that, does not answer, or that no way leads to: one behind a Service that
   * has just become ready is so until every kube-proxy knows. Default 0.
   */
  readonly unreachableForMs?: number;
  /** Time for one request from call to last byte of the answer. Default 30 000. */
  readonly timeoutMs?: number;
  readonly metrics?: ClientMetrics;
  /** For time-outs and durations. Default: the system's. */
  readonly clock?: Pick<Clock, 'monotonic' | 'setTimeout'>;
  /**
   * Runs right before a request is written to its socket, after any wait for a free one; a throw stops it. Lets a
   * process that lost its lease refuse to write.
   */
  readonly beforeSend?: (method: Method) => void;
}

export interface TlsOptions {
  /** PEM bundle; the system's roots when absent. */
  readonly ca?: string;
  /** Client certificate chain and its key, PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** Name to verify instead of the server's host. */
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface TransportRequest {
  readonly method: Method;
  /** Absolute path with its query. */
  readonly path: string;
  readonly body?: string;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One pooled connection set to one API server under one identity; cheap until first used. */
export interface Transport {
  /**
   * Resolves with a 2xx answer. Other answers throw ApiError, failures on the way NetworkError, and an aborted signal
   * its reason.
   */
  request(request: TransportRequest): Promise<TransportResponse>;
  /** As `request`, but resolves once the headers are there, with the body as a stream that has no time-out of its own. */
  stream(request: TransportRequest): Promise<Readable>;
  /**
   * Ends all streams and resolves when requests under way have been answered and every socket is closed. When the signal
   * aborts, what is still under way is cut off.
   */
  close(signal?: AbortSignal): Promise<void>;
}

export function createTransport(options: TransportOptions): Transport {
  const url = new URL(options.server);
  const prefix = url.pathname.replace(/\/$/, '');
  const metrics = options.metrics ?? noClientMetrics;
  const clock = options.clock ?? systemClock;
  const host = options.hostClass ?? 'default';
  const defaultTimeoutMs = options.timeoutMs ?? 30_000;
  const connections = lazily(() => openConnectionPools(url.origin, options));

  const send = async (
    dispatcher: Dispatcher,
    request: TransportRequest,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> => {
    // A credential plugin that hangs must not hold a request beyond its time.
    const token = options.bearerToken && (await unlessAborted(options.bearerToken(), signal));
    return dispatcher.request({
      method: request.method,
      path: prefix + request.path,
      headers: {
        accept: request.accept ?? 'application/json',
        'user-agent': options.userAgent ?? 'node',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      signal,
    });
  };

  const measured = async <T>(
    request: TransportRequest,
    run: (signal: AbortSignal) => Promise<{ status: number; value: T }>,
  ): Promise<T> => {
    const name = `${request.method} ${withoutQuery(request.path)}`;
    const started = clock.monotonic();
    const deadline = linkedDeadline(clock, request.signal, request.timeoutMs ?? defaultTimeoutMs, name);
    let code = '<error>';
    try {
      const { status, value } = await run(deadline.signal);
      code = String(status);
      return value;
    } catch (error) {
      if (request.signal?.aborted === true) throw abortReason(request.signal);
      const failure = networkErrorFrom(name, deadline.signal.aborted ? deadline.signal.reason : error);
      if ('status' in failure) code = String(failure.status);
      throw failure;
    } finally {
      deadline.release();
      metrics.requestFinished({ method: request.method, code, host, durationMs: clock.monotonic() - started });
    }
  };

  return {
    request: (request) =>
      measured(request, async (signal) => {
        const { statusCode, headers, body } = await send(connections.get().requests, request, signal);
        const text = await body.text();
        if (statusCode < 200 || statusCode > 299) throw responseError(request, statusCode, headers, text);
        return { status: statusCode, value: { status: statusCode, headers, body: text } };
      }),
    async stream(request) {
      // The deadline covers the way to the headers only; the stream itself lives until it is destroyed or ends.
      const body = await measured(request, async (signal) => {
        const streams = new AbortController();
        const stop = (): void => streams.abort(signal.reason);
        signal.addEventListener('abort', stop, { once: true });
        try {
          const response = await send(connections.get().watches, request, streams.signal);
          if (response.statusCode < 200 || response.statusCode > 299) {
            throw responseError(request, response.statusCode, response.headers, await response.body.text());
          }
          return { status: response.statusCode, value: response.body };
        } finally {
          signal.removeEventListener('abort', stop);
        }
      });
      // A reader that comes later still gets the error; this only keeps it from being an uncaught event until then.
      body.on('error', () => {});
      destroyOnAbort(body, request.signal);
      return body;
    },
    async close(signal) {
      const pools = connections.peek();
      if (pools === undefined) return;
      const cut = (): void => void pools.destroyRequests();
      signal?.addEventListener('abort', cut, { once: true });
      const closing = Promise.all([pools.closeRequests(), pools.destroyWatches()]);
      if (signal?.aborted === true) cut();
      await closing;
      signal?.removeEventListener('abort', cut);
    },
  };
}

function responseError(
  request: TransportRequest,
  status: number,
  headers: TransportResponse['headers'],
  body: string,
): Error {
  const retryAfter = headers['retry-after'];
  return apiErrorFromResponse(
    `${request.method} ${withoutQuery(request.path)}`,
    status,
    body,
    typeof retryAfter === 'string' ? retryAfter : undefined,
  );
}

interface Deadline {
  readonly signal: AbortSignal;
  release(): void;
}

// AbortSignal.any and AbortSignal.timeout cost memory per call on a long-lived parent; a listener that is removed does not.
function linkedDeadline(
  clock: Pick<Clock, 'setTimeout'>,
  parent: AbortSignal | undefined,
  ms: number,
  name: string,
): Deadline {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(parent?.reason);
  const onTimeout = (): void => controller.abort(new NetworkError('TIMEOUT', `${name}: no answer in ${ms} ms`));
  const cancel = clock.setTimeout(onTimeout, ms);
  if (parent?.aborted === true) onAbort();
  else parent?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      cancel();
      parent?.removeEventListener('abort', onAbort);
    },
  };
}

function destroyOnAbort(body: Readable, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  const onAbort = (): void => {
    body.destroy(abortReason(signal));
  };
  if (signal.aborted) onAbort();
  else {
    signal.addEventListener('abort', onAbort, { once: true });
    body.once('close', () => signal.removeEventListener('abort', onAbort));
  }
}

function withoutQuery(path: string): string {
  const mark = path.indexOf('?');
  return mark === -1 ? path : path.slice(0, mark);
}

interface Lazy<T> {
  get(): T;
  peek(): T | undefined;
}

function lazily<T>(build: () => T): Lazy<T> {
  let value: T | undefined;
  return { get: () => (value ??= build()), peek: () => value };
}
