import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, errors, type NatsConnection, type ServerInfo } from '@nats-io/transport-node';
import { abortReason, unlessAborted } from '#runtime/clock.ts';
import type { ConnectionConfig } from '../connection.ts';
import { toNatsError } from './failure.ts';

/** What a call gets: JetStream under the store's own credentials, and what the server said of itself at connecting. */
export interface NatsSession {
  readonly streams: JetStreamManager['streams'];
  readonly account: JetStreamManager['getAccountInfo'];
  readonly server: ServerInfo;
}

export interface NatsChannelOptions {
  /** Time to connect, and again to answer. Default 10 000. */
  readonly timeoutMs?: number;
}

/** One kept connection to a NATS, opened by the first call and again by the next one after it was lost. */
export class NatsChannel {
  readonly #config: ConnectionConfig;
  readonly #timeoutMs: number;
  #opening: Promise<Open> | undefined;

  constructor(config: ConnectionConfig, { timeoutMs = 10_000 }: NatsChannelOptions = {}) {
    this.#config = config;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs `work` over the connection. Throws DataStoreError, or the signal's reason. */
  async call<T>(signal: AbortSignal, work: (session: NatsSession) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const opening = this.#opening ?? this.#openKept();
    try {
      return await unlessAborted(
        opening.then(({ session }) => work(session)),
        signal,
      );
    } catch (error) {
      if (signal.aborted) throw abortReason(signal);
      if (this.#opening === opening && (await isSpent(opening, error))) this.close();
      throw toNatsError(error, this.#config.endpoints);
    }
  }

  close(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    // Whether it ends in good order does not matter: nobody uses it any more.
    opening?.then(({ connection }) => connection.close()).catch(() => {});
  }

  /** A connection that the next calls use too, until it is lost. */
  #openKept(): Promise<Open> {
    const opening = this.#open();
    this.#opening = opening;
    const forget = (): void => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    opening.then(({ connection }) => connection.closed()).then(forget, forget);
    return opening;
  }

  async #open(): Promise<Open> {
    const { basicAuth, endpoints, tls } = this.#config;
    const connection = await connect({
      servers: [...endpoints],
      name: 'kamaji',
      ...(basicAuth === undefined ? {} : { user: basicAuth.username, pass: basicAuth.password }),
      ...(tls === undefined ? {} : { tls: { ca: tls.ca, ...certificateOf(tls.client) } }),
      timeout: this.#timeoutMs,
      // A lost connection is opened by the next call, so that each one knows what it failed with.
      reconnect: false,
      noRandomize: true,
      ignoreClusterUpdates: true,
    });
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: this.#timeoutMs });
    const { info } = connection;
    if (info === undefined) throw new errors.ConnectionError('the server said nothing of itself');
    const session = { streams: manager.streams, account: () => manager.getAccountInfo(), server: info };
    return { connection, session };
  }
}

interface Open {
  readonly connection: NatsConnection;
  readonly session: NatsSession;
}

function certificateOf(client: { readonly certificate: string; readonly key: string } | undefined) {
  return client === undefined ? {} : { cert: client.certificate, key: client.key };
}

/** Whether another call over this connection cannot succeed, or nobody knows. */
async function isSpent(opening: Promise<Open>, error: unknown): Promise<boolean> {
  try {
    const { connection } = await opening;
    return connection.isClosed() || error instanceof errors.TimeoutError;
  } catch {
    return true;
  }
}
