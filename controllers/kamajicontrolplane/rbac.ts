import type { PolicyRule } from '#api/core/policy-rule.ts';

const infrastructure = 'infrastructure.cluster.x-k8s.io';

/** What the KamajiControlPlane controller may do, in every namespace that holds Clusters. */
export const rules: readonly PolicyRule[] = [
  {
    apiGroups: ['controlplane.cluster.x-k8s.io'],
    resources: ['kamajicontrolplanes'],
    verbs: ['list', 'watch', 'patch'],
  },
  { apiGroups: ['controlplane.cluster.x-k8s.io'], resources: ['kamajicontrolplanes/status'], verbs: ['patch'] },
  // To name a control plane as an owner whose deletion waits for what it owns.
  { apiGroups: ['controlplane.cluster.x-k8s.io'], resources: ['kamajicontrolplanes/finalizers'], verbs: ['update'] },
  { apiGroups: ['cluster.x-k8s.io'], resources: ['clusters'], verbs: ['list', 'watch'] },
  { apiGroups: ['cluster.x-k8s.io'], resources: ['machines', 'machinepools'], verbs: ['list'] },
  { apiGroups: ['cluster.x-k8s.io'], resources: ['machinedeployments'], verbs: ['list', 'watch', 'patch'] },
  {
    apiGroups: ['kamaji.clastix.io'],
    resources: ['tenantcontrolplanes'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch', 'create', 'patch'] },
  { apiGroups: [''], resources: ['services', 'pods'], verbs: ['list', 'watch'] },
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['get'] },
  // Infrastructure clusters that are given the endpoint without being asked. Other kinds come by aggregation.
  {
    apiGroups: [infrastructure],
    resources: [
      'awsclusters',
      'azureclusters',
      'devclusters',
      'hetznerclusters',
      'ionoscloudclusters',
      'kubevirtclusters',
      'nutanixclusters',
      'openstackclusters',
      'packetclusters',
      'proxmoxclusters',
      'tinkerbellclusters',
      'vsphereclusters',
    ],
    verbs: ['get', 'patch'],
  },
  { apiGroups: [infrastructure], resources: ['metal3clusters', 'metalstackclusters'], verbs: ['get'] },
  {
    apiGroups: [infrastructure],
    resources: ['devclusters/status', 'kubevirtclusters/status', 'nutanixclusters/status', 'packetclusters/status'],
    verbs: ['patch'],
  },
];
