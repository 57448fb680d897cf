import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, NetworkError, apiErrorFromResponse, apiErrorFromStatus, networkErrorFrom } from './errors.ts';

const status = (fields: object): string => JSON.stringify({ kind: 'Status', apiVersion: 'v1', ...fields });

test('an answer with a Status becomes an error that tells what it is', () => {
  const notFound = apiErrorFromResponse('GET x', 404, status({ reason: 'NotFound', message: 'pods "a" not found' }));
  assert.deepEqual([notFound.code, notFound.isNotFound, notFound.status], ['NOT_FOUND', true, 404]);
  assert.equal(notFound.message, 'GET x: 404: pods "a" not found');

  const exists = apiErrorFromResponse('POST x', 409, status({ reason: 'AlreadyExists' }));
  assert.deepEqual([exists.code, exists.isAlreadyExists, exists.isConflict], ['ALREADY_EXISTS', true, false]);

  const conflict = apiErrorFromResponse('PUT x', 409, status({ reason: 'Conflict' }));
  assert.deepEqual([conflict.code, conflict.isAlreadyExists, conflict.isConflict], ['CONFLICT', false, true]);

  const invalid = apiErrorFromResponse(
    'POST x',
    422,
    status({ reason: 'Invalid', details: { causes: [{ field: 'spec.a', reason: 'FieldValueRequired' }] } }),
  );
  assert.equal(invalid.isInvalid, true);
  assert.equal(invalid.details.causes?.[0]?.field, 'spec.a');
});

test('an answer without a Status keeps its code and the beginning of its text', () => {
  const error = apiErrorFromResponse('GET x', 502, 'Bad Gateway\n');
  assert.deepEqual([error.code, error.reason, error.message], ['HTTP_502', '', 'GET x: 502: Bad Gateway']);
  assert.equal(apiErrorFromResponse('GET x', 500, '{ not json').code, 'HTTP_500');
});

test('how long to stay away comes from the header, else from the Status', () => {
  const body = status({ reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } });
  assert.equal(apiErrorFromResponse('GET x', 429, body, '3').retryAfterMs, 3000);
  const fromBody = apiErrorFromResponse('GET x', 429, body);
  assert.deepEqual([fromBody.retryAfterMs, fromBody.isTooManyRequests], [7000, true]);
  assert.equal(apiErrorFromResponse('GET x', 503, '', 'soon').retryAfterMs, undefined);
});

test('the Status of an ERROR event is an error like an answer', () => {
  const error = apiErrorFromStatus('watch pods', { code: 410, reason: 'Expired', message: 'too old' });
  assert.deepEqual([error.isGone, error.code], [true, 'EXPIRED']);
  assert.equal(apiErrorFromStatus('watch pods', undefined).status, 500);
});

test('network failures have stable codes and keep their cause', () => {
  const cause = (code: string): Error => Object.assign(new Error(code.toLowerCase()), { code });
  const codes = {
    ECONNREFUSED: 'CONNECTION_REFUSED',
    ECONNRESET: 'CONNECTION_RESET',
    UND_ERR_SOCKET: 'CONNECTION_RESET',
    ENOTFOUND: 'HOST_NOT_FOUND',
    EHOSTUNREACH: 'HOST_UNREACHABLE',
    UND_ERR_CONNECT_TIMEOUT: 'TIMEOUT',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'TLS_ERROR',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLS_ERROR',
    ERR_TLS_CERT_ALTNAME_INVALID: 'TLS_ERROR',
    CERT_HAS_EXPIRED: 'TLS_ERROR',
    EWHATEVER: 'NETWORK_ERROR',
  };
  for (const [raw, code] of Object.entries(codes)) {
    const original = cause(raw);
    const error = networkErrorFrom('GET x', original);
    assert.ok(error instanceof NetworkError);
    assert.deepEqual([error.code, error.cause], [code, original]);
  }
  const both = new AggregateError([cause('ECONNREFUSED'), cause('ECONNREFUSED')]);
  assert.equal(networkErrorFrom('GET x', both).code, 'CONNECTION_REFUSED');
  assert.equal(networkErrorFrom('GET x', new Error('a', { cause: cause('ECONNRESET') })).code, 'CONNECTION_RESET');
});

test('an error of ours is not wrapped again', () => {
  const error = new ApiError({ message: 'a', status: 500 });
  assert.equal(networkErrorFrom('GET x', error), error);
});
