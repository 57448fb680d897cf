import type { AdmissionRequest, AdmissionResponse } from './admission-review.ts';
import { formatReview, parseReview } from './admission-review.ts';
import type { ReviewHandler, ReviewServer, ReviewServerOptions } from './review-server.ts';
import { createReviewServer } from './review-server.ts';

/** Judges one request. */
export type AdmissionHandler = ReviewHandler<AdmissionRequest, AdmissionResponse>;

export type AdmissionServer = ReviewServer<AdmissionRequest, AdmissionResponse>;

/** Answers AdmissionReviews of version v1 over TLS (Kubernetes: dynamic admission control), whoever asks. */
export function createAdmissionServer(options: ReviewServerOptions): AdmissionServer {
  return createReviewServer(options, {
    name: 'admission server',
    kind: 'AdmissionReview of admission.k8s.io/v1',
    // An object and its old version, each of at most 3 MiB for kube-apiserver, and the envelope.
    maxBodyBytes: 8 * 1024 * 1024,
    parse: parseReview,
    format: ({ uid }, response) => formatReview(uid, response),
  });
}
