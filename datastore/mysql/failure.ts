import type { DataStoreError } from '../errors.ts';
import { codeOf, describedFailure, type Meaning } from '../sql/failure.ts';

/** Sorts whatever a call failed with into our codes. */
export function toMysqlError(error: unknown, server: string): DataStoreError {
  return describedFailure(server, error, isOutOfSpace(error) ? full : meanings[codeOf(error) ?? '']);
}

/** Whatever the statement was about: errors of the operating system come in the text of a dozen codes (Linux: ENOSPC, EDQUOT). */
function isOutOfSpace(error: unknown): boolean {
  return error instanceof Error && /\b(?:Errcode|errno):? (?:28|122)\b/u.test(error.message);
}

/** Reasons that the driver acts on (MySQL: Server Error Message Reference; MariaDB has the same names). */
export const refusals = {
  duplicateKey: 'ER_DUP_ENTRY',
  databaseExists: 'ER_DB_CREATE_EXISTS',
  noSuchTable: 'ER_NO_SUCH_TABLE',
  noSuchDatabase: 'ER_BAD_DB_ERROR',
  noSuchThread: 'ER_NO_SUCH_THREAD',
  cannotUser: 'ER_CANNOT_USER',
} as const;

const rights: Meaning = {
  code: 'PermissionDenied',
  remedy: 'grant the user of spec.basicAuth the rights that docs/datastores.md lists',
};
const full: Meaning = { code: 'QuotaExceeded', remedy: 'give the server more disk space' };
const crowded: Meaning = {
  code: 'Unavailable',
  remedy: 'all connections are taken: raise max_connections, or put fewer tenants on this store',
};
const readOnly: Meaning = { code: 'Unavailable', remedy: 'list the address of the primary in spec.endpoints' };
const cut: Meaning = { code: 'ConnectionRefused' };

const meanings: Readonly<Record<string, Meaning>> = {
  ER_ACCESS_DENIED_ERROR: {
    code: 'AuthenticationFailed',
    remedy: 'put the password that the server knows into the Secret of spec.basicAuth',
  },
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: { code: 'AuthenticationFailed' },
  ER_HOST_NOT_PRIVILEGED: {
    code: 'AuthenticationFailed',
    remedy: "let the user log in from the manager's addresses ('user'@'%')",
  },
  ER_ACCOUNT_HAS_BEEN_LOCKED: { code: 'AuthenticationFailed', remedy: 'unlock the user' },
  ER_MUST_CHANGE_PASSWORD: { code: 'AuthenticationFailed', remedy: 'give the user a password that does not expire' },
  ER_DBACCESS_DENIED_ERROR: rights,
  ER_TABLEACCESS_DENIED_ERROR: rights,
  ER_COLUMNACCESS_DENIED_ERROR: rights,
  ER_SPECIFIC_ACCESS_DENIED_ERROR: rights,
  ER_CANT_CREATE_USER_WITH_GRANT: rights,
  ER_KILL_DENIED_ERROR: rights,
  ER_CON_COUNT_ERROR: crowded,
  ER_TOO_MANY_USER_CONNECTIONS: crowded,
  ER_USER_LIMIT_REACHED: crowded,
  ER_HOST_IS_BLOCKED: {
    code: 'Unavailable',
    remedy: 'run FLUSH HOSTS on the server, and look for what breaks connections',
  },
  ER_SERVER_SHUTDOWN: cut,
  ER_OPTION_PREVENTS_STATEMENT: readOnly,
  ER_READ_ONLY_MODE: readOnly,
  ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: readOnly,
  ER_DISK_FULL: full,
  ER_RECORD_FILE_FULL: full,
  ER_ERROR_ON_WRITE: full,
  ER_OUT_OF_RESOURCES: { code: 'Unavailable', remedy: 'the server is out of memory' },
  ER_WRONG_STRING_LENGTH: { code: 'InvalidName' },
  ER_PARSE_ERROR: { code: 'Unknown', said: 'the server did not understand a statement' },
  HANDSHAKE_NO_SSL_SUPPORT: { code: 'TLSFailed', remedy: 'turn TLS on at the server, or remove spec.tlsConfig' },
  HANDSHAKE_SSL_ERROR: {
    code: 'TLSFailed',
    remedy: "compare the server's certificate with spec.tlsConfig: authority, host name, dates",
  },
  ER_SECURE_TRANSPORT_REQUIRED: { code: 'TLSFailed', remedy: 'the server wants TLS: set spec.tlsConfig' },
  PROTOCOL_CONNECTION_LOST: cut,
  ER_CONNECTION_KILLED: cut,
  ER_QUERY_INTERRUPTED: cut,
};
