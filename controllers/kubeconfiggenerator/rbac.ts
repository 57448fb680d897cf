import type { PolicyRule } from '#api/core/policy-rule.ts';

/** What the KubeconfigGenerator controller may do, in every namespace that holds control planes. */
export const rules: readonly PolicyRule[] = [
  { apiGroups: ['kamaji.clastix.io'], resources: ['kubeconfiggenerators'], verbs: ['list', 'watch'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['kubeconfiggenerators/status'], verbs: ['patch'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes'], verbs: ['list', 'watch'] },
  // To name a tenant as an owner whose deletion waits for its Secret.
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes/finalizers'], verbs: ['update'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
];
