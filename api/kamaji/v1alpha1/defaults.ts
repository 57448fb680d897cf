/**
 * Defaults of the API, for the schemas and for code that meets an object without them (such as one built in memory).
 * Loads no schema.
 */
export const DEFAULT_REPLICAS = 2;
export const DEFAULT_REGISTRY = 'registry.k8s.io';
export const DEFAULT_API_SERVER_IMAGE = 'kube-apiserver';
export const DEFAULT_CONTROLLER_MANAGER_IMAGE = 'kube-controller-manager';
export const DEFAULT_SCHEDULER_IMAGE = 'kube-scheduler';
export const DEFAULT_SERVICE_ACCOUNT = 'default';
export const DEFAULT_PORT = 6443;
export const DEFAULT_CLUSTER_DOMAIN = 'cluster.local';
export const DEFAULT_SERVICE_CIDR = '10.96.0.0/16';
export const DEFAULT_POD_CIDR = '10.244.0.0/16';
export const DEFAULT_KONNECTIVITY_PORT = 8132;

/** Oldest and newest minor of Kubernetes 1 that a control plane may have. */
export const OLDEST_MINOR = 30;
export const NEWEST_MINOR = 36;

/** Replace all pods at once by a complete second set. */
export const DEFAULT_STRATEGY = Object.freeze({
  type: 'RollingUpdate',
  rollingUpdate: Object.freeze({ maxUnavailable: 0, maxSurge: '100%' }),
} as const);

export const DEFAULT_KONNECTIVITY_AGENT_TOLERATIONS = Object.freeze([
  Object.freeze({ key: 'CriticalAddonsOnly', operator: 'Exists' }),
]);

export const DEFAULT_PREFERRED_ADDRESS_TYPES = Object.freeze(['InternalIP', 'ExternalIP', 'Hostname'] as const);

/** Admission plugins that are enabled unless the user lists others. */
export const DEFAULT_ADMISSION_CONTROLLERS = Object.freeze([
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'DefaultStorageClass',
  'DefaultTolerationSeconds',
  'LimitRanger',
  'MutatingAdmissionWebhook',
  'NamespaceLifecycle',
  'PersistentVolumeClaimResize',
  'Priority',
  'ResourceQuota',
  'RuntimeClass',
  'ServiceAccount',
  'StorageObjectInUseProtection',
  'TaintNodesByCondition',
  'ValidatingAdmissionWebhook',
] as const);
