import { DataStoreError, type DataStoreErrorCode } from '../errors.ts';
import { codeOfSocketFailure, transientCodes } from '../socket-failure.ts';
import { GrpcStatusError, GrpcTimeoutError } from './grpc-exchange.ts';

/** A failed call, with what etcd said. */
export class EtcdError extends DataStoreError {
  /** etcd's own words, such as `etcdserver: user name already exists`; empty when the call never reached it. */
  readonly details: string;

  constructor(code: DataStoreErrorCode, details: string, endpoint: string, cause: unknown) {
    super(code, `etcd ${endpoint}: ${details}`, { cause });
    this.details = details;
  }

  /**
   * Whether another member, or the same one a moment later, may well give an answer; then how much this failure tells compared with
   * that of another member: a dead member says less than a living one without a leader.
   */
  get transience(): number | undefined {
    const rank = transientCodes.indexOf(this.code);
    return rank === -1 ? undefined : rank;
  }
}

/** Sorts whatever a call failed with into our codes (etcd: api/v3/v3rpc/rpctypes/error.go). */
export function toEtcdError(error: unknown, endpoint: string): EtcdError {
  if (error instanceof GrpcStatusError) return new EtcdError(codeOfStatus(error), error.details, endpoint, error);
  const details = error instanceof Error ? error.message : String(error);
  return new EtcdError(
    error instanceof GrpcTimeoutError ? 'Timeout' : codeOfSocketFailure(error),
    details,
    endpoint,
    error,
  );
}

/** Runs a call and takes one particular refusal of etcd for an answer. */
export async function tolerate(details: string, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isEtcdRefusal(error, details)) throw error;
  }
}

/** Whether etcd refused a call with exactly these words. */
export function isEtcdRefusal(error: unknown, details: string): boolean {
  return error instanceof EtcdError && error.details === details;
}

/** Refusals that the driver acts on (etcd: api/v3/v3rpc/rpctypes/error.go). */
export const refusals = {
  userExists: 'etcdserver: user name already exists',
  userMissing: 'etcdserver: user name not found',
  roleExists: 'etcdserver: role name already exists',
  roleMissing: 'etcdserver: role name not found',
  roleNotGranted: 'etcdserver: role is not granted to the user',
  permissionNotGranted: 'etcdserver: permission is not granted to the role',
  oldAuthRevision: 'etcdserver: revision of auth store is old',
} as const;

// gRPC: statuscodes.md
function codeOfStatus({ status, details }: GrpcStatusError): DataStoreErrorCode {
  switch (status) {
    case 3: // INVALID_ARGUMENT
      return /user name is empty|authentication failed/u.test(details) ? 'AuthenticationFailed' : 'Unknown';
    case 4: // DEADLINE_EXCEEDED
      return 'Timeout';
    case 7: // PERMISSION_DENIED
      return 'PermissionDenied';
    case 8: // RESOURCE_EXHAUSTED
      return 'QuotaExceeded';
    case 9: // FAILED_PRECONDITION
      if (/authentication is not enabled/u.test(details)) return 'AuthNotEnabled';
      // Said of the caller; where a user is asked for, the driver looks at the words.
      return details === refusals.userMissing ? 'AuthenticationFailed' : 'Unknown';
    case 14: // UNAVAILABLE
      return 'Unavailable';
    case 16: // UNAUTHENTICATED
      return 'AuthenticationFailed';
    default:
      return 'Unknown';
  }
}
