/** Labels on owned objects. Values and keys are what upstream Kamaji writes and third parties select by. */
export const labels = Object.freeze({
  /** Always {@link PROJECT}; on every owned object and on addons inside a tenant. */
  project: 'kamaji.clastix.io/project',
  /** Name of the TenantControlPlane; the selector of its Deployment and Service. */
  name: 'kamaji.clastix.io/name',
  /** Which part of the control plane the object is. */
  component: 'kamaji.clastix.io/component',
  /** `x509` or `kubeconfig`, on Secrets whose certificates are watched for expiry. */
  certificateLifecycle: 'kamaji.clastix.io/certificate_lifecycle_controller',
  /** Name of the KubeconfigGenerator that made a Secret. */
  managedBy: 'kamaji.clastix.io/managed-by',
  /** Name of the TenantControlPlane that a generated Secret is for. */
  managedFor: 'kamaji.clastix.io/managed-for',
  /** `kubeconfig` or `ca`, on the Secrets made for Cluster API. */
  capiSecret: 'kamaji.clastix.io/secret',
  /** Name of the Cluster, on the Secrets made for Cluster API. */
  capiCluster: 'kamaji.clastix.io/cluster',
  /** Name of the TenantControlPlane, on the Secrets made for Cluster API. */
  capiTenantControlPlane: 'kamaji.clastix.io/tcp',
  /** Namespace of the KamajiControlPlane whose TenantControlPlane is in another cluster. */
  capiNamespace: 'kamaji.clastix.io/namespace',
  /** Cluster API's label on everything that belongs to a Cluster; CAPI caches only Secrets that carry it. */
  clusterName: 'cluster.x-k8s.io/cluster-name',
  /** On a ClusterRole: the manager gets its rules, to fill in infrastructure clusters of kinds that it does not know. */
  aggregateToManager: 'kamaji.clastix.io/aggregate-to-manager',
  /** Cluster API: on what a topology made, which alone may change it. */
  topologyOwned: 'topology.cluster.x-k8s.io/owned',
  /** Cluster API's label that shards objects between instances of a provider. */
  watchFilter: 'cluster.x-k8s.io/watch-filter',
});

/** Value of `labels.project`. */
export const PROJECT = 'kamaji';

/** Prefix of the pod-template labels that make pods roll when what they mount changes. */
export const COMPONENT_HASH_PREFIX = 'component.kamaji.clastix.io/';

export const annotations = Object.freeze({
  /** Present with any value: the object is not reconciled. */
  paused: 'kamaji.clastix.io/paused',
  /** Key of the admin-kubeconfig Secret that is published, such as `super-admin.svc`. */
  kubeconfigSecretKey: 'kamaji.clastix.io/kubeconfig-secret-key',
  /** Hash of the data of an owned Secret or ConfigMap. */
  checksum: 'kamaji.clastix.io/checksum',
  /** Present with an empty value on a certificate Secret: rotate now; replaced by the time of rotation. */
  rotate: 'certs.kamaji.clastix.io/rotate',
  /** Present on a TenantControlPlane: an upgrade goes on although kubelets of its nodes become too old for it. */
  ignoreKubeletSkew: 'kamaji.clastix.io/ignore-kubelet-skew',
  /** With the value `true` on a TenantControlPlane: its `dataStoreOverrides` may change although it has data. */
  acceptOverrideChange: 'kamaji.clastix.io/accept-override-change',
  cleanupPriorMigration: 'kamaji.clastix.io/cleanup-prior-migration',
  migrationTimeout: 'kamaji.clastix.io/migration-timeout',
  /** Hash of `extraArgs.apiServer`, on the Deployment. */
  apiServerArgs: 'kube-apiserver.kamaji.clastix.io/args',
  /** Hash of the datastore credentials, on the pod template. */
  storageConfig: 'storage.kamaji.clastix.io/config',
  /** Hash of the datastore certificate, on the pod template. */
  storageCertificate: 'storage.kamaji.clastix.io/certificate',
  /** Cluster API: present on an object, the object is not reconciled. */
  clusterPaused: 'cluster.x-k8s.io/paused',
  /**
   * On a MachineDeployment that no topology owns: it follows the version of its control plane. The value is the name of the
   * infrastructure template for a version, where `{version}` stands for that.
   */
  followControlPlane: 'kamaji.clastix.io/follow-control-plane-version',
  /** clusterctl: present on an object, a move waits for it to go. */
  blockMove: 'clusterctl.cluster.x-k8s.io/block-move',
  /** clusterctl: on an object that is deleted here because it lives on in another management cluster. */
  deleteForMove: 'clusterctl.cluster.x-k8s.io/delete-for-move',
  /** Cluster API: present on an infrastructure cluster, someone else fills in its endpoint and status. */
  infrastructureManagedBy: 'cluster.x-k8s.io/managed-by',
});

/** Value of `annotations.infrastructureManagedBy` that asks this provider to fill in the infrastructure cluster. */
export const MANAGED_BY_KAMAJI = 'kamaji';

/** Value of `annotations.paused` on a TenantControlPlane that is paused because its KamajiControlPlane is; any other is a user's. */
export const PAUSED_WITH_CONTROL_PLANE = 'with-kamajicontrolplane';

export const finalizers = Object.freeze({
  /** On a TenantControlPlane while it has data in a DataStore. */
  tenantControlPlane: 'finalizer.kamaji.clastix.io',
  /** Upstream's second finalizer on a TenantControlPlane; only ever removed here. */
  tenantControlPlaneSoot: 'finalizer.kamaji.clastix.io/soot',
  /** Upstream's finalizer on the credentials Secret; only ever removed here. */
  dataStoreSecret: 'finalizer.kamaji.clastix.io/datastore-secret',
  /** On a DataStore while a tenant uses it. */
  dataStore: 'kamaji.clastix.io/TenantControlPlane',
  /** On a KamajiControlPlane until its control plane is gone. */
  kamajiControlPlane: 'kamajicontrolplane.controlplane.cluster.x-k8s.io',
  /** Upstream's finalizer on a KamajiControlPlane in another cluster; only ever removed here. */
  externalClusterReference: 'ecr.kamaji.clastix.io/finalizer',
});

/** Type of the Secrets that Cluster API reads. */
export const CLUSTER_SECRET_TYPE = 'cluster.x-k8s.io/secret';
