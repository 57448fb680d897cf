/** An object under a name that a managed store needs was made by someone else. */
export class ForeignObjectError extends Error {
  override readonly name = 'ForeignObjectError';
  readonly code = 'ForeignObject';

  constructor(kind: string, namespace: string, name: string, options?: ErrorOptions) {
    super(
      `${kind} ${namespace}/${name} exists and was not made for this store: remove or rename it, or name the DataStore otherwise`,
      options,
    );
  }
}
