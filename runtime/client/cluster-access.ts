import { type PodAccessOptions, isInPod, podAccess } from './pod-access.ts';
import type { KubeConfigOptions } from './kubeconfig.ts';
import type { TransportOptions } from './transport.ts';

/** Who and where, as `createTransport` takes it, and the namespace that goes with it. */
export interface ClusterAccess {
  readonly transport: Pick<TransportOptions, 'server' | 'tls' | 'bearerToken'>;
  /** Of the context, or of the pod. */
  readonly namespace?: string;
}

/**
 * The access to the cluster that this process works on: the kubeconfig that is named, by `path` or KUBECONFIG, else the
 * service account of the pod, else ~/.kube/config. Throws KubeConfigError.
 */
export async function findClusterAccess(options: KubeConfigOptions & PodAccessOptions): Promise<ClusterAccess> {
  const isNamed = options.path !== undefined || (process.env['KUBECONFIG'] ?? '') !== '';
  if (!isNamed && isInPod(options)) return podAccess(options);
  // Not at the top: client-node brings every model of the Kubernetes API, which a pod need not hold in memory.
  const { loadKubeConfig } = await import('./kubeconfig.ts');
  return loadKubeConfig(options);
}
