import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import type { DataStoreErrorCode } from '../errors.ts';
import { toMysqlError } from '../mysql/failure.ts';
import { toPostgresError } from '../postgresql/failure.ts';

const secret = 'correct horse battery staple';

/** An error as the libraries make them: with the statement in it. */
function libraryError(message: string, code?: string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code }, {
    sql: `CREATE USER x IDENTIFIED BY '${secret}'`,
  });
}

const cases: readonly (readonly [
  what: string,
  store: 'PostgreSQL' | 'MySQL',
  code: string,
  expected: DataStoreErrorCode,
])[] = [
  ['a full disk', 'PostgreSQL', '53100', 'QuotaExceeded'],
  ['a full disk', 'MySQL', 'ER_DISK_FULL', 'QuotaExceeded'],
  ['a full table space', 'MySQL', 'ER_RECORD_FILE_FULL', 'QuotaExceeded'],
  ['too many connections', 'PostgreSQL', '53300', 'Unavailable'],
  ['too many connections', 'MySQL', 'ER_CON_COUNT_ERROR', 'Unavailable'],
  ['a server that starts', 'PostgreSQL', '57P03', 'Unavailable'],
  ['a server that stops', 'PostgreSQL', '57P01', 'ConnectionRefused'],
  ['a server that stops', 'MySQL', 'ER_SERVER_SHUTDOWN', 'ConnectionRefused'],
  ['a standby', 'PostgreSQL', '25006', 'Unavailable'],
  ['a standby', 'MySQL', 'ER_OPTION_PREVENTS_STATEMENT', 'Unavailable'],
  ['a wrong password', 'PostgreSQL', '28P01', 'AuthenticationFailed'],
  ['a wrong password', 'MySQL', 'ER_ACCESS_DENIED_ERROR', 'AuthenticationFailed'],
  ['a right that was taken away', 'PostgreSQL', '42501', 'PermissionDenied'],
  ['a right that was taken away', 'MySQL', 'ER_SPECIFIC_ACCESS_DENIED_ERROR', 'PermissionDenied'],
  ['an expired certificate', 'PostgreSQL', 'CERT_HAS_EXPIRED', 'TLSFailed'],
  ['an expired certificate', 'MySQL', 'HANDSHAKE_SSL_ERROR', 'TLSFailed'],
  ['a name that is too long', 'MySQL', 'ER_WRONG_STRING_LENGTH', 'InvalidName'],
  ['something new', 'PostgreSQL', 'ZZ999', 'Unknown'],
  ['something new', 'MySQL', 'ER_SOMETHING_NEW', 'Unknown'],
];
for (const [what, store, code, expected] of cases) {
  test(`${store}: ${what} is ${expected}, and no statement is repeated`, () => {
    const describe = store === 'PostgreSQL' ? toPostgresError : toMysqlError;
    const error = describe(libraryError('the server says no', code), `${store} db:1`);
    assert.equal(error.code, expected);
    assert.match(error.message, /^(?:PostgreSQL|MySQL) db:1: the server says no/u);
    assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(secret));
  });
}

test('a statement that the server quotes is not repeated either', () => {
  const said = `You have an error near '${secret}'`;
  const error = toMysqlError(libraryError(said, 'ER_PARSE_ERROR'), 'MySQL db:1');
  assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(secret));
});

test('of a host with several addresses every refusal is told', () => {
  const refusals = ['::1', '127.0.0.1'].map((address) =>
    libraryError(`connect ECONNREFUSED ${address}:1`, 'ECONNREFUSED'),
  );
  const error = toPostgresError(new AggregateError(refusals), 'PostgreSQL localhost:1');
  assert.equal(error.code, 'ConnectionRefused');
  assert.match(error.message, /ECONNREFUSED ::1:1, connect ECONNREFUSED 127\.0\.0\.1:1/u);
});

test('a full disk is one in whichever words MySQL and MariaDB put it', () => {
  for (const [message, code] of [
    [`Error writing file './ddl_recovery.log' (Errcode: 28 "No space left on device")`, 'EE_WRITE'],
    [`Can't create table \`a\`.\`b\` (errno: 28 "No space left on device")`, 'ER_CANT_CREATE_TABLE'],
    [`Error writing file './a' (OS errno 28 - No space left on device)`, 'ER_ERROR_ON_WRITE'],
  ] as const) {
    const error = toMysqlError(libraryError(message, code), 'MySQL db:1');
    assert.equal(error.code, 'QuotaExceeded');
    assert.match(error.message, /give the server more disk space$/u);
  }
});
