import type { ScalePaths, ServedKind } from './served-kind.ts';

type Traits = Partial<
  Pick<
    ServedKind,
    | 'status'
    | 'scale'
    | 'generation'
    | 'nameRule'
    | 'unconditionalUpdate'
    | 'createOnUpdate'
    | 'returnsDeleted'
    | 'selectableFields'
  >
>;

type Row = readonly [group: string, kind: string, plural: string, scope: 'Namespaced' | 'Cluster', traits?: Traits];

const scale: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};
const rbac = 'rbac.authorization.k8s.io';

/** Kinds compiled into kube-apiserver, all of version v1, with what its registry says of each (`pkg/registry`). */
const rows: readonly Row[] = [
  ['', 'Namespace', 'namespaces', 'Cluster', { status: true, nameRule: 'label', returnsDeleted: true }],
  ['', 'Node', 'nodes', 'Cluster', { status: true, selectableFields: ['spec.unschedulable'] }],
  [
    '',
    'Pod',
    'pods',
    'Namespaced',
    {
      status: true,
      generation: 'spec',
      returnsDeleted: true,
      selectableFields: ['spec.nodeName', 'status.phase', 'spec.serviceAccountName', 'spec.restartPolicy'],
    },
  ],
  ['', 'Secret', 'secrets', 'Namespaced', { selectableFields: ['type'] }],
  ['', 'ConfigMap', 'configmaps', 'Namespaced'],
  [
    '',
    'Service',
    'services',
    'Namespaced',
    { status: true, nameRule: 'label-1035', returnsDeleted: true, createOnUpdate: true },
  ],
  ['', 'ServiceAccount', 'serviceaccounts', 'Namespaced', { returnsDeleted: true }],
  ['', 'Endpoints', 'endpoints', 'Namespaced', { createOnUpdate: true }],
  ['', 'PersistentVolumeClaim', 'persistentvolumeclaims', 'Namespaced', { status: true, returnsDeleted: true }],
  ['', 'PersistentVolume', 'persistentvolumes', 'Cluster', { status: true, returnsDeleted: true }],
  ['apps', 'Deployment', 'deployments', 'Namespaced', { status: true, scale, generation: 'spec-and-annotations' }],
  ['apps', 'ReplicaSet', 'replicasets', 'Namespaced', { status: true, scale, generation: 'spec' }],
  ['apps', 'StatefulSet', 'statefulsets', 'Namespaced', { status: true, scale, generation: 'spec' }],
  ['apps', 'DaemonSet', 'daemonsets', 'Namespaced', { status: true, generation: 'spec' }],
  ['batch', 'Job', 'jobs', 'Namespaced', { status: true, generation: 'spec' }],
  [rbac, 'Role', 'roles', 'Namespaced', { nameRule: 'path', createOnUpdate: true }],
  [rbac, 'RoleBinding', 'rolebindings', 'Namespaced', { nameRule: 'path', createOnUpdate: true }],
  [rbac, 'ClusterRole', 'clusterroles', 'Cluster', { nameRule: 'path', createOnUpdate: true }],
  [rbac, 'ClusterRoleBinding', 'clusterrolebindings', 'Cluster', { nameRule: 'path', createOnUpdate: true }],
  [
    'policy',
    'PodDisruptionBudget',
    'poddisruptionbudgets',
    'Namespaced',
    { status: true, generation: 'spec', unconditionalUpdate: false },
  ],
  ['networking.k8s.io', 'NetworkPolicy', 'networkpolicies', 'Namespaced', { generation: 'spec' }],
  ['networking.k8s.io', 'Ingress', 'ingresses', 'Namespaced', { status: true, generation: 'spec' }],
  ['discovery.k8s.io', 'EndpointSlice', 'endpointslices', 'Namespaced', { generation: 'all-and-labels' }],
  ['coordination.k8s.io', 'Lease', 'leases', 'Namespaced', { createOnUpdate: true, unconditionalUpdate: false }],
  ['events.k8s.io', 'Event', 'events', 'Namespaced', { createOnUpdate: true }],
  ['storage.k8s.io', 'StorageClass', 'storageclasses', 'Cluster', { returnsDeleted: true }],
  [
    'apiextensions.k8s.io',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    'Cluster',
    { status: true, generation: 'spec', unconditionalUpdate: false },
  ],
  [
    'admissionregistration.k8s.io',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    'Cluster',
    { generation: 'all-but-metadata', unconditionalUpdate: false },
  ],
  [
    'admissionregistration.k8s.io',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    'Cluster',
    { generation: 'all-but-metadata', unconditionalUpdate: false },
  ],
  [
    'certificates.k8s.io',
    'CertificateSigningRequest',
    'certificatesigningrequests',
    'Cluster',
    { status: true, selectableFields: ['spec.signerName'] },
  ],
];

export function builtinKinds(schemaOf: (group: string, kind: string) => ServedKind['schema']): readonly ServedKind[] {
  return rows.map(([group, kind, plural, scope, traits]) => ({
    group,
    version: 'v1',
    kind,
    plural,
    singular: kind.toLowerCase(),
    namespaced: scope === 'Namespaced',
    custom: false,
    hasRules: false,
    status: false,
    generation: 'none',
    nameRule: 'subdomain',
    unconditionalUpdate: true,
    createOnUpdate: false,
    returnsDeleted: false,
    selectableFields: [],
    ...traits,
    schema: schemaOf(group, kind),
  }));
}
