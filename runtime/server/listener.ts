import { once } from 'node:events';
import type { Server as HttpServer, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'winston';

/** Where a server listens. */
export interface ListenAddress {
  /** 0: any free port. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
}

/** Runs `handle` for each request; what it throws is logged and answered with 500. */
export function requestListener(
  log: Logger,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RequestListener {
  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      log.error('a request failed', { method: request.method, url: request.url, error });
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end('internal error\n');
    });
  };
}

/** Starts to listen and answers the port; rejects when the address cannot be had. */
export async function listen(server: HttpServer, { host, port }: ListenAddress): Promise<number> {
  server.on('request', (_request, response) => {
    // While closing, a client that keeps its connection for later use would hold up the end.
    response.once('close', () => setImmediate(() => !server.listening && server.closeIdleConnections()));
  });
  server.listen(host === undefined ? { port } : { port, host });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Accepts no more, lets requests under way finish until the signal aborts, then cuts them off. */
export async function close(server: HttpServer, signal: AbortSignal): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  const cut = (): void => server.closeAllConnections();
  server.close();
  server.closeIdleConnections();
  if (signal.aborted) cut();
  signal.addEventListener('abort', cut, { once: true });
  await closed;
  signal.removeEventListener('abort', cut);
}
