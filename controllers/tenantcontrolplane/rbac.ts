import type { PolicyRule } from '#api/core/policy-rule.ts';

const applied = ['get', 'list', 'watch', 'create', 'patch'] as const;
/** Of kinds that a control plane may come to do without; everything else goes with its owner. */
const owned = [...applied, 'delete'] as const;

/** What the TenantControlPlane controller may do, in every namespace that holds control planes. */
export const rules: readonly PolicyRule[] = [
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes'], verbs: ['list', 'watch', 'patch'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes/status'], verbs: ['patch'] },
  // To name a tenant as an owner whose deletion waits for what it owns.
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes/finalizers'], verbs: ['update'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['datastores'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: owned },
  { apiGroups: [''], resources: ['services'], verbs: applied },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: applied },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: owned },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: applied },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: owned },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['tlsroutes'], verbs: owned },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways'], verbs: ['list', 'watch'] },
];
