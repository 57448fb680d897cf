import { enumeration, object, optional, setOf } from '../../schema/schema.ts';
import { configurationJSONPatches } from './configuration-patches.ts';
import { DEFAULT_PREFERRED_ADDRESS_TYPES } from './defaults.ts';

/** How the API server reaches kubelets, in order of preference. */
export const preferredAddressTypes = setOf(
  'Kinds of node address that the API server uses for kubelets, best first.',
  enumeration('Kind of address.', ['Hostname', 'InternalIP', 'ExternalIP', 'InternalDNS', 'ExternalDNS']),
  { minItems: 1, default: [...DEFAULT_PREFERRED_ADDRESS_TYPES] },
);

const cgroupDriver = 'cgroup driver of the nodes; configurationJSONPatches with path /cgroupDriver says the same.';

/** Kubelet settings of a tenant. */
export const kubelet = object('What the control plane tells kubelets, and how it reaches them.', {
  preferredAddressTypes: optional(preferredAddressTypes),
  cgroupfs: optional(enumeration(cgroupDriver, ['systemd', 'cgroupfs'])),
  configurationJSONPatches: optional(configurationJSONPatches('KubeletConfiguration that nodes get when they join')),
});

/** Kubelet settings of a KamajiControlPlane: the same, but with a default cgroup driver. */
export const kubeletOfControlPlane = object(
  'What the control plane tells kubelets, and how it reaches them.',
  {
    preferredAddressTypes: optional(preferredAddressTypes),
    cgroupfs: optional(enumeration(cgroupDriver, ['systemd', 'cgroupfs'], { default: 'systemd' })),
    configurationJSONPatches: optional(configurationJSONPatches('KubeletConfiguration that nodes get when they join')),
  },
  { default: {} },
);
