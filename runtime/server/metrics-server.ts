import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import type { Logger } from 'winston';
import type { Server } from '../manager/manager.ts';
import { type ListenAddress, close, listen, requestListener } from './listener.ts';

export interface MetricsServerOptions extends ListenAddress {
  readonly registry: Pick<Registry, 'contentType' | 'metrics'>;
  readonly log: Logger;
}

export interface MetricsServer extends Server {
  /** The port in use, after `listen`. */
  port(): number;
}

/** Serves `GET /metrics` in Prometheus' text format over plain HTTP, to whoever reaches the port. */
export function createMetricsServer({ log, registry, ...address }: MetricsServerOptions): MetricsServer {
  const handle = requestListener(log, async (request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    const body = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(body);
  });
  const server = createServer(handle);
  let port = address.port;
  return {
    name: 'metrics server',
    port: () => port,
    listen: async () => {
      port = await listen(server, address);
    },
    close: (signal) => close(server, signal),
  };
}
