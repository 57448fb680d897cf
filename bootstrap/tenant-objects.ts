import { clusterInfoObjects } from './cluster-info.ts';
import type { ClusterConfigurationInput } from './kubeadm-config.ts';
import { kubeadmConfigObjects } from './kubeadm-config.ts';
import type { KubeletConfigurationInput } from './kubelet-config.ts';
import { kubeletConfigObjects } from './kubelet-config.ts';
import type { TenantObject } from './objects.ts';
import { kubeadmRbac } from './rbac.ts';

/** Everything that the objects inside a tenant depend on. */
export interface TenantBootstrapInput extends ClusterConfigurationInput, KubeletConfigurationInput {
  /** Every certificate that nodes are to trust, in PEM. */
  readonly caCertificatesPem: string;
}

/**
 * What `kubeadm init` leaves inside a cluster so that workers can join (tokens aside), in the order in which to apply it:
 * what gives rights first, and cluster-info, at which joining nodes look first, last. Throws BootstrapError.
 */
export function bootstrapObjects(input: TenantBootstrapInput): readonly TenantObject[] {
  return [
    ...kubeadmRbac(),
    ...kubeletConfigObjects(input),
    ...kubeadmConfigObjects(input),
    ...clusterInfoObjects(input.controlPlaneEndpoint, input.caCertificatesPem),
  ];
}
