import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TransportOptions } from '#runtime/client/transport.ts';

/** One request, complete. */
export interface Sent {
  readonly method: 'GET' | 'PATCH';
  readonly path: string;
  readonly body?: string;
}

/** What the server said. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** When the server asks to come again (RFC 9110, 10.2.3). */
  readonly retryAfterSeconds?: number;
}

/** How requests use connections. */
export type Kind = 'kept alive' | 'HTTP/2' | 'new each time';

/** Sends single requests to one API server and repeats nothing by itself. */
export interface Requester extends AsyncDisposable {
  /** Rejects with ConnectionEnded where the request may be sent again, and with any other error where something failed. */
  send(request: Sent, signal: AbortSignal): Promise<Answer>;
}

/**
 * The server ended a connection that had answered before, as it may at any time between two requests, while this one was
 * on its way. A client repeats an idempotent request then (RFC 9112, 9.3.1; RFC 9113, 6.8): all Kubernetes clients do.
 */
export class ConnectionEnded extends Error {
  override readonly name = 'ConnectionEnded';
}

export type Access = Pick<TransportOptions, 'server' | 'tls'>;

export function createRequester(kind: Kind, access: Access): Requester {
  if (kind === 'HTTP/2') return multiplexed(access);
  return oneAtATime(access, kind === 'kept alive');
}

function oneAtATime({ server, tls }: Access, keepAlive: boolean): Requester {
  const agent = new Agent({ keepAlive, maxCachedSessions: 0, ...tls });
  return {
    async send({ method, path, body }, signal) {
      const request = httpsRequest(new URL(path, server), { agent, method, headers: headersOf(body), signal });
      request.end(body);
      try {
        const [response] = await once(request, 'response');
        return answer(response.statusCode, response.headers['retry-after'], await text(response));
      } catch (error) {
        signal.throwIfAborted();
        throw request.reusedSocket ? new ConnectionEnded('on a kept connection', { cause: error }) : error;
      }
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
    },
  };
}

function multiplexed({ server, tls }: Access): Requester {
  const sessions = new Set<ClientHttp2Session>();
  let current: { readonly session: ClientHttp2Session; answered: boolean } | undefined;
  const open = () => {
    const session = connectHttp2(server, { ...tls });
    const opened = { session, answered: false };
    sessions.add(session);
    const leave = () => {
      if (current === opened) current = undefined;
    };
    // What is under way goes on; new requests take a new connection.
    session.on('goaway', leave);
    session.on('close', () => {
      leave();
      sessions.delete(session);
    });
    session.on('error', leave);
    return opened;
  };
  return {
    async send({ method, path, body: content }, signal) {
      const used = (current ??= open());
      const { answered } = used;
      try {
        const stream = used.session.request({ ':method': method, ':path': path, ...headersOf(content) }, { signal });
        stream.end(content);
        const [headers] = await once(stream, 'response');
        const body = await text(stream);
        used.answered = true;
        return answer(headers[constants.HTTP2_HEADER_STATUS], headers[constants.HTTP2_HEADER_RETRY_AFTER], body);
      } catch (error) {
        signal.throwIfAborted();
        throw answered ? new ConnectionEnded('on an HTTP/2 connection', { cause: error }) : error;
      }
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
    },
  };
}

function answer(status: unknown, retryAfter: unknown, body: string): Answer {
  return { status: Number(status), body, ...(retryAfter !== undefined && { retryAfterSeconds: Number(retryAfter) }) };
}

function headersOf(body: string | undefined): Record<string, string> {
  if (body === undefined) return {};
  return { 'content-type': 'application/merge-patch+json', 'content-length': String(Buffer.byteLength(body)) };
}
