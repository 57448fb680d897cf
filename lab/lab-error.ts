export type LabErrorCode =
  | 'GoMissing'
  | 'BuildFailed'
  | 'DownloadFailed'
  | 'EngineUnavailable'
  | 'EngineStartFailed'
  | 'ImageBuildFailed'
  | 'UnsupportedHost'
  | 'ClusterFailed'
  | 'KubectlFailed'
  | 'ClusterctlFailed'
  | 'TimedOut';

/** A lab step that failed, with a message that says what to do about it. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
