/** The fields of `spec.writePermissions`. */
export const FIELDS = ['blockCreation', 'blockUpdate', 'blockDeletion'] as const;

/** What somebody wants: by default, who administers the tenant, in namespace `default`. */
export interface Request {
  readonly user?: string;
  /** Beside those that RBAC lets do everything. */
  readonly groups?: readonly string[];
  readonly verb: string;
  readonly group?: string;
  /** With its subresource, as in `pods/exec`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** What a field refuses, or any of them. */
export const limitedRequests: readonly (Request & { what: string; by: (typeof FIELDS)[number] | 'any' })[] = [
  { what: 'creating', by: 'blockCreation', verb: 'create', resource: 'pods' },
  { what: 'creating in kube-system', by: 'blockCreation', verb: 'create', resource: 'pods', namespace: 'kube-system' },
  { what: 'creating a namespace', by: 'blockCreation', verb: 'create', resource: 'namespaces', namespace: '' },
  {
    what: 'creating something of an API of the user',
    by: 'blockCreation',
    verb: 'create',
    group: 'example.org',
    resource: 'things',
  },
  {
    what: 'asking for a certificate',
    by: 'blockCreation',
    verb: 'create',
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    namespace: '',
  },
  {
    what: 'creating a token for a machine, as Cluster API’s kubeadm bootstrap provider does',
    by: 'blockCreation',
    verb: 'create',
    resource: 'secrets',
    namespace: 'kube-system',
  },
  { what: 'binding a pod', by: 'blockCreation', verb: 'create', resource: 'pods/binding' },
  { what: 'recording an event', by: 'blockCreation', verb: 'create', group: 'events.k8s.io', resource: 'events' },
  {
    what: 'creating as a service account elsewhere',
    by: 'blockCreation',
    verb: 'create',
    resource: 'pods',
    user: 'system:serviceaccount:default:kube-system',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default'],
  },
  {
    what: 'creating by a token for joining',
    by: 'blockCreation',
    verb: 'create',
    resource: 'pods',
    user: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers'],
  },
  { what: 'updating', by: 'blockUpdate', verb: 'update', resource: 'configmaps' },
  { what: 'patching', by: 'blockUpdate', verb: 'patch', resource: 'configmaps' },
  {
    what: 'telling a Node its provider’s ID and taking its taint, as Cluster API does',
    by: 'blockUpdate',
    verb: 'patch',
    resource: 'nodes',
    namespace: '',
    name: 'worker',
  },
  { what: 'scaling', by: 'blockUpdate', verb: 'patch', group: 'apps', resource: 'deployments/scale' },
  { what: 'writing a status', by: 'blockUpdate', verb: 'update', resource: 'pods/status' },
  { what: 'adding a container for debugging', by: 'blockUpdate', verb: 'patch', resource: 'pods/ephemeralcontainers' },
  {
    what: 'approving a certificate',
    by: 'blockUpdate',
    verb: 'update',
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests/approval',
    namespace: '',
  },
  { what: 'deleting', by: 'blockDeletion', verb: 'delete', resource: 'pods' },
  { what: 'deleting many', by: 'blockDeletion', verb: 'deletecollection', resource: 'secrets' },
  { what: 'evicting', by: 'blockDeletion', verb: 'create', resource: 'pods/eviction' },
  {
    what: 'becoming a master',
    by: 'any',
    verb: 'impersonate',
    resource: 'groups',
    namespace: '',
    name: 'system:masters',
  },
  {
    what: 'becoming the controller manager',
    by: 'any',
    verb: 'impersonate',
    resource: 'users',
    namespace: '',
    name: 'system:kube-controller-manager',
  },
  {
    what: 'becoming a controller',
    by: 'any',
    verb: 'impersonate',
    resource: 'serviceaccounts',
    namespace: 'kube-system',
    name: 'namespace-controller',
  },
  {
    what: 'becoming a node, constrained',
    by: 'any',
    verb: 'impersonate:arbitrary-node',
    group: 'authentication.k8s.io',
    resource: 'nodes',
    namespace: '',
    name: 'worker',
  },
  {
    what: 'a token of a controller',
    by: 'any',
    verb: 'create',
    resource: 'serviceaccounts/token',
    namespace: 'kube-system',
    name: 'namespace-controller',
  },
];

const node = { user: 'system:node:worker', groups: ['system:nodes'] };
const controller = {
  user: 'system:serviceaccount:kube-system:replicaset-controller',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
};

/** What no limit refuses. */
export const sparedRequests: readonly (Request & { what: string })[] = [
  { what: 'reading', verb: 'get', resource: 'pods' },
  { what: 'listing', verb: 'list', resource: 'secrets' },
  { what: 'watching', verb: 'watch', resource: 'pods' },
  { what: 'logs', verb: 'get', resource: 'pods/log' },
  { what: 'exec', verb: 'create', resource: 'pods/exec' },
  { what: 'attach', verb: 'create', resource: 'pods/attach' },
  { what: 'port-forward', verb: 'create', resource: 'pods/portforward' },
  { what: 'a POST through the proxy of a Service', verb: 'create', resource: 'services/proxy' },
  { what: 'a DELETE through the proxy of a pod', verb: 'delete', resource: 'pods/proxy' },
  {
    what: 'the API server’s exec, as kubelet asks about it',
    verb: 'create',
    resource: 'nodes/proxy',
    namespace: '',
    user: 'kube-apiserver-kubelet-client',
  },
  { what: 'metrics of a node', verb: 'get', resource: 'nodes/metrics', namespace: '' },
  { what: 'a token of a service account', verb: 'create', resource: 'serviceaccounts/token' },
  { what: 'acting as another user', verb: 'impersonate', resource: 'users', namespace: '', name: 'alice' },
  {
    what: 'a token review',
    verb: 'create',
    group: 'authentication.k8s.io',
    resource: 'tokenreviews',
    namespace: '',
    user: 'system:konnectivity-server',
  },
  {
    what: 'an access review',
    verb: 'create',
    group: 'authorization.k8s.io',
    resource: 'subjectaccessreviews',
    namespace: '',
  },
  {
    what: 'kubectl auth can-i',
    verb: 'create',
    group: 'authorization.k8s.io',
    resource: 'selfsubjectaccessreviews',
    namespace: '',
  },
  {
    what: 'kubectl auth whoami',
    verb: 'create',
    group: 'authentication.k8s.io',
    resource: 'selfsubjectreviews',
    namespace: '',
  },
  { what: 'starting an election', verb: 'create', group: 'coordination.k8s.io', resource: 'leases' },
  { what: 'renewing a lease', verb: 'update', group: 'coordination.k8s.io', resource: 'leases' },
  {
    what: 'the request of a machine that joins',
    verb: 'create',
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    namespace: '',
    user: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm:default-node-token'],
  },
  { what: 'a Node made by its kubelet', verb: 'create', resource: 'nodes', namespace: '', name: 'worker', ...node },
  { what: 'a heartbeat', verb: 'patch', resource: 'nodes/status', namespace: '', name: 'worker', ...node },
  { what: 'an event of a node', verb: 'create', resource: 'events', ...node },
  { what: 'a pod that a kubelet has ended', verb: 'delete', resource: 'pods', ...node },
  { what: 'a pod of a ReplicaSet', verb: 'create', resource: 'pods', ...controller },
  { what: 'what a controller removes', verb: 'deletecollection', resource: 'pods', ...controller },
  { what: 'a pod on its way to a node', verb: 'create', resource: 'pods/binding', user: 'system:kube-scheduler' },
  {
    what: 'a token for a controller',
    verb: 'create',
    resource: 'serviceaccounts/token',
    namespace: 'kube-system',
    user: 'system:kube-controller-manager',
  },
];
