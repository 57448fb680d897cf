import type { Binding, ConfigMap, Role } from './objects.ts';
import { BOOTSTRAPPERS, configMap, configMapReaders, NODES } from './objects.ts';
import { clusterConfigurationApiVersion } from './kubeadm-version.ts';
import { toYaml } from './yaml-text.ts';

/** What nodes are told about the cluster that they join. */
export interface ClusterConfigurationInput {
  readonly clusterName: string;
  /** `vX.Y.Z` of the control plane. */
  readonly kubernetesVersion: string;
  /** `host:port`, an IPv6 host in brackets. */
  readonly controlPlaneEndpoint: string;
  readonly clusterDomain: string;
  readonly serviceCidrs: readonly string[];
  readonly podCidrs: readonly string[];
  readonly certSANs: readonly string[];
  /** Where nodes find Kubernetes' own images. Default `registry.k8s.io`. */
  readonly imageRepository?: string;
}

/** The ConfigMap kube-system/kubeadm-config, which `kubeadm join` reads, and what lets nodes read it. */
export function kubeadmConfigObjects(input: ClusterConfigurationInput): readonly [ConfigMap, Role, Binding] {
  const namespace = 'kube-system';
  const name = 'kubeadm-config';
  return [
    configMap(namespace, name, { ClusterConfiguration: toYaml(clusterConfiguration(input)) }),
    ...configMapReaders(namespace, 'kubeadm:nodes-kubeadm-config', name, [BOOTSTRAPPERS, NODES]),
  ];
}

/** The ClusterConfiguration of a tenant (kubeadm.k8s.io/v1beta3 or v1beta4, by its version). Errors as `clusterConfigurationApiVersion`. */
export function clusterConfiguration(input: ClusterConfigurationInput): object {
  return {
    apiVersion: clusterConfigurationApiVersion(input.kubernetesVersion),
    kind: 'ClusterConfiguration',
    clusterName: input.clusterName,
    kubernetesVersion: input.kubernetesVersion,
    controlPlaneEndpoint: input.controlPlaneEndpoint,
    certificatesDir: '/etc/kubernetes/pki',
    imageRepository: input.imageRepository ?? 'registry.k8s.io',
    networking: {
      dnsDomain: input.clusterDomain,
      serviceSubnet: input.serviceCidrs.join(','),
      ...(input.podCidrs.length === 0 ? {} : { podSubnet: input.podCidrs.join(',') }),
    },
    apiServer: { certSANs: input.certSANs },
    // Says that kubeadm does not run etcd here; where it really is, is no business of the tenant's.
    etcd: { external: { endpoints: ['https://127.0.0.1:2379'], caFile: '', certFile: '', keyFile: '' } },
  };
}
