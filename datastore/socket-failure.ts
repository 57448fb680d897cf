import type { DataStoreErrorCode } from './errors.ts';

/** What a failure of the network or of TLS means, by the code that Node gives it; `Unknown` for any other. */
export function codeOfSocketFailure(error: unknown): DataStoreErrorCode {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(ENOTFOUND|EAI_AGAIN)$/u.test(code)) return 'NameResolutionFailed';
  if (/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/u.test(code)) return 'Timeout';
  // Node names what OpenSSL says: CERT_HAS_EXPIRED, UNABLE_TO_VERIFY_LEAF_SIGNATURE, ERR_SSL_TLSV1_ALERT_UNKNOWN_CA, ...
  if (/CERT|SIGNATURE|ISSUER|^ERR_TLS_|^ERR_SSL_|^EPROTO$/u.test(code)) return 'TLSFailed';
  return /^(ECONN|EPIPE|ERR_HTTP2_|ERR_STREAM_)/u.test(code) ? 'ConnectionRefused' : 'Unknown';
}

/**
 * Failures that another server of the same store, or the same one a moment later, may well not have; the later in the list, the
 * more it tells: a dead server says less than a living one that cannot serve.
 */
export const transientCodes: readonly DataStoreErrorCode[] = [
  'NameResolutionFailed',
  'ConnectionRefused',
  'TLSFailed',
  'Timeout',
  'Unavailable',
];
