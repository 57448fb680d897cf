import { errors } from '@nats-io/transport-node';
import { JetStreamApiError } from '@nats-io/jetstream';
import { DataStoreError, type DataStoreErrorCode } from '../errors.ts';
import { codeOfSocketFailure } from '../socket-failure.ts';

/** Sorts whatever a call failed with into our codes (NATS: server/errors.json, client protocol `-ERR`). */
export function toNatsError(error: unknown, endpoints: readonly string[]): DataStoreError {
  if (error instanceof DataStoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DataStoreError(codeOf(error), `NATS ${endpoints.join(', ')}: ${message}`, { cause: error });
}

/** Whether JetStream refused a call with one of these codes. */
export function isRefusal(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof JetStreamApiError && codes.includes(error.code);
}

/** Codes of refusals that the driver acts on (NATS: server/errors.json). */
export const refusals = {
  streamNotFound: 10_059,
  streamNameInUse: 10_058,
  notEnabled: 10_076,
  notEnabledForAccount: 10_039,
} as const;

// NATS: server/errors.json
const noRoom: readonly number[] = [10_002, 10_023, 10_026, 10_028, 10_047, 10_077];
const noQuorum: readonly number[] = [10_005, 10_008, 10_009];

function codeOf(error: unknown): DataStoreErrorCode {
  if (error instanceof JetStreamApiError) {
    if (noRoom.includes(error.code)) return 'QuotaExceeded';
    return noQuorum.includes(error.code) ? 'Unavailable' : 'Unknown';
  }
  if (error instanceof errors.PermissionViolationError) return 'PermissionDenied';
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return 'AuthenticationFailed';
  }
  if (error instanceof errors.TimeoutError) return 'Timeout';
  if (error instanceof errors.NoRespondersError) return 'Unavailable';
  // What a request under way fails with when its connection is cut has no class of its own.
  const isCut = error instanceof errors.RequestError && error.cause === undefined;
  if (isCut || error instanceof errors.ClosedConnectionError) return 'ConnectionRefused';
  // The server has no TLS although the DataStore has.
  if (error instanceof errors.InvalidArgumentError && /tls/iu.test(error.message)) return 'TLSFailed';
  const ofSocket = codeOfSocketFailure(error);
  if (ofSocket !== 'Unknown') return ofSocket;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause !== undefined) return codeOf(cause);
  return error instanceof errors.ConnectionError ? 'ConnectionRefused' : 'Unknown';
}
