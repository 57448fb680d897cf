import type { PolicyRule } from '#api/core/policy-rule.ts';
import { WEBHOOK_CONFIGURATION } from './webhooks.ts';

/** What admission may do in the whole cluster: put the certificate of its authority into its own configuration. */
export const rules: readonly PolicyRule[] = [
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingwebhookconfigurations'],
    resourceNames: [WEBHOOK_CONFIGURATION],
    verbs: ['list', 'watch', 'patch'],
  },
  // To try out what a control plane asks for.
  { apiGroups: [''], resources: ['services'], verbs: ['get', 'create', 'patch'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'create', 'patch'] },
];

/** What it may do in the manager's namespace: keep its serving certificate. */
export const ownNamespaceRules: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['list', 'watch', 'create', 'update'] },
];
