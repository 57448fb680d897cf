import type { PolicyRule } from '#api/core/policy-rule.ts';

const owned = ['get', 'list', 'watch', 'create', 'patch', 'delete'] as const;

/** What the TenantControlPlane controller may do, in every namespace that holds control planes. */
export const rules: readonly PolicyRule[] = [
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes'], verbs: ['list', 'watch', 'patch'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes/status'], verbs: ['patch'] },
  // To name a tenant as an owner whose deletion waits for what it owns.
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes/finalizers'], verbs: ['update'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['datastores'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['secrets', 'configmaps', 'services'], verbs: owned },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: owned },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: owned },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies', 'ingresses'], verbs: owned },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['tlsroutes'], verbs: owned },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways'], verbs: ['list', 'watch'] },
];
