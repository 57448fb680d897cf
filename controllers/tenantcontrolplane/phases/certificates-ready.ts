import { PkiError } from '#pki/errors.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';

/** The condition of the certificates where no step on the way to them failed. */
export function certificatesFinding(
  credentials: Credentials | undefined,
  endpoint: Endpoint | undefined,
): Finding<'CertificatesReady'> {
  if (credentials !== undefined) {
    const renewAt = credentials.renewAt.toISOString();
    return {
      type: 'CertificatesReady',
      status: 'True',
      reason: 'CertificatesReady',
      message: `certificates and kubeconfigs are in place; the next renewal is due at ${renewAt}`,
    };
  }
  return {
    type: 'CertificatesReady',
    status: 'False',
    reason: 'Waiting',
    message: endpoint === undefined ? 'waiting for the address that certificates have to name' : 'waiting',
  };
}

/** A step that failed; material of the user that cannot be used is looked at again, since nothing reports its correction. */
export function certificatesFailure(error: unknown): Outcome<never, 'CertificatesReady'> {
  if (error instanceof PkiError && error.code === 'AuthorityUnusable') {
    return certificatesRefused('UserCertificateInvalid', error.message);
  }
  return {
    finding: { type: 'CertificatesReady', status: 'False', reason: 'InternalError', message: messageOf(error) },
    error: asError(error),
  };
}

/** What somebody else has to put right. */
export function certificatesRefused(
  reason: Finding<'CertificatesReady'>['reason'],
  message: string,
): Outcome<never, 'CertificatesReady'> {
  return {
    finding: { type: 'CertificatesReady', status: 'False', reason, message },
    requeueAfterMs: RECHECK_MS,
  };
}
