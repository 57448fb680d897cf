import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '#runtime/clock.ts';
import type { Answer, Delivery } from './exchange.ts';
import type { WireRequest } from './request.ts';

/** The server on a loopback port. */
export interface ListeningServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Breaks what is open and resolves when the port is free. */
  close(): Promise<void>;
}

interface Peer {
  readonly clock: Clock;
  exchange(request: WireRequest): Delivery;
}

/** Answers requests of an HTTP server. A bearer token is the name of the user. */
export function requestListener(peer: Peer): RequestListener {
  return (request, response) => {
    void readBody(request).then(
      (body) => deliver(peer.clock, peer.exchange(wireRequest(request, body)), response),
      () => response.destroy(),
    );
  };
}

/** Serves real HTTP/1.1 without TLS. */
export async function listen(answer: RequestListener): Promise<ListeningServer> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function deliver(clock: Clock, delivery: Delivery, response: ServerResponse): void {
  switch (delivery.kind) {
    case 'answer':
      writeHead(response, delivery.answer).end(delivery.answer.body);
      return;
    case 'slow':
      writeSlowly(clock, response, delivery.answer, delivery);
      return;
    case 'cut':
      writeHead(response, delivery.answer);
      response.write(delivery.answer.body.slice(0, delivery.answer.body.length / 2), () => response.destroy());
      return;
    case 'reset':
    case 'refuse':
      response.socket?.resetAndDestroy();
      return;
    case 'silence':
      return;
    case 'watch':
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      response.once('close', () => delivery.stream.abandoned());
      delivery.stream.start({
        write: (text) => void response.write(text),
        end: () => void response.end(),
        reset: () => void response.socket?.resetAndDestroy(),
      });
  }
}

function writeHead(response: ServerResponse, answer: Answer): ServerResponse {
  return response.writeHead(answer.code, {
    'content-type': answer.contentType,
    'content-length': String(Buffer.byteLength(answer.body)),
    ...(answer.retryAfter === undefined ? {} : { 'retry-after': String(answer.retryAfter) }),
  });
}

function writeSlowly(
  clock: Clock,
  response: ServerResponse,
  answer: Answer,
  { chunks, everyMs }: { readonly chunks: number; readonly everyMs: number },
): void {
  const body = Buffer.from(answer.body);
  const size = Math.ceil(body.length / chunks);
  writeHead(response, answer).flushHeaders();
  const next = (start: number): void => {
    const cancel = clock.setTimeout(() => {
      response.off('close', cancel);
      const end = start + size;
      if (end >= body.length) response.end(body.subarray(start));
      else {
        response.write(body.subarray(start, end));
        next(end);
      }
    }, everyMs);
    response.once('close', cancel);
  };
  next(0);
}

function wireRequest(request: IncomingMessage, body: string): WireRequest {
  const { headers, method = 'GET', url = '/' } = request;
  const [, token] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
  return {
    method,
    path: url,
    user: token ?? 'system:admin',
    accept: headers.accept,
    contentType: headers['content-type'],
    userAgent: headers['user-agent'],
    ...(body === '' ? {} : { body }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
