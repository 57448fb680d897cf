import {
  boolean,
  describe,
  embedded,
  enumeration,
  integer,
  intOrString,
  list,
  map,
  mapList,
  object,
  optional,
  string,
} from '../schema/schema.ts';

/** Properties of metadata that a user adds to an object we make. */
export const metadataFields = {
  labels: optional(map('Labels; those that the system itself sets cannot be overridden.', string('Value.'))),
  annotations: optional(map('Annotations.', string('Value.'))),
};

/** Metadata that a user adds to an object we make. */
export const additionalMetadata = object('Labels and annotations added to the object.', metadataFields);

const quantity = intOrString('An amount such as 100m, 256Mi or 2.', {
  pattern: String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`,
});

/** Kubernetes: core/v1 Quantity under its own description. */
export const storageQuantity = describe('Size, such as 10Gi.', quantity);

/** Kubernetes: core/v1 ResourceRequirements. */
export const resourceRequirements = object('Compute resources of the container.', {
  limits: optional(map('Upper bounds per resource.', quantity)),
  requests: optional(map('Amounts reserved per resource.', quantity)),
  claims: optional(
    mapList(
      'Resource claims of the pod that this container uses.',
      object('One claim.', {
        name: string("Name of an entry of the pod spec's resourceClaims."),
        request: optional(string('Request within the claim; empty means all of it.')),
      }),
      ['name'],
    ),
  ),
});

/** Kubernetes: core/v1 Toleration. */
export const toleration = object('Tolerates a taint of nodes.', {
  key: optional(string('Key of the taint; empty with operator Exists matches every taint.')),
  operator: optional(string('Exists or Equal; empty means Equal.')),
  value: optional(string('Value of the taint.')),
  effect: optional(string('NoSchedule, PreferNoSchedule or NoExecute; empty matches all.')),
  tolerationSeconds: optional(
    integer('How long a NoExecute taint is tolerated; absent means for ever.', { format: 'int64' }),
  ),
});

/** Kubernetes: meta/v1 LabelSelector. */
export const labelSelector = object(
  'Selects objects by label; empty selects all.',
  {
    matchLabels: optional(map('Labels that must have exactly these values.', string('Value.'))),
    matchExpressions: optional(
      list(
        'Requirements that must all hold.',
        object('One requirement.', {
          key: string('Label key.'),
          operator: string('In, NotIn, Exists or DoesNotExist.'),
          values: optional(list('Values for In and NotIn.', string('Value.'))),
        }),
      ),
    ),
  },
  { atomic: true },
);

/** Kubernetes: core/v1 TopologySpreadConstraint. */
export const topologySpreadConstraint = object('How pods spread over a topology.', {
  topologyKey: string('Node label whose values are the domains.'),
  maxSkew: integer('Largest allowed difference between two domains.'),
  whenUnsatisfiable: string('DoNotSchedule or ScheduleAnyway.'),
  labelSelector: optional(describe('Pods that count; absent means the pods of this control plane.', labelSelector)),
  matchLabelKeys: optional(list('Pod label keys whose values are added to the selector.', string('Key.'))),
  minDomains: optional(integer('Smallest number of domains.')),
  nodeAffinityPolicy: optional(string('Honor or Ignore.')),
  nodeTaintsPolicy: optional(string('Honor or Ignore.')),
});

/** Kubernetes: core/v1 Affinity. */
export const affinity = embedded('Scheduling affinity of the pods (core/v1 Affinity).', {
  nodeAffinity: optional(embedded('Affinity to nodes.', {})),
  podAffinity: optional(embedded('Affinity to other pods.', {})),
  podAntiAffinity: optional(embedded('Distance from other pods.', {})),
});

/** Kubernetes: apps/v1 DeploymentStrategy. */
export function deploymentStrategy(description: string, options: Parameters<typeof object<typeof strategy>>[2] = {}) {
  return object(description, strategy, options);
}

const strategy = {
  type: optional(enumeration('Kind of replacement.', ['RollingUpdate', 'Recreate'])),
  rollingUpdate: optional(
    object('Bounds of a rolling update.', {
      maxUnavailable: optional(intOrString('Pods that may be missing: a number or a percentage.')),
      maxSurge: optional(intOrString('Pods that may exist in addition: a number or a percentage.')),
    }),
  ),
};

/** Kubernetes: core/v1 Container. */
export const container = embedded('A container (core/v1 Container).', {
  name: string('Name, unique within the pod.', { minLength: 1 }),
});

/** Kubernetes: core/v1 Volume. */
export const volume = embedded('A volume (core/v1 Volume).', {
  name: string('Name, unique within the pod.', { minLength: 1 }),
});

/** Kubernetes: core/v1 VolumeMount. */
export const volumeMount = object('Mounts a volume into the container.', {
  name: string('Name of a volume.', { minLength: 1 }),
  mountPath: string('Path inside the container.', { minLength: 1 }),
  readOnly: optional(boolean('Mount read-only.')),
  recursiveReadOnly: optional(string('Disabled, IfPossible or Enabled.')),
  subPath: optional(string('Path within the volume.')),
  subPathExpr: optional(string('Path within the volume, with environment variables expanded.')),
  mountPropagation: optional(string('None, HostToContainer or Bidirectional.')),
});

/** Kubernetes: core/v1 SecurityContext. */
export const securityContext = embedded('Security options of the container (core/v1 SecurityContext).', {
  runAsUser: optional(integer('User id of the processes.', { format: 'int64' })),
  runAsGroup: optional(integer('Group id of the processes.', { format: 'int64' })),
  runAsNonRoot: optional(boolean('Refuse to start as root.')),
  readOnlyRootFilesystem: optional(boolean('Mount the root file system read-only.')),
});

/** Kubernetes: core/v1 PodSecurityContext. */
export const podSecurityContext = embedded('Security options of the pod (core/v1 PodSecurityContext).', {
  runAsUser: optional(integer('User id of the processes.', { format: 'int64' })),
  runAsGroup: optional(integer('Group id of the processes.', { format: 'int64' })),
  runAsNonRoot: optional(boolean('Refuse to start as root.')),
  fsGroup: optional(integer('Group that owns the files of volumes.', { format: 'int64' })),
});

const probe = object('Overrides of one probe.', {
  initialDelaySeconds: optional(integer('Seconds before the first probe.', { minimum: 0 })),
  timeoutSeconds: optional(integer('Seconds after which a probe has failed.', { minimum: 1 })),
  periodSeconds: optional(integer('Seconds between probes.', { minimum: 1 })),
  successThreshold: optional(integer('Successes in a row that make it succeed.', { minimum: 1 })),
  failureThreshold: optional(integer('Failures in a row that make it fail.', { minimum: 1 })),
});

/** Overrides of the three probes of a component; what is absent keeps its default. */
export const probes = {
  liveness: optional(describe('Liveness probe.', probe)),
  readiness: optional(describe('Readiness probe.', probe)),
  startup: optional(describe('Startup probe.', probe)),
};
