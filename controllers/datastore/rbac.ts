import type { PolicyRule } from '#api/core/policy-rule.ts';

/** What the DataStore controller may do in the whole cluster. Secrets are read wherever a DataStore names one. */
export const rules: readonly PolicyRule[] = [
  { apiGroups: ['kamaji.clastix.io'], resources: ['datastores'], verbs: ['get', 'list', 'watch', 'create', 'patch'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['datastores/status'], verbs: ['patch'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['secrets', 'services'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
];

/** What it may do in the manager's namespace, where managed stores run. */
export const ownNamespaceRules: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'update', 'delete'] },
  { apiGroups: [''], resources: ['services'], verbs: ['create', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['persistentvolumeclaims', 'pods'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['create', 'patch', 'delete'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['create', 'patch', 'delete'] },
];
