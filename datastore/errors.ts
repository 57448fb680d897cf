/**
 * Why a store did not do what was asked. The code is stable: conditions take it as their reason.
 *
 * - `ConnectionRefused`: nothing listens there, or the connection was cut.
 * - `NameResolutionFailed`: the host of an endpoint is unknown.
 * - `Timeout`: the endpoint is silent.
 * - `TLSFailed`: the handshake failed: wrong authority, wrong host name, expired certificate.
 * - `AuthenticationFailed`: the store does not know these credentials.
 * - `PermissionDenied`: it knows them, but they may not administer it.
 * - `AuthNotEnabled`: the store lets everyone do everything, so that tenants could read one another.
 * - `Unavailable`: it answers, but has no leader or no quorum.
 * - `QuotaExceeded`: it is full.
 * - `InvalidName`: a schema or user name that this kind of store cannot hold safely.
 * - `NameConflict`: the schema or the user belongs to someone else.
 */
export type DataStoreErrorCode =
  | 'ConnectionRefused'
  | 'NameResolutionFailed'
  | 'Timeout'
  | 'TLSFailed'
  | 'AuthenticationFailed'
  | 'PermissionDenied'
  | 'AuthNotEnabled'
  | 'Unavailable'
  | 'QuotaExceeded'
  | 'InvalidName'
  | 'NameConflict'
  | 'Unknown';

/** A store refused, failed or did not answer. `cause` is the error of the wire library, where there is one. */
export class DataStoreError extends Error {
  override readonly name = 'DataStoreError';
  readonly code: DataStoreErrorCode;

  constructor(code: DataStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
