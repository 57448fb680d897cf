/* oxlint-disable no-new -- a construct adds itself to its scope */
import { App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { PolicyRule } from '#api/core/policy-rule.ts';
import { AUTHORIZATION_PORT, MANAGER_LABELS, MANAGER_SERVICE } from '#api/manager-service.ts';
import type { Manifest } from './components.ts';
import { NAMESPACE, SERVICE_ACCOUNT } from './identity.ts';
import { AUTHORIZATION_PORT_NAME, managerDeployment, WATCH_FILTER_FLAG } from './manager.ts';
import type { NamespacedRules } from './rbac.ts';

/** Variables of the manifests, for `clusterctl generate yaml` or envsubst. */
const INSTANCE = '${KAMAJI_INSTANCE_NAMESPACE}';
const WATCHED = '${KAMAJI_WATCHED_NAMESPACE}';
const STORES = `\${KAMAJI_DATASTORE_NAMESPACE:=${NAMESPACE}}`;

const API_GROUP = 'rbac.authorization.k8s.io';
const ROLE = 'kamaji-manager';

/**
 * A further instance of this provider, for one namespace, beside the one that clusterctl installed and that looks after
 * cluster-scoped kinds. It needs Roles, and one ClusterRole to read what is in no namespace.
 */
export function namespacedComponents(rules: NamespacedRules): readonly Manifest[] {
  const chart = new Chart(new App(), 'namespaced', { disableResourceNameHashes: true });
  new k8s.KubeNamespace(chart, 'namespace', { metadata: { name: INSTANCE } });
  new k8s.KubeServiceAccount(chart, 'account', { metadata: { name: SERVICE_ACCOUNT, namespace: INSTANCE } });
  addRole(chart, 'own', { name: ROLE, namespace: INSTANCE }, rules.own);
  // Instances share no name: several may look into the namespace of one store.
  addRole(chart, 'watched', { name: `${INSTANCE}-manager`, namespace: WATCHED }, rules.watched);
  addRole(chart, 'stores', { name: `${INSTANCE}-datastore-credentials`, namespace: STORES }, rules.stores);
  const reader = `${INSTANCE}-datastore-reader`;
  new k8s.KubeClusterRole(chart, 'reader', { metadata: { name: reader }, rules: rules.clusterScoped.map(toRule) });
  new k8s.KubeClusterRoleBinding(chart, 'reader-binding', {
    metadata: { name: reader },
    roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name: reader },
    subjects,
  });
  new k8s.KubeService(chart, 'service', {
    metadata: { name: MANAGER_SERVICE, namespace: INSTANCE },
    spec: {
      selector: MANAGER_LABELS,
      ports: [
        {
          name: 'authorization',
          port: AUTHORIZATION_PORT,
          targetPort: k8s.IntOrString.fromString(AUTHORIZATION_PORT_NAME),
        },
      ],
    },
  });
  const flags = [`--namespace=${WATCHED}`, WATCH_FILTER_FLAG];
  new k8s.KubeDeployment(chart, 'manager', managerDeployment({ namespace: INSTANCE, labels: {}, flags }));
  return chart.toJson() as readonly Manifest[];
}

const subjects = [{ kind: 'ServiceAccount', name: SERVICE_ACCOUNT, namespace: INSTANCE }];

function addRole(
  chart: Chart,
  id: string,
  metadata: { readonly name: string; readonly namespace: string },
  rules: readonly PolicyRule[],
): void {
  new k8s.KubeRole(chart, `${id}-role`, { metadata, rules: rules.map(toRule) });
  new k8s.KubeRoleBinding(chart, `${id}-binding`, {
    metadata,
    roleRef: { apiGroup: API_GROUP, kind: 'Role', name: metadata.name },
    subjects,
  });
}

function toRule({ apiGroups, resources, verbs }: PolicyRule): k8s.PolicyRule {
  return { apiGroups: [...apiGroups], resources: [...resources], verbs: [...verbs] };
}
