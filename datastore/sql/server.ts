import type { DataStoreError } from '../errors.ts';

/** Columns by the names that the statement gives them; `columns.ts` narrows their values. */
export type Row = Readonly<Record<string, unknown>>;

/** What may be bound to a placeholder. */
export type Value = string | number | boolean | readonly string[];

/** Asks one server something that changes nothing. */
export interface Reads {
  read(statement: string, values?: readonly Value[]): Promise<readonly Row[]>;
}

/** One open connection, in the hands of one caller. */
export interface SqlConnection {
  query(statement: string, values: readonly Value[]): Promise<readonly Row[]>;
  /** Gives it back; a broken one is closed, and with it whatever transaction was open. */
  release(broken: boolean): void;
}

/** One server of a store, over kept connections. */
export interface SqlServer {
  /** As messages call it: kind and `host:port`. */
  readonly name: string;
  /** A connection on which the session is as the driver needs it. */
  acquire(): Promise<SqlConnection>;
  /** Asks whether the server accepts changes: the administrator can change a standby of some kinds, and must not. */
  acceptsWrites(session: Reads): Promise<boolean>;
  /** The failure in our codes, with a sentence, a remedy where there is one, and never a statement or a password. */
  toError(error: unknown): DataStoreError;
  /** Closes idle connections now and others once they are given back. Idempotent. */
  close(): void;
}
