import { toEtcdError } from '#datastore/etcd/failure.ts';
import { GrpcStatusError, GrpcTimeoutError } from '#datastore/etcd/grpc-exchange.ts';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import type { Call, Fate } from '../process/wire.ts';
import { pick } from '../random.ts';

/** How a call fails, when nobody answers it. */
export function outage({ line, key }: Call): Fate {
  const error =
    line === 'datastore'
      ? toEtcdError(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'simulated')
      : new NetworkError('CONNECTION_REFUSED', `${key}: connection refused`);
  return { kind: 'fails', when: 'before', error };
}

/** One of the many ways in which a single call goes wrong. */
export function failure(call: Call, random: () => number): Fate {
  const when = random() < 0.5 ? 'before' : 'after';
  return { kind: 'fails', when, error: call.line === 'datastore' ? ofEtcd(random) : ofApi(call, random) };
}

function ofEtcd(random: () => number): Error {
  const cause = pick<Error>(random, [
    new GrpcStatusError(14, 'etcdserver: leader changed'),
    new GrpcStatusError(14, 'etcdserver: request timed out'),
    new GrpcTimeoutError(10_000),
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  ]);
  return toEtcdError(cause, 'simulated');
}

function ofApi({ key }: Call, random: () => number): Error {
  const answer = (status: number, reason: string, retryAfterMs?: number): Error =>
    new ApiError({ message: `${key}: ${status}: simulated`, status, reason, retryAfterMs });
  return pick<() => Error>(random, [
    () => new NetworkError('CONNECTION_RESET', `${key}: read ECONNRESET`),
    () => new NetworkError('CONNECTION_RESET', `${key}: other side closed`),
    () => answer(500, 'InternalError'),
    () => answer(504, 'Timeout'),
    () => answer(503, 'ServiceUnavailable'),
    () => answer(429, 'TooManyRequests', 1_000 * Math.ceil(3 * random())),
  ])();
}
