/**
 * Every condition of a TenantControlPlane with the reasons it may have; the first reason is that of the good state.
 * A condition that cannot be judged because an earlier step has not been reached has reason `Waiting`.
 */
export const tenantControlPlaneConditions = {
  /** All six below hold: the tenant can be used and nodes can join, whether or not a node exists yet. */
  Ready: [
    'Ready',
    'EndpointNotReady',
    'CertificatesNotReady',
    'DataStoreNotReady',
    'ControlPlaneNotReady',
    'BootstrapNotReady',
    'AddonsNotReady',
    'Asleep',
    'Deleting',
  ],
  EndpointReady: [
    'EndpointReady',
    'Waiting',
    'WaitingForLoadBalancer',
    'AddressMissing',
    'AddressUnsupported',
    'PortOccupied',
    'ServiceRefused',
    'GatewayApiMissing',
    'RouteRefused',
    'RouteNotAccepted',
    'ForeignObject',
    'InternalError',
  ],
  CertificatesReady: [
    'CertificatesReady',
    'Waiting',
    'UserCertificateInvalid',
    'CertificateExpired',
    'ForeignObject',
    'InternalError',
  ],
  DataStoreReady: [
    'DataStoreReady',
    'Waiting',
    'DataStoreCreating',
    'DataStoreMissing',
    'DataStoreNotFound',
    'DataStoreNotReady',
    'DataStoreUnreachable',
    'DataStoreMismatch',
    'DataStoreNotIsolated',
    'DriverUnsupported',
    'SchemaTaken',
    'SetupFailed',
    'CredentialsMissing',
    'MigrationRequired',
    'ForeignObject',
    'InternalError',
  ],
  ControlPlaneReady: [
    'ControlPlaneReady',
    'Waiting',
    'WaitingForTurn',
    'PodsStarting',
    /** It was ready, and no API server is any more. */
    'PodsNotReady',
    'PodsUnschedulable',
    'PodsFailing',
    'ImageUnavailable',
    'DeploymentRefused',
    /** An upgrade waits because of them; the control plane goes on in its present version. */
    'KubeletsTooOld',
    /** Nothing is known that keeps the pods, but they have not come on for ten minutes. */
    'RolloutStalled',
    'Asleep',
    'ForeignObject',
    'InternalError',
  ],
  BootstrapReady: [
    'BootstrapReady',
    'Waiting',
    'TenantUnreachable',
    'ApplyFailed',
    'VersionUnsupported',
    'PatchInvalid',
    'Asleep',
    'InternalError',
  ],
  /** Applied, not running: no node may exist yet. */
  AddonsReady: [
    'AddonsReady',
    'Waiting',
    'TenantUnreachable',
    'ApplyFailed',
    'AddonVersionsInvalid',
    'VersionUnsupported',
    'Asleep',
    'InternalError',
  ],
  /** At least one API server serves. */
  Available: ['Available', 'NotAvailable', 'Asleep'],
  Progressing: ['Settled', 'WaitingForTurn', 'Provisioning', 'RollingOut', 'Upgrading', 'Stalled'],
  /** Good when False, but for the reasons that say why `spec.writePermissions` is not enforced. */
  WritesLimited: ['NotLimited', 'Limited', 'OwnAuthorizationFlags', 'VersionUnsupported'],
  Paused: ['NotPaused', 'Paused'],
  Deleting: [
    'NotDeleting',
    'WaitingForDataStore',
    'DataStoreMissing',
    'DataStoreMismatch',
    'CredentialsMissing',
    'InternalError',
  ],
} as const;

export type TenantControlPlaneConditionType = keyof typeof tenantControlPlaneConditions;

export type TenantControlPlaneReason<T extends TenantControlPlaneConditionType = TenantControlPlaneConditionType> =
  (typeof tenantControlPlaneConditions)[T][number];
