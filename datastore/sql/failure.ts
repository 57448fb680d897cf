import { DataStoreError, type DataStoreErrorCode } from '../errors.ts';
import { codeOfSocketFailure } from '../socket-failure.ts';

/** A failure that a server named by a code of its own: what it means here, and what the administrator does about it. */
export interface Meaning {
  readonly code: DataStoreErrorCode;
  readonly remedy?: string;
  /** Said instead of the server's own words, where those quote the statement. */
  readonly said?: string;
}

/**
 * The error that is shown and logged. Errors of the libraries hold statements, and so passwords: of them only message and code
 * are kept.
 */
export function describedFailure(store: string, error: unknown, meaning: Meaning | undefined): DataStoreError {
  const { code, remedy, said = wordsOf(error) } = meaning ?? meaningOfSocket(error);
  const cause = Object.assign(new Error(said), codeOf(error) === undefined ? {} : { code: codeOf(error) });
  return new DataStoreError(code, `${store}: ${said}${remedy === undefined ? '' : `: ${remedy}`}`, { cause });
}

/** The code that a library gave an error, such as `28P01` or `ER_ACCESS_DENIED_ERROR`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether a server refused a statement of a session for one of these reasons, in its own codes. */
export function isRefusal(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof DataStoreError ? codeOf(error.cause) : undefined;
  return code !== undefined && codes.includes(code);
}

function meaningOfSocket(error: unknown): Meaning {
  const code = codeOfSocketFailure(error instanceof AggregateError ? error.errors[0] : error);
  return remedies[code] === undefined ? { code } : { code, remedy: remedies[code] };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? messageOf(error) : 'failed without saying why';
}

// Of an address with several IP addresses Node says what went wrong with each one, and nothing itself.
function messageOf(error: Error): string {
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message;
  return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join(', ');
}

const remedies: Readonly<Partial<Record<DataStoreErrorCode, string>>> = {
  ConnectionRefused: 'is the server running, and is this its address?',
  NameResolutionFailed: 'correct the host in spec.endpoints',
  TLSFailed: "compare the server's certificate with spec.tlsConfig: authority, host name, dates",
};
