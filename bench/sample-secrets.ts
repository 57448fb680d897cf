import { randomBytes } from 'node:crypto';
import type { Secret } from '#runtime/client/builtin.ts';

/** Secrets lie in so many namespaces. */
export const namespaceCount = 20;

/** The n-th of many Secrets that look like a tenant's certificates and take about 2.4 KB on the wire from a real server. */
export function sampleSecret(n: number): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `tenant-${String(n).padStart(6, '0')}-api-server-certificate`,
      namespace: namespaceOf(n),
      labels: {
        'kamaji.clastix.io/name': `tenant-${n}`,
        'kamaji.clastix.io/project': 'kamaji',
        'kamaji.clastix.io/component': 'api-server-certificate',
      },
      annotations: { 'kamaji.clastix.io/checksum': randomBytes(16).toString('hex') },
    },
    type: 'Opaque',
    data: {
      'apiserver.crt': randomBytes(900).toString('base64'),
      'apiserver.key': randomBytes(170).toString('base64'),
    },
  };
}

/** Namespace of the n-th. */
export function namespaceOf(n: number): string {
  return `bench-${n % namespaceCount}`;
}
