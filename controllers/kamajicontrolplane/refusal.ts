import { ApiError } from '#runtime/client/errors.ts';

/** The API server or an admission webhook understood the object and does not want it: only another wish can help. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.isInvalid || deniedByWebhook(error));
}

/** We lack the right to do it (Kubernetes: authorization), as opposed to a webhook that denies it. */
export function isMissingRight(error: unknown): error is ApiError {
  return error instanceof ApiError && error.isForbidden && !deniedByWebhook(error);
}

// A webhook may choose its own HTTP status, and 403 is the usual one (Kubernetes: apiserver/pkg/admission/plugin/webhook/errors).
function deniedByWebhook(error: ApiError): boolean {
  return error.status >= 400 && error.status < 500 && /admission webhook .* denied the request/u.test(error.message);
}
