import { createServer } from 'node:http';
import type { Logger } from 'winston';
import type { Clock } from '../clock.ts';
import type { Server } from '../manager/manager.ts';
import { type ListenAddress, close, listen, requestListener } from './listener.ts';

/** Undefined when all is well, else what is wrong. A rejection counts as wrong. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>;

export interface HealthServerOptions extends ListenAddress {
  readonly clock: Clock;
  readonly log: Logger;
  /** By name, asked at every `/readyz`. */
  readonly readyChecks?: Readonly<Record<string, HealthCheck>>;
}

export interface HealthServer extends Server {
  /** The port in use, after `listen`. */
  port(): number;
}

const tickMs = 1_000;
const allowedLagMs = 5_000;

/**
 * Serves `/healthz` (the event loop turns: no timer was later than 5 s) and `/readyz` (all checks pass), each also as
 * `/readyz/<check>` and, with every check listed, as `?verbose` (the form of kube-apiserver's endpoints). 200 or 500.
 */
export function createHealthServer(options: HealthServerOptions): HealthServer {
  const loop = watchLoop(options.clock);
  const groups: Readonly<Record<string, Readonly<Record<string, HealthCheck>>>> = {
    healthz: { loop: loop.check },
    readyz: { ping: () => undefined, ...options.readyChecks },
  };
  const handle = requestListener(options.log, async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, group = '', name] = url.pathname.split('/');
    const checks = Object.entries(groups[group] ?? {}).filter(([check]) => name === undefined || check === name);
    const results = await Promise.all(checks.map(async ([check, run]) => ({ check, wrong: await outcome(run) })));
    const isWell = results.every(({ wrong }) => wrong === undefined);
    const lines = results.map(({ check, wrong }) =>
      wrong === undefined ? `[+]${check} ok` : `[-]${check} failed: ${wrong}`,
    );
    const status = checks.length === 0 ? 404 : isWell ? 200 : 500;
    const body = status === 200 && !url.searchParams.has('verbose') ? 'ok' : `${lines.join('\n')}\n`;
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
  });
  const server = createServer(handle);
  let port = options.port;
  return {
    name: 'health server',
    port: () => port,
    listen: async () => {
      loop.start();
      port = await listen(server, options);
    },
    close: (signal) => {
      loop.stop();
      return close(server, signal);
    },
  };
}

function watchLoop(clock: Clock): { readonly check: HealthCheck; start(): void; stop(): void } {
  let expected = Number.POSITIVE_INFINITY;
  let lastLag = 0;
  let cancel = (): void => {};
  const tick = (): void => {
    lastLag = Math.max(0, clock.monotonic() - expected);
    expected = clock.monotonic() + tickMs;
    cancel = clock.setTimeout(tick, tickMs);
  };
  return {
    start: () => {
      expected = clock.monotonic();
      tick();
    },
    stop: () => cancel(),
    check: () => {
      const lag = Math.max(lastLag, clock.monotonic() - expected);
      return lag > allowedLagMs ? `the event loop was stuck for ${Math.round(lag)} ms` : undefined;
    },
  };
}

async function outcome(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
