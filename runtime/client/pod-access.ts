import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { tokenFromFile } from './cached-token.ts';
import type { ClusterAccess } from './cluster-access.ts';

export interface PodAccessOptions {
  /** Where the service account is mounted. Default: where kubelet does it. */
  readonly serviceAccountDirectory?: string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

// Kubernetes: accessing the API from a pod.
const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether this process runs in a pod that has a service account. */
export function isInPod({ serviceAccountDirectory: directory = mounted }: PodAccessOptions): boolean {
  return process.env['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(join(directory, 'token'));
}

/** The API server of the cluster that this pod runs in, under the pod's service account. */
export async function podAccess(options: PodAccessOptions): Promise<ClusterAccess> {
  const { serviceAccountDirectory: directory = mounted, clock } = options;
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
  const [ca, namespace] = await Promise.all([
    readFile(join(directory, 'ca.crt'), 'utf8'),
    readFile(join(directory, 'namespace'), 'utf8'),
  ]);
  return {
    transport: {
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      tls: { ca },
      bearerToken: tokenFromFile(join(directory, 'token'), clock),
    },
    namespace: namespace.trim(),
  };
}
