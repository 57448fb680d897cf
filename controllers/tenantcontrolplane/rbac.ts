import type { PolicyRule } from '#api/core/policy-rule.ts';

const owned = ['get', 'list', 'watch', 'create', 'patch', 'delete'] as const;

/** What the TenantControlPlane controller may do, in every namespace that holds control planes. */
export const rules: readonly PolicyRule[] = [
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes'], verbs: ['get', 'list', 'watch', 'patch'] },
  {
    apiGroups: ['kamaji.clastix.io'],
    resources: ['tenantcontrolplanes/status', 'tenantcontrolplanes/finalizers'],
    verbs: ['update', 'patch'],
  },
  { apiGroups: ['kamaji.clastix.io'], resources: ['datastores'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['secrets', 'configmaps', 'services'], verbs: owned },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: owned },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: owned },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies', 'ingresses'], verbs: owned },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['tlsroutes'], verbs: owned },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways'], verbs: ['get', 'list', 'watch'] },
];
