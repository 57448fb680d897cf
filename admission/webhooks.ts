import { tenantControlPlanes } from '#api/kinds.ts';
import { MANAGER_SERVICE } from '#api/manager-service.ts';
import type { MatchCondition } from './match-conditions.ts';
import { judgedAtCreation, judgedWhenChanged } from './match-conditions.ts';

/** Where TenantControlPlanes are judged. */
export const VALIDATE_TENANT_CONTROL_PLANE = '/validate-kamaji-clastix-io-v1alpha1-tenantcontrolplane';

/** Name of the ValidatingWebhookConfiguration: `clusterctl delete` takes what begins with the name of the namespace. */
export const WEBHOOK_CONFIGURATION = 'kamaji-system-validating-webhook-configuration';

/**
 * The webhooks of the ValidatingWebhookConfiguration (Kubernetes: admissionregistration.k8s.io/v1). Only requests that need
 * a judgement reach us: deletion, finalizers, status, scale and every other edit do without the manager. There is no
 * caBundle: the manager fills it in.
 */
export function validatingWebhooks(namespace: string) {
  return [webhook(namespace, 'CREATE', judgedAtCreation), webhook(namespace, 'UPDATE', judgedWhenChanged)];
}

function webhook(namespace: string, operation: 'CREATE' | 'UPDATE', matchConditions: readonly MatchCondition[]) {
  const { group, version, plural } = tenantControlPlanes;
  return {
    name: `${operation.toLowerCase()}.tenantcontrolplane.${group}`,
    clientConfig: { service: { namespace, name: MANAGER_SERVICE, path: VALIDATE_TENANT_CONTROL_PLANE, port: 443 } },
    rules: [
      {
        apiGroups: [group],
        apiVersions: [version],
        operations: [operation],
        resources: [plural],
        scope: 'Namespaced',
      },
    ],
    matchConditions,
    matchPolicy: 'Equivalent',
    failurePolicy: 'Fail',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 5,
  };
}
