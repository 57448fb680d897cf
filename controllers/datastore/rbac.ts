import type { PolicyRule } from '#api/core/policy-rule.ts';

/** What the DataStore controller may do in the whole cluster. Secrets are read wherever a DataStore names one. */
export const rules: readonly PolicyRule[] = [
  { apiGroups: ['kamaji.clastix.io'], resources: ['datastores'], verbs: ['list', 'watch', 'create', 'patch'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['datastores/status'], verbs: ['patch'] },
  { apiGroups: ['kamaji.clastix.io'], resources: ['tenantcontrolplanes'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['services'], verbs: ['list', 'watch'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list', 'watch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list', 'watch'] },
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['list', 'watch'] },
];

/** What it may do in the manager's namespace, where managed stores run. */
export const ownNamespaceRules: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'update', 'delete'] },
  { apiGroups: [''], resources: ['services'], verbs: ['get', 'create', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['persistentvolumeclaims', 'pods'], verbs: ['list', 'watch'] },
  { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['get', 'create', 'patch', 'delete'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get', 'create', 'patch', 'delete'] },
];
