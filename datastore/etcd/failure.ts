import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { DataStoreError, type DataStoreErrorCode } from '../errors.ts';

/** A failed call, with what etcd said. */
export class EtcdError extends DataStoreError {
  /** etcd's own words, such as `etcdserver: user name already exists`; empty when the call never reached it. */
  readonly details: string;

  constructor(code: DataStoreErrorCode, details: string, endpoint: string, cause: ServiceError) {
    super(code, `etcd ${endpoint}: ${details}`, { cause });
    this.details = details;
  }

  /** Whether another member, or the same one a moment later, may well give an answer. */
  get isTransient(): boolean {
    return transient.has(this.code);
  }
}

/** Sorts a failed gRPC call into our codes (etcd: api/v3/v3rpc/rpctypes/error.go). */
export function toEtcdError(error: ServiceError, endpoint: string): EtcdError {
  return new EtcdError(classify(error), tidy(error.details), endpoint, error);
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

const transient: ReadonlySet<DataStoreErrorCode> = new Set([
  'ConnectionRefused',
  'NameResolutionFailed',
  'Timeout',
  'TLSFailed',
  'Unavailable',
]);

function classify(error: ServiceError): DataStoreErrorCode {
  switch (error.code) {
    case grpcStatus.DEADLINE_EXCEEDED:
      return 'Timeout';
    case grpcStatus.UNAUTHENTICATED:
      return 'AuthenticationFailed';
    case grpcStatus.PERMISSION_DENIED:
      return 'PermissionDenied';
    case grpcStatus.RESOURCE_EXHAUSTED:
      return 'QuotaExceeded';
    case grpcStatus.UNAVAILABLE:
      return classifyUnavailable(error.details);
    case grpcStatus.INVALID_ARGUMENT:
      return /user name is empty|authentication failed/u.test(error.details) ? 'AuthenticationFailed' : 'Unknown';
    case grpcStatus.FAILED_PRECONDITION:
      return classifyPrecondition(error.details);
    default:
      return 'Unknown';
  }
}

function classifyPrecondition(details: string): DataStoreErrorCode {
  if (/authentication is not enabled/u.test(details)) return 'AuthNotEnabled';
  // Said of the caller; where a user is asked for, the driver looks at the words.
  return details === refusals.userMissing ? 'AuthenticationFailed' : 'Unknown';
}

// The gRPC library reports everything below the call as text only.
function classifyUnavailable(details: string): DataStoreErrorCode {
  if (details.startsWith('etcdserver:')) return 'Unavailable';
  if (/ENOTFOUND|EAI_AGAIN|name resolution/iu.test(details)) return 'NameResolutionFailed';
  if (/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/u.test(details)) return 'Timeout';
  if (/certificate|altnames|self.signed|\bSSL\b|\bTLS\b|ERR_TLS|ERR_SSL/iu.test(details)) return 'TLSFailed';
  return 'ConnectionRefused';
}

function tidy(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (?:Error: )?/u, '')
    .replace(/\.? Resolution note:.*$/u, '');
}
