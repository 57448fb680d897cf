/** Names of the objects that make up one control plane, all in the TenantControlPlane's namespace. */
export interface NamesOfControlPlane {
  readonly service: string;
  readonly deployment: string;
  readonly podDisruptionBudget: string;
  readonly networkPolicy: string;
  /** Secret: `ca.crt`, `ca.key`, and the same pair as `tls.crt`, `tls.key`. */
  readonly ca: string;
  /** Secret: `front-proxy-ca.crt`, `front-proxy-ca.key`. */
  readonly frontProxyCa: string;
  /** Secret: `sa.pub`, `sa.key`. */
  readonly serviceAccount: string;
  /** Secret: `apiserver.crt`, `apiserver.key`. */
  readonly apiServerCertificate: string;
  /** Secret: `apiserver-kubelet-client.crt`, `apiserver-kubelet-client.key`. */
  readonly apiServerKubeletClient: string;
  /** Secret: `front-proxy-client.crt`, `front-proxy-client.key`. */
  readonly frontProxyClient: string;
  /** Secret: `admin.conf`, `super-admin.conf`, `admin.svc`, `super-admin.svc`. */
  readonly adminKubeconfig: string;
  /** Secret: `controller-manager.conf`. */
  readonly controllerManagerKubeconfig: string;
  /** Secret: `scheduler.conf`. */
  readonly schedulerKubeconfig: string;
  /** Secret: `DB_CONNECTION_STRING`, `DB_SCHEMA`, `DB_USER`, `DB_PASSWORD`. */
  readonly datastoreConfig: string;
  /** Secret: `ca.crt` and, with a client certificate, `server.crt`, `server.key`. */
  readonly datastoreCertificate: string;
  /** Secret: `authorization.yaml` and, while writes are limited, a kubeconfig of the manager. */
  readonly authorization: string;
  /** ConfigMap: `egress-selector-configuration.yaml`. */
  readonly egressSelectorConfiguration: string;
  /** Secret of type kubernetes.io/tls: `tls.crt`, `tls.key`. */
  readonly konnectivityCertificate: string;
  /** Secret: `konnectivity-server.conf`. */
  readonly konnectivityKubeconfig: string;
  /** ConfigMap: `InitConfiguration`, `ClusterConfiguration`. */
  readonly kubeadmConfig: string;
  readonly ingress: string;
  readonly route: string;
  readonly konnectivityRoute: string;
}

/** The names that upstream Kamaji gives to the objects of the TenantControlPlane of that name. */
export function namesOfControlPlane(tenantControlPlane: string): NamesOfControlPlane {
  const name = tenantControlPlane;
  return {
    service: name,
    deployment: name,
    podDisruptionBudget: name,
    networkPolicy: name,
    ca: `${name}-ca`,
    frontProxyCa: `${name}-front-proxy-ca-certificate`,
    serviceAccount: `${name}-sa-certificate`,
    apiServerCertificate: `${name}-api-server-certificate`,
    apiServerKubeletClient: `${name}-api-server-kubelet-client-certificate`,
    frontProxyClient: `${name}-front-proxy-client-certificate`,
    adminKubeconfig: `${name}-admin-kubeconfig`,
    controllerManagerKubeconfig: `${name}-controller-manager-kubeconfig`,
    schedulerKubeconfig: `${name}-scheduler-kubeconfig`,
    datastoreConfig: `${name}-datastore-config`,
    datastoreCertificate: `${name}-datastore-certificate`,
    authorization: `${name}-authorization`,
    egressSelectorConfiguration: `${name}-konnectivity-egress-selector-configuration`,
    konnectivityCertificate: `${name}-konnectivity-certificate`,
    konnectivityKubeconfig: `${name}-konnectivity-kubeconfig`,
    kubeadmConfig: `${name}-kubeadmconfig`,
    ingress: name,
    route: name,
    konnectivityRoute: `${name}-konnectivity`,
  };
}
