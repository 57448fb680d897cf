import type { ReviewHandler, ReviewServer, ReviewServerOptions } from './review-server.ts';
import { createReviewServer } from './review-server.ts';

/** What somebody wants to do (Kubernetes: ResourceAttributes of `authorization.k8s.io/v1`); empty where it does not apply. */
export interface AccessRequest {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
}

/** A verdict: without a refusal, it is up to the authorizers that come after. */
export interface AccessVerdict {
  /** Why it is refused, shown to who asked. */
  readonly refusal?: string;
}

export type AuthorizationServer = ReviewServer<AccessRequest, AccessVerdict>;
export type AuthorizationHandler = ReviewHandler<AccessRequest, AccessVerdict>;

/**
 * Answers SubjectAccessReviews of version v1 about resources (Kubernetes: webhook mode of authorization), to who has a client
 * certificate. It refuses and never allows.
 */
export function createAuthorizationServer(options: ReviewServerOptions): AuthorizationServer {
  return createReviewServer(
    options,
    {
      name: 'authorization server',
      kind: 'SubjectAccessReview of authorization.k8s.io/v1 about a resource',
      // A user may be in very many groups.
      maxBodyBytes: 1024 * 1024,
      parse: parseAccessReview,
      format: (_request, { refusal }) => formatAccessReview(refusal),
    },
    { clientCertificates: true },
  );
}

function parseAccessReview(text: string): AccessRequest | undefined {
  let review: unknown;
  try {
    review = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (textAt(review, 'apiVersion') !== 'authorization.k8s.io/v1' || textAt(review, 'kind') !== 'SubjectAccessReview') {
    return undefined;
  }
  const asked = at(at(review, 'spec'), 'resourceAttributes');
  if (typeof asked !== 'object' || asked === null) return undefined;
  return {
    verb: textAt(asked, 'verb'),
    group: textAt(asked, 'group'),
    resource: textAt(asked, 'resource'),
    subresource: textAt(asked, 'subresource'),
  };
}

function formatAccessReview(refusal: string | undefined): string {
  const status = { allowed: false, ...(refusal === undefined ? {} : { denied: true, reason: refusal }) };
  return JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', status });
}

function textAt(value: unknown, key: string): string {
  const found = at(value, key);
  return typeof found === 'string' ? found : '';
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
