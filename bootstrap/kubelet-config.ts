import type { Binding, ConfigMap, Role } from './objects.ts';
import { BOOTSTRAPPERS, configMap, configMapReaders, NODES } from './objects.ts';
import type { JsonPatchOperation } from './configuration-patch.ts';
import { patchConfiguration } from './configuration-patch.ts';
import { toYaml } from './yaml-text.ts';

/** What kubelets are told when they join. */
export interface KubeletConfigurationInput {
  readonly clusterDomain: string;
  readonly dnsServiceIPs: readonly string[];
  /** Default `systemd`. */
  readonly cgroupDriver?: 'systemd' | 'cgroupfs';
  /** The user's changes, applied in order. */
  readonly kubeletPatches?: readonly JsonPatchOperation[];
}

/** The ConfigMap kube-system/kubelet-config, which `kubeadm join` reads, and what lets nodes read it. Errors as `kubeletConfiguration`. */
export function kubeletConfigObjects(input: KubeletConfigurationInput): readonly [ConfigMap, Role, Binding] {
  const namespace = 'kube-system';
  const name = 'kubelet-config';
  return [
    configMap(namespace, name, { kubelet: toYaml(kubeletConfiguration(input)) }),
    ...configMapReaders(namespace, 'kubeadm:kubelet-config', name, [NODES, BOOTSTRAPPERS]),
  ];
}

/**
 * The KubeletConfiguration of a tenant (kubelet.config.k8s.io/v1beta1): only what kubeadm would set; everything else is left
 * to each kubelet's own defaults, since a field that an older kubelet does not know would keep it from starting.
 * Throws BootstrapError `ConfigurationPatchFailed`.
 */
export function kubeletConfiguration(input: KubeletConfigurationInput): object {
  const document = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: input.cgroupDriver ?? 'systemd',
    clusterDNS: input.dnsServiceIPs,
    clusterDomain: input.clusterDomain,
    rotateCertificates: true,
    staticPodPath: '/etc/kubernetes/manifests',
  };
  return patchConfiguration('kubelet', document, input.kubeletPatches ?? []);
}
