/** What went wrong in this room; stable, safe to switch on. */
export type BootstrapErrorCode =
  | 'KubeconfigUnparsable'
  | 'ConfigurationPatchFailed'
  | 'KubernetesVersionInvalid'
  | 'TokenLifetimeInvalid';

/** Input that nothing can be bootstrapped from. */
export class BootstrapError extends Error {
  readonly code: BootstrapErrorCode;

  constructor(code: BootstrapErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BootstrapError';
    this.code = code;
  }
}
