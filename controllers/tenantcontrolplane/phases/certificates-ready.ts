import { annotations } from '#api/labels.ts';
import { PkiError } from '#pki/errors.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { Authorities } from './authorities.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';

/** What the user can do about an authority of his own that has ended or is about to. */
export const REPLACE = `put another one in its place, or annotate the Secret with ${annotations.rotate}="" to have one made`;

/** The condition of the certificates where no step on the way to them failed. */
export function certificatesFinding(
  authorities: Authorities | undefined,
  credentials: Credentials | undefined,
  endpoint: Endpoint | undefined,
): Finding<'CertificatesReady'> {
  if (credentials !== undefined) {
    const renewAt = credentials.renewAt.toISOString();
    const ending = (authorities?.ending ?? []).map(
      ({ secretName, at }) => `; what you brought in Secret ${secretName} ends at ${at.toISOString()}: ${REPLACE}`,
    );
    return {
      type: 'CertificatesReady',
      status: 'True',
      reason: 'CertificatesReady',
      message: `certificates and kubeconfigs are in place; the next renewal is due at ${renewAt}${ending.join('')}`,
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
  if (error instanceof PkiError && error.code === 'AuthorityExpired') {
    return certificatesRefused('CertificateExpired', error.message);
  }
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
