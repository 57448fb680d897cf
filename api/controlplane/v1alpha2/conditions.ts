/**
 * Every condition of a KamajiControlPlane with the reasons it may have; the first reason is that of the good state.
 * Types and reasons that Cluster API's own control plane has too carry its names (Cluster API: KubeadmControlPlane
 * v1beta2 conditions). `RollingOut`, `ScalingUp`, `ScalingDown`, `Deleting` and `Paused` are good when False.
 */
export const kamajiControlPlaneConditions = {
  /** Core copies it to the Cluster's `ControlPlaneReady`. */
  Ready: ['Ready', 'NotReady', 'Asleep', 'Deleting', 'InternalError'],
  /** Core copies it to the Cluster's `ControlPlaneAvailable`; True while an API server serves, rollouts included. */
  Available: ['Available', 'NotAvailable', 'Asleep', 'Deleting', 'InternalError'],
  Initialized: ['Initialized', 'NotInitialized'],
  /** The Secrets that Cluster API reads are there. */
  CertificatesAvailable: ['Available', 'WaitingForControlPlane', 'ForeignSecret', 'InternalError'],
  EndpointReady: ['EndpointReady', 'WaitingForAddress', 'AddressUnavailable', 'EndpointConflict', 'InternalError'],
  /** A copy of the TenantControlPlane's. */
  DataStoreReady: ['DataStoreReady', 'WaitingForDataStore', 'DataStoreNotReady', 'InternalError'],
  /** The Secret that machines without a bootstrap provider join by is there. */
  BootstrapConfigReady: [
    'BootstrapConfigReady',
    'WaitingForControlPlane',
    'ForeignSecret',
    'TenantUnreachable',
    'InternalError',
  ],
  RollingOut: ['NotRollingOut', 'RollingOut'],
  ScalingUp: ['NotScalingUp', 'ScalingUp', 'WaitingForReplicasSet'],
  ScalingDown: ['NotScalingDown', 'ScalingDown'],
  Deleting: [
    'NotDeleting',
    'WaitingForWorkersDeletion',
    'WaitingForTenantControlPlaneDeletion',
    'ExternalClusterUnavailable',
    'DeletionCompleted',
    'InternalError',
  ],
  Paused: ['NotPaused', 'Paused'],
  /** Upstream's: the TenantControlPlane is what the spec asks for. */
  TenantControlPlaneCreated: [
    'Succeeded',
    /** Somebody else writes `replicas` into it, such as an autoscaler that targets it and not the KamajiControlPlane. */
    'ReplicasReset',
    'WaitingForCluster',
    'SpecRefused',
    'ForeignObject',
    'ExternalClusterUnavailable',
    'InternalError',
  ],
  /** Upstream's: the infrastructure cluster has the endpoint. */
  InfrastructureClusterPatched: [
    'Succeeded',
    'NotNeeded',
    'WaitingForEndpoint',
    'WaitingForInfrastructureCluster',
    'EndpointMismatch',
    'KindUnsupported',
    'Forbidden',
    'PatchRefused',
    'InternalError',
  ],
  /** MachineDeployments that ask for it have the control plane's version. */
  WorkersFollow: [
    'Following',
    'NotRequested',
    'WaitingForControlPlane',
    'InfrastructureTemplateMissing',
    'KindUnsupported',
    'Forbidden',
    'Refused',
    'InternalError',
  ],
  /** Upstream's name of `Ready`, which existing pipelines wait for. */
  KamajiControlPlaneIsReady: ['Ready', 'NotReady', 'Asleep', 'Deleting', 'InternalError'],
} as const;

export type KamajiControlPlaneConditionType = keyof typeof kamajiControlPlaneConditions;
