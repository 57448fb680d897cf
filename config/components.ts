/* oxlint-disable no-new -- a construct adds itself to its scope */
import { ApiObject, App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { validatingWebhooks, WEBHOOK_CONFIGURATION } from '#admission/webhooks.ts';
import { customResourceDefinitions } from '#api/crds.ts';
import { kamajiControlPlanes } from '#api/kinds.ts';
import { labels } from '#api/labels.ts';
import { AUTHORIZATION_PORT, MANAGER_LABELS, MANAGER_SERVICE } from '#api/manager-service.ts';
import type { PolicyRule } from '#api/core/policy-rule.ts';
import { clusterScoped, NAMESPACE, PROVIDER_LABELS, SERVICE_ACCOUNT } from './identity.ts';
import { AUTHORIZATION_PORT_NAME, managerDeployment, managerDisruptionBudget, WEBHOOK_PORT_NAME } from './manager.ts';
import type { ManagerRules } from './rbac.ts';

/** A manifest as plain data. */
export type Manifest = Readonly<Record<string, unknown>>;

/** CRDs, RBAC and everything, as `clusterctl init` (or `kubectl apply --server-side`) installs them, in order. */
export interface Components {
  readonly crds: readonly Manifest[];
  readonly rbac: readonly Manifest[];
  readonly all: readonly Manifest[];
}

/** Synthesises the installation of this provider. */
export function components(rules: ManagerRules): Components {
  const crds = synthesise((chart) => {
    for (const crd of customResourceDefinitions) new ApiObject(chart, crd.metadata.name, crd);
  });
  const rbac = synthesise((chart) => addRbac(chart, rules));
  const namespace = synthesise((chart) => {
    new k8s.KubeNamespace(chart, 'namespace', { metadata: { name: NAMESPACE, labels: PROVIDER_LABELS } });
  });
  const workload = synthesise((chart) => {
    new k8s.KubeService(chart, 'webhook', {
      metadata: metadata(MANAGER_SERVICE),
      spec: {
        selector: MANAGER_LABELS,
        ports: [
          { name: 'admission', port: 443, targetPort: k8s.IntOrString.fromString(WEBHOOK_PORT_NAME) },
          {
            name: 'authorization',
            port: AUTHORIZATION_PORT,
            targetPort: k8s.IntOrString.fromString(AUTHORIZATION_PORT_NAME),
          },
        ],
      },
    });
    new k8s.KubeDeployment(chart, 'manager', managerDeployment());
    new k8s.KubePodDisruptionBudget(chart, 'manager-disruptions', managerDisruptionBudget());
    new ApiObject(chart, 'validating-webhooks', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: WEBHOOK_CONFIGURATION, labels: PROVIDER_LABELS },
      webhooks: validatingWebhooks(NAMESPACE),
    });
  });
  return { crds, rbac, all: [...namespace, ...crds, ...rbac, ...workload] };
}

function addRbac(chart: Chart, { cluster, namespace }: ManagerRules): void {
  const manager = [{ kind: 'ServiceAccount', name: SERVICE_ACCOUNT, namespace: NAMESPACE }];
  const role = 'kamaji-manager';
  new k8s.KubeServiceAccount(chart, 'account', { metadata: metadata(SERVICE_ACCOUNT) });
  new k8s.KubeClusterRole(chart, 'cluster-role', { metadata: clusterMetadata('manager'), rules: cluster.map(toRule) });
  new k8s.KubeClusterRoleBinding(chart, 'cluster-binding', {
    metadata: clusterMetadata('manager'),
    roleRef: roleRef('ClusterRole', clusterScoped('manager')),
    subjects: manager,
  });
  new k8s.KubeRole(chart, 'role', { metadata: metadata(role), rules: namespace.map(toRule) });
  new k8s.KubeRoleBinding(chart, 'binding', {
    metadata: metadata(role),
    roleRef: roleRef('Role', role),
    subjects: manager,
  });
  addInfrastructureRbac(chart, manager);
  addBootstrapProviderRbac(chart);
}

/**
 * Grows by every ClusterRole with the label: how whoever installs an infrastructure provider that this one does not know
 * gives it the right to fill in that provider's clusters.
 */
function addInfrastructureRbac(chart: Chart, subjects: k8s.Subject[]): void {
  const name = 'manager-infrastructure';
  new k8s.KubeClusterRole(chart, 'infrastructure-role', {
    metadata: clusterMetadata(name),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [labels.aggregateToManager]: 'true' } }] },
    rules: [],
  });
  new k8s.KubeClusterRoleBinding(chart, 'infrastructure-binding', {
    metadata: clusterMetadata(name),
    roleRef: roleRef('ClusterRole', clusterScoped(name)),
    subjects,
  });
}

/**
 * Lets the kubeadm bootstrap provider read KamajiControlPlanes, which it does for every KubeadmConfig since Cluster API
 * 1.14 and without which no machine joins. The subject is a User because clusterctl moves every subject that has a
 * namespace into the namespace of this provider.
 */
function addBootstrapProviderRbac(chart: Chart): void {
  const name = 'control-plane-reader';
  new k8s.KubeClusterRole(chart, 'reader-role', {
    metadata: clusterMetadata(name),
    rules: [
      toRule({ apiGroups: [kamajiControlPlanes.group], resources: [kamajiControlPlanes.plural], verbs: ['get'] }),
    ],
  });
  new k8s.KubeClusterRoleBinding(chart, 'reader-binding', {
    metadata: clusterMetadata(name),
    roleRef: roleRef('ClusterRole', clusterScoped(name)),
    subjects: [
      {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'User',
        name:
          'system:serviceaccount:' +
          '${KAMAJI_KUBEADM_BOOTSTRAP_SA_NAMESPACE:=capi-kubeadm-bootstrap-system}:' +
          '${KAMAJI_KUBEADM_BOOTSTRAP_SA_NAME:=capi-kubeadm-bootstrap-manager}',
      },
    ],
  });
}

function synthesise(build: (chart: Chart) => void): readonly Manifest[] {
  const chart = new Chart(new App(), 'components', { disableResourceNameHashes: true });
  build(chart);
  return chart.toJson() as readonly Manifest[];
}

const metadata = (name: string) => ({ name, namespace: NAMESPACE, labels: PROVIDER_LABELS });
const clusterMetadata = (name: string) => ({ name: clusterScoped(name), labels: PROVIDER_LABELS });
const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });

function toRule(rule: PolicyRule): k8s.PolicyRule {
  return {
    apiGroups: [...rule.apiGroups],
    resources: [...rule.resources],
    ...(rule.resourceNames && { resourceNames: [...rule.resourceNames] }),
    verbs: [...rule.verbs],
  };
}
