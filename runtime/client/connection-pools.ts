import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { buildConnector, Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { systemClock } from '../clock.ts';
import { NetworkError, networkErrorFrom } from './errors.ts';
import type { Method, TlsOptions, TransportOptions } from './transport.ts';

/** The sockets to one API server. */
export interface ConnectionPools {
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
  closeRequests(): Promise<void>;
  destroyRequests(): Promise<void>;
  destroyWatches(): Promise<void>;
}

/**
 * Two pools, so that long-lived watches never take a socket from requests. No socket is opened before it is needed.
 * Time-outs are the caller's: undici's own would cut off a quiet watch.
 */
export function openConnectionPools(origin: string, options: TransportOptions): ConnectionPools {
  const shared = {
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: 60_000,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: patient(
      buildConnector({
        ...tlsConnection(options.tls ?? {}, origin),
        allowH2: false,
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
        timeout: options.connectTimeoutMs ?? 5_000,
      }),
      options,
    ),
  };
  const requests = new Pool(origin, { ...shared, connections: options.connections ?? 4 });
  const watches = new Pool(origin, shared);
  const guarded = (pool: Pool): Dispatcher => guard(pool, options.beforeSend);
  return {
    requests: guarded(requests),
    watches: guarded(watches),
    closeRequests: async () => {
      // undici refuses to close what is destroyed.
      if (!requests.destroyed) await requests.close();
    },
    destroyRequests: () => requests.destroy(),
    destroyWatches: () => watches.destroy(),
  };
}

const CONNECT_AGAIN_MS = 100;

/** Tries again for `unreachableForMs` where nobody is reached, or nobody answers. Nothing has been sent then, whatever the request is. */
function patient(
  connect: buildConnector.connector,
  { unreachableForMs = 0, clock = systemClock }: TransportOptions,
): buildConnector.connector {
  if (unreachableForMs === 0) return connect;
  return (options, callback) => {
    const started = clock.monotonic();
    const attempt = (): void =>
      connect(options, (...[error, socket]) => {
        if (error === null) callback(error, socket);
        else if (clock.monotonic() - started < unreachableForMs && isUnreached(error)) {
          clock.setTimeout(attempt, CONNECT_AGAIN_MS);
        } else callback(error, null);
      });
    attempt();
  };
}

function isUnreached(error: Error): boolean {
  const { code } = networkErrorFrom('connect', error);
  return code === 'CONNECTION_REFUSED' || code === 'HOST_UNREACHABLE' || code === 'TIMEOUT';
}

// undici calls onRequestStart when the request's turn on a socket has come, immediately before it writes the headers.
function guard(pool: Pool, beforeSend: TransportOptions['beforeSend']): Dispatcher {
  if (beforeSend === undefined) return pool;
  return pool.compose((dispatch) => (options, handler) => {
    const onRequestStart = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      onRequestStart?.(controller, context);
      try {
        beforeSend(options.method as Method);
      } catch (error) {
        controller.abort(new NetworkError('NOT_SENT', `${options.method} not sent`, { cause: error }));
      }
    };
    return dispatch(options, handler);
  });
}

interface TlsConnection {
  readonly secureContext?: SecureContext;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

// One parsed context for all connections: building it costs more than a resumed handshake.
function tlsConnection(tls: TlsOptions, origin: string): TlsConnection {
  if (!origin.startsWith('https:')) return {};
  const { ca, cert, key, serverName, insecureSkipVerify } = tls;
  return {
    secureContext: createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: insecureSkipVerify !== true,
  };
}
