import type { StatusCause, StatusDetails } from '#runtime/client/errors.ts';
import type { Resource } from '#runtime/client/resource.ts';

/** The body of an answer that is not a success (Kubernetes: `metav1.Status`). */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** Thrown by the parts of the server to end a request with this Status. */
export class Refusal extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message);
    this.name = 'Refusal';
    this.status = status;
  }
}

/** A Status of that code; what is undefined is left out. */
export function statusOf(
  code: number,
  reason: string | undefined,
  message: string,
  details?: StatusDetails,
  next?: string,
): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: next === undefined ? {} : { continue: next },
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

type Named = Pick<Resource, 'group' | 'kind' | 'plural'>;

export function notFound(resource: Named, name: string): Refusal {
  const message = `${groupResource(resource)} "${name}" not found`;
  return new Refusal(statusOf(404, 'NotFound', message, detailsOf(resource, name)));
}

export function alreadyExists(resource: Named, name: string, isBeingDeleted: boolean): Refusal {
  const message = `${isBeingDeleted ? 'object is being deleted: ' : ''}${groupResource(resource)} "${name}" already exists`;
  return new Refusal(statusOf(409, 'AlreadyExists', message, detailsOf(resource, name)));
}

export function conflict(resource: Named, name: string, why: string, causes?: readonly StatusCause[]): Refusal {
  const message = `Operation cannot be fulfilled on ${groupResource(resource)} "${name}": ${why}`;
  return new Refusal(statusOf(409, 'Conflict', message, { ...detailsOf(resource, name), ...(causes && { causes }) }));
}

export const STALE = 'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(resource: Named, name: string, why: string, causes?: readonly StatusCause[]): Refusal {
  const message = `${groupResource(resource)} ${name === '' ? '' : `"${name}" `}is forbidden: ${why}`;
  return new Refusal(statusOf(403, 'Forbidden', message, { ...detailsOf(resource, name), ...(causes && { causes }) }));
}

/** A field that is wrong; the message begins with the kind of fault (`Invalid value: ...`). */
export interface FieldError {
  readonly field: string;
  readonly message: string;
  readonly reason: string;
}

export function invalid(resource: Named, name: string, errors: readonly FieldError[]): Refusal {
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new Refusal(
    statusOf(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, {
      ...(name === '' ? {} : { name }),
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.kind,
      causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
    }),
  );
}

export function badRequest(message: string): Refusal {
  return new Refusal(statusOf(400, 'BadRequest', message));
}

/** What the server did not foresee: 500, without reason. */
export function failure(message: string): Refusal {
  return new Refusal(statusOf(500, undefined, message));
}

/** The text for a version that is no number. */
export function unreadable(version: string): string {
  return `strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`;
}

export function expired(message: string, next?: string): Refusal {
  return new Refusal(statusOf(410, 'Expired', message, undefined, next));
}

/** The resourceVersion has not been reached yet: as after a restore from a backup. */
export function tooLargeResourceVersion(wanted: string, current: string): Refusal {
  return new Refusal(
    statusOf(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    }),
  );
}

export function methodNotAllowed(): Refusal {
  return new Refusal(
    statusOf(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {}),
  );
}

export function unsupportedMediaType(accepted: readonly string[]): Refusal {
  const list = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  const message = accepted.length === 0 ? '415: Unsupported Media Type' : list;
  return new Refusal(statusOf(415, 'UnsupportedMediaType', message));
}

function groupResource({ group, plural }: Named): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function detailsOf({ group, plural }: Named, name: string): StatusDetails {
  return { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural };
}
