import type { KubeObject } from '../client/resource.ts';

/** What the API server asks (Kubernetes: `admission.k8s.io/v1` AdmissionRequest), as far as handlers read it. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly userInfo: { readonly username?: string; readonly groups?: readonly string[] };
  /** Absent for DELETE. */
  readonly object?: KubeObject;
  /** Absent for CREATE. */
  readonly oldObject?: KubeObject;
  readonly dryRun?: boolean;
}

/** One step of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

/** A handler's verdict. */
export type AdmissionResponse =
  | { readonly allowed: true; readonly patch?: readonly PatchOperation[]; readonly warnings?: readonly string[] }
  | {
      readonly allowed: false;
      /** Shown to the user: what is wrong and what to do. */
      readonly message: string;
      /** HTTP status of the refusal. Default 403. */
      readonly code?: number;
      /** `metav1.StatusReason`. Default `Forbidden`. */
      readonly reason?: string;
      readonly warnings?: readonly string[];
    };

/** The request in a review's JSON text, or undefined when it is no AdmissionReview of version v1. */
export function parseReview(text: string): AdmissionRequest | undefined {
  let review: unknown;
  try {
    review = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isReview(review) ? review.request : undefined;
}

/** The answer to the request with that uid, as JSON text. */
export function formatReview(uid: string, response: AdmissionResponse): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: response.allowed, warnings: response.warnings, ...verdict(response) },
  });
}

function verdict(response: AdmissionResponse): object {
  if (!response.allowed) {
    const { message, code = 403, reason = 'Forbidden' } = response;
    return { status: { code, reason, message } };
  }
  if (response.patch === undefined || response.patch.length === 0) return {};
  return { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(response.patch)).toString('base64') };
}

// The rest of the shape is the API server's promise: only it can reach this code with a review.
function isReview(value: unknown): value is { readonly request: AdmissionRequest } {
  if (typeof value !== 'object' || value === null || !('request' in value) || !('apiVersion' in value)) return false;
  const { apiVersion, request } = value;
  if (apiVersion !== 'admission.k8s.io/v1' || typeof request !== 'object' || request === null) return false;
  return 'uid' in request && typeof request.uid === 'string' && 'operation' in request;
}
