import { checkServerIdentity, createSecureContext } from 'node:tls';
import { isIP } from 'node:net';
import { Client, credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import type { TlsMaterial } from '../connection.ts';
import { EtcdError, refusals, toEtcdError } from './failure.ts';
import type { Method } from './protocol.ts';

export interface EtcdChannelOptions {
  /** `host:port` of each member, or of a Service before them. */
  readonly endpoints: readonly string[];
  readonly tls: TlsMaterial;
  /** Budget of one call over all endpoints. Default 15 000. */
  readonly timeoutMs?: number;
}

/**
 * Kept connections to the members of one etcd: one at a time is used, the next one when it fails. All calls of the driver are
 * idempotent, so a call whose outcome is unknown is simply made again elsewhere.
 */
export class EtcdChannel {
  readonly #members: readonly Member[];
  readonly #attemptMs: number;
  #current = 0;

  constructor(options: EtcdChannelOptions) {
    const budget = options.timeoutMs ?? 15_000;
    this.#members = options.endpoints.map((endpoint) => new Member(endpoint, options.tls));
    this.#attemptMs = Math.min(10_000, Math.floor(budget / Math.max(1, this.#members.length)));
  }

  /** Calls the member in use, then each other one while the failure is one that another member may not have. */
  async call<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    const first = this.#current;
    let failure: unknown = new TypeError('an etcd without endpoints cannot be called');
    for (let attempt = 0; attempt < this.#members.length; attempt += 1) {
      const index = (first + attempt) % this.#members.length;
      const member = this.#members[index];
      if (member === undefined) break;
      try {
        const response = await callAtPresentRevision(member, method, request, this.#attemptMs, signal);
        this.#current = index;
        return response;
      } catch (error) {
        failure = error;
        if (!(error instanceof EtcdError) || !error.isTransient) break;
      }
    }
    throw failure;
  }

  close(): void {
    for (const member of this.#members) member.close();
  }
}

/**
 * Changes to users and roles race: a call that was admitted under an older revision of them is refused, and succeeds when
 * made again.
 */
async function callAtPresentRevision<Request extends object, Response extends object>(
  member: Member,
  method: Method<Request, Response>,
  request: Request,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Response> {
  for (let left = 5; ; left -= 1) {
    try {
      return await member.call(method, request, timeoutMs, signal);
    } catch (error) {
      const raced = error instanceof EtcdError && error.details === refusals.oldAuthRevision;
      if (!raced || left === 0) throw error;
    }
  }
}

/** One kept connection, opened at the first call. */
class Member {
  readonly #endpoint: string;
  readonly #credentials: ChannelCredentials;
  readonly #options: ChannelOptions;
  #client: Client | undefined;
  #closed = false;

  constructor(endpoint: string, tls: TlsMaterial) {
    this.#endpoint = endpoint;
    const host = endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[(.*)\]$/u, '$1');
    this.#credentials = credentials.createFromSecureContext(
      createSecureContext({ ca: tls.ca, cert: tls.client?.certificate, key: tls.client?.key, minVersion: 'TLSv1.2' }),
      { checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate) },
    );
    this.#options = {
      // RFC 6066 allows no address in SNI; the identity of the server is checked against the real host above.
      ...(isIP(host) === 0 ? {} : { 'grpc.ssl_target_name_override': 'etcd' }),
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.service_config_disable_resolution': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2_000,
    };
  }

  call<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Response> {
    if (signal.aborted) return Promise.reject(reasonOf(signal));
    if (this.#closed) return Promise.reject(new TypeError(`the connection to ${this.#endpoint} has been closed`));
    this.#client ??= new Client(`dns:///${this.#endpoint}`, this.#credentials, this.#options);
    const client = this.#client;
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const call = client.makeUnaryRequest(
      method.path,
      method.encode,
      method.decode,
      request,
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        signal.removeEventListener('abort', abort);
        if (signal.aborted) {
          reject(reasonOf(signal));
        } else if (error !== null) {
          const failure = toEtcdError(error, this.#endpoint);
          if (failure.code === 'Timeout') this.#discard(client);
          reject(failure);
        } else if (response === undefined) {
          reject(new TypeError(`${method.path} ended without a response`));
        } else {
          resolve(response);
        }
      },
    );
    function abort(): void {
      call.cancel();
    }
    signal.addEventListener('abort', abort, { once: true });
    return promise;
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
    this.#client = undefined;
  }

  /** A connection that fell silent may stay so for minutes although the way is free again: the next call opens another. */
  #discard(client: Client): void {
    client.close();
    if (this.#client === client) this.#client = undefined;
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}
