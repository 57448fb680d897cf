import type { ClientHttp2Session } from 'node:http2';
import { connect as openSession } from 'node:http2';
import { isIP } from 'node:net';
import { checkServerIdentity, connect as openSocket } from 'node:tls';
import { unlessAborted } from '#runtime/clock.ts';
import type { TlsMaterial } from '../connection.ts';
import { connectionLost, exchange, GrpcTimeoutError } from './grpc-exchange.ts';

export interface UnaryOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Runs right before the message is sent; a throw stops it. */
  readonly beforeSend?: (() => void) | undefined;
}

/**
 * One kept TLS connection for unary gRPC calls (gRPC: PROTOCOL-HTTP2.md), opened at the first call and again whenever it was lost or
 * fell silent. Written on node:http2 because @grpc/grpc-js leaves the socket behind of every attempt to reach a peer that accepts and
 * then says nothing, and reports what went wrong below a call as text only.
 *
 * Calls fail with GrpcStatusError, GrpcTimeoutError, the signal's reason, or the error of the socket.
 */
export class GrpcConnection {
  readonly #host: string;
  readonly #port: number;
  readonly #tls: TlsMaterial;
  #opening: Promise<Session> | undefined;
  #closed = false;

  /** `endpoint` is `host:port`, with an IPv6 address in brackets. */
  constructor(endpoint: string, tls: TlsMaterial) {
    const colon = endpoint.lastIndexOf(':');
    this.#host = endpoint.slice(0, colon).replace(/^\[(.*)\]$/u, '$1');
    this.#port = Number(endpoint.slice(colon + 1));
    this.#tls = tls;
  }

  /** Sends one message and resolves to the one that comes back. */
  async unary(path: string, message: Uint8Array, { timeoutMs, signal, beforeSend }: UnaryOptions): Promise<Buffer> {
    signal.throwIfAborted();
    if (this.#closed) throw new TypeError('the connection has been closed');
    const limit = new AbortController();
    const onAbort = (): void => limit.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => limit.abort(new GrpcTimeoutError(timeoutMs)), timeoutMs);
    const opening = this.#session(timeoutMs);
    try {
      const session = await unlessAborted(opening, limit.signal);
      beforeSend?.();
      return await session.exchange(path, message, timeoutMs, limit.signal);
    } catch (error) {
      // A connection that fell silent may stay so for minutes although the way is free again: the next call opens another.
      if (error instanceof GrpcTimeoutError) this.#retire(opening);
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the connection once the calls under way have ended. */
  close(): void {
    this.#closed = true;
    if (this.#opening !== undefined) this.#retire(this.#opening);
  }

  #session(timeoutMs: number): Promise<Session> {
    if (this.#opening !== undefined) return this.#opening;
    const opening = open(this.#host, this.#port, this.#tls, timeoutMs);
    this.#opening = opening;
    opening.then(
      (session) => session.onceClosed(() => this.#forget(opening)),
      () => this.#forget(opening),
    );
    return opening;
  }

  #forget(opening: Promise<Session>): void {
    if (this.#opening === opening) this.#opening = undefined;
  }

  #retire(opening: Promise<Session>): void {
    this.#forget(opening);
    opening.then(
      (session) => session.retire(),
      // It never came about: whoever waited for it knows.
      () => undefined,
    );
  }
}

/** An HTTP/2 session with a count of its calls. */
class Session {
  readonly #http2: ClientHttp2Session;
  #calls = 0;
  #retired = false;

  constructor(http2: ClientHttp2Session) {
    this.#http2 = http2;
    // The calls under way get the same error.
    http2.on('error', () => undefined);
    http2.on('goaway', () => this.retire());
  }

  onceClosed(listener: () => void): void {
    if (this.#http2.closed || this.#http2.destroyed) listener();
    else this.#http2.once('close', listener);
  }

  /** Destroyed, not closed: a peer that is silent would never answer the goodbye. */
  retire(): void {
    this.#retired = true;
    if (this.#calls === 0) this.#http2.destroy();
  }

  async exchange(path: string, message: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<Buffer> {
    this.#calls += 1;
    try {
      return await exchange(this.#http2, path, message, timeoutMs, signal);
    } finally {
      this.#calls -= 1;
      if (this.#retired) this.retire();
    }
  }
}

function open(host: string, port: number, tls: TlsMaterial, timeoutMs: number): Promise<Session> {
  return new Promise((resolve, reject) => {
    const socket = openSocket({
      host,
      port,
      // RFC 6066 allows no address here; the certificate is checked against the real host all the same.
      servername: isIP(host) === 0 ? host : '',
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      ca: tls.ca,
      cert: tls.client?.certificate,
      key: tls.client?.key,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2'],
    });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new GrpcTimeoutError(timeoutMs)), timeoutMs);
    socket.on('error', fail);
    socket.once('close', () => fail(connectionLost()));
    socket.once('secureConnect', () => {
      const http2 = openSession(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`, {
        createConnection: () => socket,
      });
      http2.once('error', fail);
      // Under TLS 1.3 a refused client certificate is heard of only after the handshake, and before this.
      http2.once('remoteSettings', () => {
        clearTimeout(timer);
        resolve(new Session(http2));
      });
    });
  });
}
