import { DataStoreError } from '../errors.ts';
import { transientCodes } from '../socket-failure.ts';
import { Gate } from './gate.ts';
import type { SqlConnection, SqlServer } from './server.ts';
import { failureOf, SqlSession, within } from './session.ts';

export interface SqlServersOptions {
  /** Pieces of work at a time, each on a connection of its own. */
  readonly connections: number;
  /** Budget of making a connection and of reading, over all servers. Default 15 000. */
  readonly timeoutMs?: number;
  /** Budget of one statement that changes something. Default 120 000. */
  readonly writeMs?: number;
  /** As in DriverOptions. */
  readonly beforeWrite?: (() => void) | undefined;
}

/**
 * The servers of one store: one at a time is used, the next one when it fails or accepts no changes. All work of the drivers is
 * idempotent, so work whose outcome is unknown is simply done again elsewhere.
 */
export class SqlServers {
  readonly #servers: readonly SqlServer[];
  readonly #options: SqlServersOptions;
  readonly #gate: Gate;
  readonly #attemptMs: number;
  #current = 0;
  #closed = false;

  constructor(servers: readonly SqlServer[], options: SqlServersOptions) {
    this.#servers = servers;
    this.#options = options;
    this.#gate = new Gate(options.connections);
    this.#attemptMs = Math.min(10_000, Math.floor((options.timeoutMs ?? 15_000) / Math.max(1, servers.length)));
  }

  /** Does the work on the server in use, then on each other one while the failure is one that another server may not have. */
  use<T>(signal: AbortSignal, work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#gate.pass(signal, () => this.#useAny(signal, work));
  }

  /** Closes what nobody uses; calls under way may finish. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const server of this.#servers) server.close();
  }

  async #useAny<T>(signal: AbortSignal, work: (session: SqlSession) => Promise<T>): Promise<T> {
    const first = this.#current;
    let telling: DataStoreError | undefined;
    for (let offset = 0; offset < this.#servers.length; offset += 1) {
      const index = (first + offset) % this.#servers.length;
      const server = this.#servers[index];
      if (server === undefined) break;
      try {
        const result = await this.#useOne(server, signal, work);
        this.#current = index;
        return result;
      } catch (error) {
        if (signal.aborted || !(error instanceof DataStoreError) || rankOf(error) === -1) throw error;
        if (telling === undefined || rankOf(error) > rankOf(telling)) telling = error;
      }
    }
    throw telling ?? new TypeError('a store without endpoints cannot be used');
  }

  /** A kept connection may have been cut while nobody used it: that says nothing about the server, so it is asked once more. */
  async #useOne<T>(server: SqlServer, signal: AbortSignal, work: (session: SqlSession) => Promise<T>): Promise<T> {
    try {
      return await this.#workOn(server, signal, work);
    } catch (error) {
      if (!(error instanceof CutError)) throw error;
      return await this.#workOn(server, signal, work).catch((again: unknown) => {
        throw again instanceof CutError ? again.failure : again;
      });
    }
  }

  async #workOn<T>(server: SqlServer, signal: AbortSignal, work: (session: SqlSession) => Promise<T>): Promise<T> {
    const connection = await this.#connect(server, signal);
    let broken = true;
    try {
      const { writeMs = 120_000, beforeWrite } = this.#options;
      const session = new SqlSession(server, connection, { signal, readMs: this.#attemptMs, writeMs, beforeWrite });
      if (!(await server.acceptsWrites(session))) throw standby(server);
      const result = await work(session);
      broken = false;
      return result;
    } catch (error) {
      if (error instanceof DataStoreError && error.code === 'ConnectionRefused') throw new CutError(error);
      throw error;
    } finally {
      connection.release(broken);
    }
  }

  async #connect(server: SqlServer, signal: AbortSignal): Promise<SqlConnection> {
    signal.throwIfAborted();
    if (this.#closed) throw new DataStoreError('ConnectionRefused', 'the connections to this store were closed');
    const acquiring = server.acquire();
    try {
      return await within(acquiring, this.#attemptMs, signal);
    } catch (error) {
      // It may still come: nobody else would give it back.
      acquiring.then(
        (late) => late.release(true),
        () => {},
      );
      throw signal.aborted ? error : failureOf(server, error);
    }
  }
}

/** A connection that was made ended before the work was done. */
class CutError extends Error {
  readonly failure: DataStoreError;

  constructor(failure: DataStoreError) {
    super(failure.message, { cause: failure });
    this.name = 'CutError';
    this.failure = failure;
  }
}

function rankOf({ code }: DataStoreError): number {
  return transientCodes.indexOf(code);
}

function standby({ name }: SqlServer): DataStoreError {
  const message = `${name} accepts no changes: it is a standby or set to read-only; list the address of the primary, too`;
  return new DataStoreError('Unavailable', message);
}
