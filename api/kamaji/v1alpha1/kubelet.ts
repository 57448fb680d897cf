import { enumeration, json, list, object, optional, setOf, string } from '../../schema/schema.ts';
import { DEFAULT_PREFERRED_ADDRESS_TYPES } from './defaults.ts';

/** How the API server reaches kubelets, in order of preference. */
export const preferredAddressTypes = setOf(
  'Kinds of node address that the API server uses for kubelets, best first.',
  enumeration('Kind of address.', ['Hostname', 'InternalIP', 'ExternalIP', 'InternalDNS', 'ExternalDNS']),
  { minItems: 1, default: [...DEFAULT_PREFERRED_ADDRESS_TYPES] },
);

const cgroupDriver = 'cgroup driver of the nodes; configurationJSONPatches with path /cgroupDriver says the same.';

/** One operation on the KubeletConfiguration that joining nodes get (RFC 6902). */
export const configurationJSONPatches = list(
  'JSON patch (RFC 6902) of the KubeletConfiguration that nodes get when they join.',
  object('One operation.', {
    op: enumeration('What to do.', ['add', 'remove', 'replace', 'move', 'copy', 'test']),
    path: string('Where to do it, such as /maxPods.'),
    from: optional(string('Source of a move or a copy.')),
    value: optional(json('Value of an add, a replace or a test.')),
  }),
);

/** Kubelet settings of a tenant. */
export const kubelet = object('What the control plane tells kubelets, and how it reaches them.', {
  preferredAddressTypes: optional(preferredAddressTypes),
  cgroupfs: optional(enumeration(cgroupDriver, ['systemd', 'cgroupfs'])),
  configurationJSONPatches: optional(configurationJSONPatches),
});

/** Kubelet settings of a KamajiControlPlane: the same, but with a default cgroup driver. */
export const kubeletOfControlPlane = object(
  'What the control plane tells kubelets, and how it reaches them.',
  {
    preferredAddressTypes: optional(preferredAddressTypes),
    cgroupfs: optional(enumeration(cgroupDriver, ['systemd', 'cgroupfs'], { default: 'systemd' })),
    configurationJSONPatches: optional(configurationJSONPatches),
  },
  { default: {} },
);
