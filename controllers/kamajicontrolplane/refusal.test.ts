import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import { isMissingRight, isRefusal } from './refusal.ts';

suite('why a write failed', () => {
  const webhook = (status: number) =>
    new ApiError({ status, message: 'PATCH x: admission webhook "validation.example" denied the request: no' });
  const cases: readonly [string, unknown, boolean, boolean][] = [
    [
      'the schema or a rule refuses the object',
      new ApiError({ status: 422, message: 'spec.x: Invalid value' }),
      true,
      false,
    ],
    ['a webhook denies it with its usual status', webhook(403), true, false],
    ['a webhook denies it with another status', webhook(400), true, false],
    [
      'the right is missing',
      new ApiError({ status: 403, message: 'widgets is forbidden: User "manager" cannot patch resource "widgets"' }),
      false,
      true,
    ],
    ['a webhook cannot be reached', new ApiError({ status: 500, message: 'failed calling webhook' }), false, false],
    ['someone else was faster', new ApiError({ status: 409, message: 'the object has been modified' }), false, false],
    ['the API server does not answer', new NetworkError('TIMEOUT', 'no answer'), false, false],
  ];
  for (const [name, error, refusal, missingRight] of cases) {
    test(name, () => assert.deepEqual([isRefusal(error), isMissingRight(error)], [refusal, missingRight]));
  }
});
