// The parts of core/v1 that a control plane's pod is made of, as they are on the wire. Lists are mutable because that is
// what the client's types ask for.

/** Kubernetes: core/v1 KeyToPath. */
export interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}

/** Kubernetes: core/v1 VolumeProjection. */
export type VolumeProjection =
  | { secret: { name: string; items?: KeyToPath[]; optional?: boolean } }
  | { configMap: { name: string; items?: KeyToPath[]; optional?: boolean } };

/** Kubernetes: core/v1 Volume, with the sources that are used here; the user's own volumes are passed through as they are. */
export interface Volume {
  name: string;
  projected?: { defaultMode: number; sources: VolumeProjection[] };
  emptyDir?: { medium?: string };
}

/** Kubernetes: core/v1 VolumeMount. */
export interface VolumeMount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
  recursiveReadOnly?: string;
  subPath?: string;
  subPathExpr?: string;
  mountPropagation?: string;
}

/** Kubernetes: core/v1 Probe by HTTP. */
export interface Probe {
  httpGet: { path: string; port: number; scheme: 'HTTP' | 'HTTPS' };
  initialDelaySeconds?: number;
  timeoutSeconds: number;
  periodSeconds: number;
  successThreshold: number;
  failureThreshold: number;
}

/** Kubernetes: core/v1 ResourceRequirements. */
export interface ResourceRequirements {
  limits?: { [resource: string]: string };
  requests?: { [resource: string]: string };
  claims?: { name: string; request?: string }[];
}

/** Kubernetes: core/v1 SecurityContext. */
export interface SecurityContext {
  allowPrivilegeEscalation?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
  readOnlyRootFilesystem?: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
}

/** Kubernetes: core/v1 Container. */
export interface Container {
  name: string;
  image?: string;
  imagePullPolicy?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[];
  envFrom?: { secretRef: { name: string } }[];
  ports?: { name: string; containerPort: number; protocol: string }[];
  resources?: ResourceRequirements;
  volumeMounts?: VolumeMount[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  terminationMessagePolicy?: string;
  lifecycle?: { preStop: { sleep: { seconds: number } } };
  securityContext?: SecurityContext;
}

/** Kubernetes: core/v1 PodSecurityContext. */
export interface PodSecurityContext {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  fsGroup?: number;
  seccompProfile?: { type: string };
}

/** Kubernetes: meta/v1 LabelSelector. */
export interface LabelSelector {
  matchLabels?: { [key: string]: string };
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** Kubernetes: core/v1 TopologySpreadConstraint. */
export interface TopologySpreadConstraint {
  maxSkew: number;
  topologyKey: string;
  whenUnsatisfiable: string;
  labelSelector?: LabelSelector;
  matchLabelKeys?: string[];
  minDomains?: number;
  nodeAffinityPolicy?: string;
  nodeTaintsPolicy?: string;
}

/** Kubernetes: core/v1 Toleration. */
export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

/** Kubernetes: core/v1 PodSpec. */
export interface PodSpec {
  initContainers?: Container[];
  containers: Container[];
  volumes: Volume[];
  serviceAccountName: string;
  automountServiceAccountToken: boolean;
  enableServiceLinks: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: PodSecurityContext;
  topologySpreadConstraints: TopologySpreadConstraint[];
  nodeSelector?: { [key: string]: string };
  runtimeClassName?: string;
  tolerations?: Toleration[];
  affinity?: { nodeAffinity?: object; podAffinity?: object; podAntiAffinity?: object };
}
