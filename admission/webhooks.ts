import { tenantControlPlanes } from '#api/kinds.ts';
import { MANAGER_SERVICE } from '#api/manager-service.ts';
import type { MatchCondition } from './match-conditions.ts';
import { judgedAtCreation, judgedWhenChanged, namesItsStore } from './match-conditions.ts';

/** Where TenantControlPlanes are judged. */
export const VALIDATE_TENANT_CONTROL_PLANE = '/validate-kamaji-clastix-io-v1alpha1-tenantcontrolplane';

/** Where it is looked at alone whether the DataStore of a TenantControlPlane has room for another one. */
export const VALIDATE_STORE = `${VALIDATE_TENANT_CONTROL_PLANE}-store`;

/** Name of the ValidatingWebhookConfiguration: `clusterctl delete` takes what begins with the name of the namespace. */
export const WEBHOOK_CONFIGURATION = 'kamaji-system-validating-webhook-configuration';

/**
 * The webhooks of the ValidatingWebhookConfiguration (Kubernetes: admissionregistration.k8s.io/v1). Only requests that need
 * a judgement reach us: deletion, finalizers, status, scale and every other edit do without the manager. There is no
 * caBundle: the manager fills it in.
 */
export function validatingWebhooks(namespace: string) {
  return [
    webhook(namespace, { name: 'create', operation: 'CREATE', matchConditions: judgedAtCreation }),
    webhook(namespace, { name: 'update', operation: 'UPDATE', matchConditions: judgedWhenChanged }),
    // Naming a DataStore is nothing out of the ordinary: without the manager it passes, and the controller says what is wrong.
    webhook(namespace, {
      name: 'store',
      operation: 'CREATE',
      matchConditions: namesItsStore,
      path: VALIDATE_STORE,
      failurePolicy: 'Ignore',
    }),
  ];
}

interface WebhookOptions {
  readonly name: string;
  readonly operation: 'CREATE' | 'UPDATE';
  readonly matchConditions: readonly MatchCondition[];
  /** Default: {@link VALIDATE_TENANT_CONTROL_PLANE}. */
  readonly path?: string;
  /** Default: Fail. */
  readonly failurePolicy?: 'Fail' | 'Ignore';
}

function webhook(namespace: string, options: WebhookOptions) {
  const { name, operation, matchConditions, path = VALIDATE_TENANT_CONTROL_PLANE, failurePolicy = 'Fail' } = options;
  const { group, version, plural } = tenantControlPlanes;
  return {
    name: `${name}.tenantcontrolplane.${group}`,
    clientConfig: { service: { namespace, name: MANAGER_SERVICE, path, port: 443 } },
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
    failurePolicy,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 5,
  };
}
