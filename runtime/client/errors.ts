/** One cause out of a Kubernetes `Status`: which field, what is wrong. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** The body of a failed call (Kubernetes: `metav1.Status`), as far as it is read. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/**
 * An answer of the API server that is not a success. `code` is stable: the Status reason in upper snake case
 * (`NOT_FOUND`, `ALREADY_EXISTS`, `CONFLICT`, ...), or `HTTP_<status>` when the server gave no reason.
 */
export class ApiError extends Error {
  readonly code: string;
  /** HTTP status, or the `code` of an in-stream Status. */
  readonly status: number;
  /** `metav1.StatusReason`; empty when the body was no Status (a proxy in between, for example). */
  readonly reason: string;
  readonly details: StatusDetails;
  /** How long the server asks us to stay away; undefined when it does not. */
  readonly retryAfterMs: number | undefined;

  constructor(options: {
    readonly message: string;
    readonly status: number;
    readonly reason?: string;
    readonly details?: StatusDetails;
    readonly retryAfterMs?: number | undefined;
  }) {
    super(options.message);
    this.name = 'ApiError';
    this.status = options.status;
    this.reason = options.reason ?? '';
    this.code = this.reason === '' ? `HTTP_${options.status}` : upperSnake(this.reason);
    this.details = options.details ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }
  get isAlreadyExists(): boolean {
    return this.reason === 'AlreadyExists';
  }
  /** A stale resourceVersion, a failed precondition, or another field manager's fields without `force`. */
  get isConflict(): boolean {
    return this.status === 409 && !this.isAlreadyExists;
  }
  get isForbidden(): boolean {
    return this.status === 403;
  }
  get isUnauthorized(): boolean {
    return this.status === 401;
  }
  get isInvalid(): boolean {
    return this.status === 422;
  }
  /** The resourceVersion or the continue token is older than what the server keeps. */
  get isGone(): boolean {
    return this.status === 410;
  }
  get isTooManyRequests(): boolean {
    return this.status === 429;
  }
}

export type NetworkErrorCode =
  | 'CONNECTION_REFUSED'
  | 'CONNECTION_RESET'
  | 'HOST_NOT_FOUND'
  | 'HOST_UNREACHABLE'
  | 'INVALID_RESPONSE'
  | 'NETWORK_ERROR'
  /** This process refused to send it (see `TransportOptions.beforeSend`). */
  | 'NOT_SENT'
  | 'TIMEOUT'
  | 'TLS_ERROR';

/** No usable answer came: the request may or may not have been carried out. The reason is in `cause`. */
export class NetworkError extends Error {
  readonly code: NetworkErrorCode;

  constructor(code: NetworkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NetworkError';
    this.code = code;
  }
}

/** The ApiError for a response that is not 2xx; `body` is read as a `metav1.Status` where it is one. */
export function apiErrorFromResponse(request: string, status: number, body: string, retryAfter?: string): ApiError {
  const parsed = parseStatus(body);
  const fallback = body.trim().slice(0, 200);
  const message = parsed.message ?? (fallback === '' ? 'no message' : fallback);
  return new ApiError({
    message: `${request}: ${status}: ${message}`,
    status,
    ...(parsed.reason === undefined ? {} : { reason: parsed.reason }),
    ...(parsed.details === undefined ? {} : { details: parsed.details }),
    retryAfterMs: retryAfterMs(retryAfter, parsed.details),
  });
}

/** The ApiError for a `metav1.Status` that arrived as the object of a watch's ERROR event. */
export function apiErrorFromStatus(request: string, status: unknown): ApiError {
  const parsed = statusFields(status);
  const code = parsed.code ?? 500;
  return new ApiError({
    message: `${request}: ${code}: ${parsed.message ?? 'no message'}`,
    status: code,
    ...(parsed.reason === undefined ? {} : { reason: parsed.reason }),
    ...(parsed.details === undefined ? {} : { details: parsed.details }),
    retryAfterMs: retryAfterMs(undefined, parsed.details),
  });
}

/** Wraps whatever the socket layer threw; an ApiError or NetworkError passes through unchanged. */
export function networkErrorFrom(request: string, cause: unknown): ApiError | NetworkError {
  if (cause instanceof ApiError || cause instanceof NetworkError) return cause;
  const raw = rawCode(cause);
  const code = networkCode(raw);
  const text = cause instanceof Error ? cause.message : String(cause);
  return new NetworkError(code, `${request}: ${text === '' ? raw : text}`, { cause });
}

interface ParsedStatus {
  readonly code?: number;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
}

function parseStatus(body: string): ParsedStatus {
  if (!body.startsWith('{')) return {};
  try {
    return statusFields(JSON.parse(body));
  } catch {
    return {};
  }
}

function statusFields(status: unknown): ParsedStatus {
  if (typeof status !== 'object' || status === null) return {};
  const { code, message, reason, details } = status as Record<string, unknown>;
  return {
    ...(typeof code === 'number' ? { code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof details === 'object' && details !== null ? { details } : {}),
  };
}

// RFC 9110 §10.2.3 also allows a date, which kube-apiserver never sends.
function retryAfterMs(header: string | undefined, details: StatusDetails | undefined): number | undefined {
  const seconds = header === undefined ? details?.retryAfterSeconds : Number(header);
  return seconds === undefined || !Number.isFinite(seconds) || seconds <= 0 ? undefined : seconds * 1000;
}

// A refused connection to a name with several addresses is an AggregateError whose members hold the code.
function rawCode(cause: unknown): string {
  for (let error: unknown = cause, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    if ('code' in error && typeof error.code === 'string') return error.code;
    if (error instanceof AggregateError && error.errors.length > 0) return rawCode(error.errors[0]);
  }
  return '';
}

function networkCode(raw: string): NetworkErrorCode {
  switch (raw) {
    case 'ECONNREFUSED':
      return 'CONNECTION_REFUSED';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return 'CONNECTION_RESET';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'HOST_NOT_FOUND';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'HOST_UNREACHABLE';
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'TIMEOUT';
    default:
      return /CERT|SELF_SIGNED|ISSUER|VERIFY|^ERR_TLS|^ERR_SSL|EPROTO/.test(raw) ? 'TLS_ERROR' : 'NETWORK_ERROR';
  }
}

function upperSnake(reason: string): string {
  return reason.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}
