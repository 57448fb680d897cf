import type { DataStoreError } from '../errors.ts';
import { codeOf, describedFailure, type Meaning } from '../sql/failure.ts';

/** Sorts whatever a call failed with into our codes. */
export function toPostgresError(error: unknown, server: string): DataStoreError {
  return describedFailure(server, error, meaningOf(error));
}

/** Reasons that the driver acts on (PostgreSQL: Appendix A, error codes). */
export const refusals = {
  duplicateObject: '42710',
  duplicateDatabase: '42P04',
  uniqueViolation: '23505',
  undefinedTable: '42P01',
  undefinedSchema: '3F000',
  insufficientPrivilege: '42501',
  invalidPassword: '28P01',
  invalidAuthorization: '28000',
  undefinedDatabase: '3D000',
} as const;

function meaningOf(error: unknown): Meaning | undefined {
  const code = codeOf(error) ?? '';
  const known = meanings[code] ?? (/^[0-9A-Z]{5}$/u.test(code) ? classes[code.slice(0, 2)] : undefined);
  if (known !== undefined) return known;
  // What the library itself finds out, and a few of the server's findings, have words but no code.
  const said = error instanceof Error ? error.message : '';
  return ownFindings.find(([words]) => words.test(said))?.[1];
}

const meanings: Readonly<Record<string, Meaning>> = {
  [refusals.invalidPassword]: {
    code: 'AuthenticationFailed',
    remedy: 'put the password that the server knows into the Secret of spec.basicAuth',
  },
  [refusals.invalidAuthorization]: {
    code: 'AuthenticationFailed',
    remedy: "let the server's pg_hba.conf accept this user from the manager's addresses",
  },
  [refusals.insufficientPrivilege]: {
    code: 'PermissionDenied',
    remedy: 'grant the user of spec.basicAuth the rights that docs/datastores.md lists',
  },
  [refusals.undefinedDatabase]: { code: 'Unavailable', remedy: 'create the database postgres again' },
  '25006': { code: 'Unavailable', remedy: 'list the address of the primary in spec.endpoints' },
  '53100': { code: 'QuotaExceeded', remedy: 'give the server more disk space' },
  '53300': {
    code: 'Unavailable',
    remedy: 'all connections are taken: raise max_connections, or put fewer tenants on this store',
  },
  '55000': { code: 'Unavailable' },
  '57P03': { code: 'Unavailable' },
};

// Ended by an administrator, by a crash of another backend, by a shutdown: as good as a connection that broke.
const cut: Meaning = { code: 'ConnectionRefused' };

/** By the first two characters of the code. */
const classes: Readonly<Record<string, Meaning>> = {
  '08': cut,
  '53': { code: 'Unavailable', remedy: 'the server is out of resources' },
  '57': cut,
  '58': { code: 'Unavailable', remedy: "look into the server's log" },
};

const ownFindings: readonly (readonly [words: RegExp, meaning: Meaning])[] = [
  // The server's own words for two changes of one role at the same moment; it has no code for that.
  [/tuple concurrently (?:updated|deleted)/u, { code: 'Unavailable' }],
  [
    /does not support SSL|establishing an SSL connection/u,
    { code: 'TLSFailed', remedy: 'turn ssl on at the server, or remove spec.tlsConfig' },
  ],
  [/Connection terminated|Client has encountered a connection error|not queryable/u, cut],
];
