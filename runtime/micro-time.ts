/**
 * A time stamp as Kubernetes reads a `MicroTime`: RFC 3339 with exactly six digits of fraction; any other number of
 * digits is answered with 400 (Kubernetes: `metav1.MicroTime`). `ms` is milliseconds since the epoch.
 */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
