import { parse } from 'semver';
import { BootstrapError } from './errors.ts';

/** The versions of kubeadm's configuration API that supported kubeadm releases read. */
export type KubeadmApiVersion = 'kubeadm.k8s.io/v1beta3' | 'kubeadm.k8s.io/v1beta4';

/** The last minor of Kubernetes 1 whose kubeadm knows v1beta3 only. */
const LAST_V1BETA3_MINOR = 30;

/**
 * In which API version a tenant publishes its ClusterConfiguration. Every kubeadm reads v1beta3, only those since 1.31 read
 * v1beta4; nodes may be up to two minors older than their control plane, so v1beta4 comes with 1.33.
 * Throws BootstrapError `KubernetesVersionInvalid`.
 */
export function clusterConfigurationApiVersion(kubernetesVersion: string): KubeadmApiVersion {
  const version = parse(kubernetesVersion);
  if (version === null) {
    throw new BootstrapError('KubernetesVersionInvalid', `"${kubernetesVersion}" is not a version such as v1.35.4`);
  }
  const oldestNodeMinor = version.minor - 2;
  return oldestNodeMinor <= LAST_V1BETA3_MINOR ? 'kubeadm.k8s.io/v1beta3' : 'kubeadm.k8s.io/v1beta4';
}
