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
    'InternalError',
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
    'Rotating',
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
    'PodsStarting',
    'PodsNotReady',
    'PodsUnschedulable',
    'PodsFailing',
    'ImageUnavailable',
    'DeploymentRefused',
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
  Available: ['Available', 'NotAvailable', 'Asleep', 'Deleting'],
  Progressing: ['Settled', 'Provisioning', 'RollingOut', 'Upgrading', 'Migrating', 'Deleting', 'Stalled'],
  Paused: ['NotPaused', 'Paused'],
  Deleting: [
    'NotDeleting',
    'WaitingForPods',
    'DroppingData',
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
