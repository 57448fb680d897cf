/** What went wrong in this room; stable, safe to switch on. */
export type PkiErrorCode =
  | 'KeyUnparsable'
  | 'KeyTypeUnsupported'
  | 'CertificateUnparsable'
  | 'AuthorityUnusable'
  | 'AuthorityExpired'
  | 'SubjectAltNameInvalid'
  | 'AddressRangeInvalid';

/** Input that no certificate or key can be made of or read from. */
export class PkiError extends Error {
  readonly code: PkiErrorCode;

  constructor(code: PkiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PkiError';
    this.code = code;
  }
}
