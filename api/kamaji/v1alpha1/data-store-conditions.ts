/** Every condition of a DataStore with the reasons it may have; the first reason is that of the good state. */
export const dataStoreConditions = {
  /** The conjunction of the others; the same as `status.ready`. */
  Ready: [
    'Ready',
    'Invalid',
    'ManagedNotReady',
    'NotReachable',
    'NotAuthenticated',
    'DataStoreMismatch',
    'StoreFull',
    'Deleting',
    'InternalError',
  ],
  /** The database answers at one of its endpoints at least. */
  Reachable: [
    'Reachable',
    'Waiting',
    'ConnectionRefused',
    'ConnectionTimeout',
    'NameNotFound',
    'CertificateInvalid',
    'NoQuorum',
    'InternalError',
  ],
  /** It accepts this system's credentials, with the rights that are needed. */
  Authenticated: [
    'Authenticated',
    'Waiting',
    'CredentialsRefused',
    'PermissionMissing',
    'AuthorizationDisabled',
    'InternalError',
  ],
  /** Nothing is known of its version or configuration by which tenants could reach one another. New tenants are put on no other. */
  Isolated: ['Isolated', 'Waiting', 'KnownVulnerability', 'NotChecked', 'InternalError'],
  /** It takes writes, has room to grow and connections to spare. */
  CapacityAvailable: ['CapacityAvailable', 'Waiting', 'AlmostFull', 'StoreFull', 'FewConnectionsLeft', 'AlarmRaised'],
  /** True when the store that answers is another one than its tenants were created on. */
  DataStoreMismatch: ['NoMismatch', 'Waiting', 'DataStoreMismatch'],
  /** The etcd cluster that this system runs; only with `spec.managed`. */
  ManagedReady: [
    'ManagedReady',
    'NoStorageClass',
    'StorageClassNotFound',
    'WaitingForVolumes',
    'WaitingForMembers',
    'MembersFailing',
    'ImageUnavailable',
    'ApplyFailed',
    'ForeignObject',
    'InternalError',
  ],
  /** Upstream's: the spec is complete and every Secret it names is there. */
  'kamaji.clastix.io/DataStoreValidation': [
    'DataStoreValid',
    'SecretNotFound',
    'SecretKeyMissing',
    'ContentInvalid',
    'EndpointInvalid',
    'InternalError',
  ],
  /** Upstream's: no tenant uses it, so it may be deleted. */
  'kamaji.clastix.io/DataStoreAllowedDeletion': ['DataStoreUnused', 'DataStoreInUse'],
  Paused: ['NotPaused', 'Paused'],
} as const;

export type DataStoreConditionType = keyof typeof dataStoreConditions;

export type DataStoreReason<T extends DataStoreConditionType = DataStoreConditionType> =
  (typeof dataStoreConditions)[T][number];
