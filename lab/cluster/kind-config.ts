import { stringify } from 'yaml';
import { clusterName } from '../paths.ts';
import { auditMountPath } from './audit.ts';

export interface KindConfigInput {
  readonly nodeImage: string;
  /** Host directory with the audit policy, into which the API server writes its log. */
  readonly auditDirectory: string;
  /** Host path of the Docker Engine's socket; CAPD makes worker machines through it. */
  readonly dockerSocket: string;
  /** Whether the node image brings its own pod network instead of kind's. */
  readonly ownPodNetwork: boolean;
  /** What containers see; kubelet 1.35 refuses version 1 unless told otherwise. */
  readonly cgroupVersion: 1 | 2;
}

/** kind's configuration of the management cluster (`kind.x-k8s.io/v1alpha4`), one node. */
export function kindConfig(input: KindConfigInput): string {
  return stringify({
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    kind: 'Cluster',
    name: clusterName,
    networking: { kubeProxyMode: 'nftables', disableDefaultCNI: input.ownPodNetwork },
    nodes: [
      {
        role: 'control-plane',
        image: input.nodeImage,
        extraMounts: [
          { hostPath: input.dockerSocket, containerPath: '/var/run/docker.sock' },
          { hostPath: input.auditDirectory, containerPath: auditMountPath },
        ],
        kubeadmConfigPatches: [
          stringify(auditedApiServer()),
          ...(input.cgroupVersion === 1 ? [stringify({ kind: 'KubeletConfiguration', failCgroupV1: false })] : []),
        ],
      },
    ],
  });
}

/** A kubeadm ClusterConfiguration patch (`kubeadm.k8s.io/v1beta3`, the version that kind writes). */
function auditedApiServer(): object {
  const extraArgs = {
    'audit-policy-file': `${auditMountPath}/policy.yaml`,
    'audit-log-path': `${auditMountPath}/audit.log`,
    'audit-log-maxsize': '200',
    'audit-log-maxbackup': '1',
  };
  const volume = { name: 'audit', hostPath: auditMountPath, mountPath: auditMountPath, pathType: 'DirectoryOrCreate' };
  return { kind: 'ClusterConfiguration', apiServer: { extraArgs, extraVolumes: [volume] } };
}
