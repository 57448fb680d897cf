import { addAbortListener } from 'node:events';
import { DataStoreError } from '../errors.ts';
import type { Row, SqlConnection, SqlServer, Value } from './server.ts';

export interface SqlSessionOptions {
  readonly signal: AbortSignal;
  /** Budget of one statement that changes nothing. */
  readonly readMs: number;
  /** Longer: a database with all its files is made or removed by one statement. */
  readonly writeMs: number;
  /** As in DriverOptions. */
  readonly beforeWrite?: (() => void) | undefined;
}

/**
 * A connection lent for a piece of work. Values are bound or escaped by the library; names are escaped by the caller. Fails with a
 * DataStoreError, with the reason of the signal, or with what the fence throws.
 */
export class SqlSession {
  readonly #server: SqlServer;
  readonly #connection: SqlConnection;
  readonly #options: SqlSessionOptions;

  constructor(server: SqlServer, connection: SqlConnection, options: SqlSessionOptions) {
    this.#server = server;
    this.#connection = connection;
    this.#options = options;
  }

  /** Runs a statement that changes nothing. */
  async read(statement: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    return this.#run(statement, values, this.#options.readMs);
  }

  /** Runs a statement that may change something, unless the fence says no. */
  async write(statement: string, values: readonly Value[] = []): Promise<void> {
    this.#options.beforeWrite?.();
    await this.#run(statement, values, this.#options.writeMs);
  }

  async #run(statement: string, values: readonly Value[], timeoutMs: number): Promise<readonly Row[]> {
    const { signal } = this.#options;
    try {
      return await within(this.#connection.query(statement, values), timeoutMs, signal);
    } catch (error) {
      throw signal.aborted ? error : failureOf(this.#server, error);
    }
  }
}

/** The outcome of some work, unless that takes too long or nobody waits for it any more; the work itself goes on. */
export async function within<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  const { promise: given, reject: giveUp } = Promise.withResolvers<never>();
  const timer = setTimeout(() => giveUp(new SilenceError(timeoutMs)), timeoutMs);
  const listener = addAbortListener(signal, () => giveUp(signal.reason));
  try {
    return await Promise.race([work, given]);
  } finally {
    clearTimeout(timer);
    listener[Symbol.dispose]();
  }
}

/** What went wrong on a server, in our codes. */
export function failureOf(server: SqlServer, error: unknown): DataStoreError {
  if (!(error instanceof SilenceError)) return server.toError(error);
  return new DataStoreError('Timeout', `${server.name}: ${error.message}`, { cause: error });
}

class SilenceError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs / 1_000} s`);
    this.name = 'SilenceError';
  }
}
