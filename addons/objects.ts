import { labels, PROJECT } from '#api/labels.ts';

/** Metadata of an object inside a tenant. */
export interface AddonObjectMeta {
  name: string;
  namespace?: string;
  labels: { [key: string]: string };
  annotations?: { [key: string]: string };
}

/** Any object of an addon, complete and ready to be applied. */
export type AddonObject =
  | ServiceAccount
  | ConfigMap
  | Role
  | Binding
  | Service
  | Deployment
  | DaemonSet
  | Endpoints
  | EndpointSlice;

export interface ServiceAccount {
  apiVersion: 'v1';
  kind: 'ServiceAccount';
  metadata: AddonObjectMeta;
}

export interface ConfigMap {
  apiVersion: 'v1';
  kind: 'ConfigMap';
  metadata: AddonObjectMeta;
  data: { [key: string]: string };
}

/** One rule of a Role or ClusterRole (Kubernetes: rbac/v1 PolicyRule). */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

export interface Role {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'Role' | 'ClusterRole';
  metadata: AddonObjectMeta;
  rules: Rule[];
}

/** Who a binding is for. */
export interface Subject {
  kind: 'User' | 'Group' | 'ServiceAccount';
  apiGroup?: string;
  name: string;
  namespace?: string;
}

export interface Binding {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'RoleBinding' | 'ClusterRoleBinding';
  metadata: AddonObjectMeta;
  roleRef: { apiGroup: string; kind: 'Role' | 'ClusterRole'; name: string };
  subjects: Subject[];
}

export interface Service {
  apiVersion: 'v1';
  kind: 'Service';
  metadata: AddonObjectMeta;
  spec: {
    clusterIP: string;
    clusterIPs?: string[];
    ipFamilies?: string[];
    ipFamilyPolicy?: string;
    selector: { [key: string]: string };
    ports: { name: string; port: number; protocol: string; targetPort: number }[];
  };
}

export interface Deployment {
  apiVersion: 'apps/v1';
  kind: 'Deployment';
  metadata: AddonObjectMeta;
  spec: {
    replicas: number;
    selector: { matchLabels: { [key: string]: string } };
    strategy: { type: string; rollingUpdate: { maxUnavailable: number | string; maxSurge: number | string } };
    template: PodTemplate;
  };
}

export interface DaemonSet {
  apiVersion: 'apps/v1';
  kind: 'DaemonSet';
  metadata: AddonObjectMeta;
  spec: {
    selector: { matchLabels: { [key: string]: string } };
    updateStrategy: { type: string; rollingUpdate: { maxUnavailable: number | string } };
    template: PodTemplate;
  };
}

export interface PodTemplate {
  metadata: { labels: { [key: string]: string }; annotations?: { [key: string]: string } };
  spec: PodSpec;
}

/** Kubernetes: core/v1 PodSpec, as far as addons use it. */
export interface PodSpec {
  priorityClassName: string;
  serviceAccountName: string;
  hostNetwork?: boolean;
  dnsPolicy?: string;
  nodeSelector: { [key: string]: string };
  tolerations: { key?: string; operator?: string; value?: string; effect?: string; tolerationSeconds?: number }[];
  affinity?: { podAntiAffinity: PodAntiAffinity };
  containers: Container[];
  volumes: Volume[];
}

interface PodAntiAffinity {
  preferredDuringSchedulingIgnoredDuringExecution: {
    weight: number;
    podAffinityTerm: {
      topologyKey: string;
      labelSelector: { matchExpressions: { key: string; operator: string; values: string[] }[] };
    };
  }[];
}

export interface Container {
  name: string;
  image: string;
  imagePullPolicy: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[];
  ports?: { name: string; containerPort: number; protocol: string }[];
  resources?: ResourceRequirements;
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  securityContext: {
    privileged?: boolean;
    allowPrivilegeEscalation?: boolean;
    capabilities?: { add?: string[]; drop: string[] };
    readOnlyRootFilesystem?: boolean;
  };
}

/** Kubernetes: core/v1 ResourceRequirements. */
export interface ResourceRequirements {
  limits?: { [resource: string]: string };
  requests?: { [resource: string]: string };
  claims?: { name: string; request?: string }[];
}

interface Probe {
  httpGet: { path: string; port: number | string; scheme: string };
  initialDelaySeconds?: number;
  timeoutSeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
}

export interface Volume {
  name: string;
  configMap?: { name: string; items?: { key: string; path: string }[] };
  hostPath?: { path: string; type?: string };
  projected?: {
    sources: { serviceAccountToken: { audience: string; expirationSeconds: number; path: string } }[];
  };
}

export interface Endpoints {
  apiVersion: 'v1';
  kind: 'Endpoints';
  metadata: AddonObjectMeta;
  subsets: { addresses: { ip: string }[]; ports: { name: string; port: number; protocol: string }[] }[];
}

export interface EndpointSlice {
  apiVersion: 'discovery.k8s.io/v1';
  kind: 'EndpointSlice';
  metadata: AddonObjectMeta;
  addressType: string;
  endpoints: { addresses: string[]; conditions: { ready: boolean } }[];
  ports: { name: string; port: number; protocol: string }[];
}

/** Namespace of all addons. */
export const SYSTEM_NAMESPACE = 'kube-system';

/** Keeps pods of that `k8s-app` on different nodes where there are enough. */
export function apartFrom(app: string): PodSpec['affinity'] & object {
  const labelSelector = { matchExpressions: [{ key: 'k8s-app', operator: 'In', values: [app] }] };
  return {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } },
      ],
    },
  };
}

/** Metadata with the label by which we know our own objects; without a namespace for cluster-scoped kinds. */
export function metadata(
  name: string,
  namespace?: string,
  more: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): AddonObjectMeta {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: { ...more.labels, [labels.project]: PROJECT },
    ...(more.annotations && { annotations: { ...more.annotations } }),
  };
}

export function serviceAccount(name: string): ServiceAccount {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(name, SYSTEM_NAMESPACE) };
}

export function clusterRole(name: string, rules: Rule[]): Role {
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: metadata(name), rules };
}

/** Binds a ClusterRole throughout the cluster. */
export function clusterRoleBinding(name: string, role: string, subjects: Subject[]): Binding {
  const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: role } as const;
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: metadata(name), roleRef, subjects };
}

/** A Role of kube-system, and the RoleBinding of the same name that gives it to the subjects. */
export function roleFor(name: string, rules: Rule[], subjects: Subject[]): [Role, Binding] {
  const roleRef = { apiGroup: RBAC, kind: 'Role', name } as const;
  return [
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: metadata(name, SYSTEM_NAMESPACE), rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: metadata(name, SYSTEM_NAMESPACE),
      roleRef,
      subjects,
    },
  ];
}

export function user(name: string): Subject {
  return { kind: 'User', apiGroup: RBAC, name };
}

export function group(name: string): Subject {
  return { kind: 'Group', apiGroup: RBAC, name };
}

/** The ServiceAccount of that name in kube-system. */
export function account(name: string): Subject {
  return { kind: 'ServiceAccount', name, namespace: SYSTEM_NAMESPACE };
}

const RBAC = 'rbac.authorization.k8s.io';
