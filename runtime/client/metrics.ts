/** One finished request, for metrics. */
export interface RequestSample {
  readonly method: string;
  /** HTTP status as text, or `<error>` when no response came (as in client-go's `rest_client_requests_total`). */
  readonly code: string;
  /** Class of the cluster (`management`, `tenant`, ...), never an address: tenants must not become metric series. */
  readonly host: string;
  readonly durationMs: number;
}

/** What a transport reports; must not throw. */
export interface ClientMetrics {
  requestFinished(sample: RequestSample): void;
}

export const noClientMetrics: ClientMetrics = { requestFinished: () => {} };
