/**
 * Every component version the lab pins, in one place. A change here changes recipe hashes, and so exactly what has to be
 * built or pulled again.
 */
export const versions = Object.freeze({
  /** Kubernetes of the management cluster and the newest minor offered to tenants. */
  kubernetes: '1.35.4',
  /** Of the two minors before: nodes and control planes of `make test-matrix`. The newest whose modules are all published. */
  olderKubernetes: Object.freeze(['1.34.4', '1.33.13']),
  etcd: '3.6.16',
  coredns: '1.13.1',
  /** The newest konnectivity release that Go's module proxy serves. */
  konnectivity: '0.34.0',
  kine: '0.17.5',
  clusterApi: '1.14.2',
  /** Of the minor before: for `make test-matrix`. */
  olderClusterApi: '1.13.6',
  /** The last release whose commands live in the main Go module. */
  certManager: '1.11.5',
  kind: '0.33.0',
  crictl: '1.36.0',
  /** The newest release whose dependencies Go's module proxy serves all. */
  metallb: '0.15.2',
  localPathProvisioner: '0.0.30',
  metricsServer: '0.9.0',
  helm: '3.19.0',
  /** Simulates nodes and pods for benchmarks. */
  kwok: '0.8.0',
  /** The image tags that kubeadm of the Kubernetes version above asks for (`kubeadm config images list`). */
  kubeadmTags: Object.freeze({ etcd: '3.6.6-0', pause: '3.10.1', coredns: 'v1.13.1' }),
  /** Upstream's convention for Kubernetes minor N is konnectivity v0.N.0. */
  konnectivityTag: 'v0.35.0',
  agnhostTag: '2.59',
  /** Debian release of the node image and of the images that need more than one static binary. */
  debian: 'bookworm',
});

/** "v1.35.4": the form that Kubernetes, kind and kubeadm use. */
export const kubernetesVersion = `v${versions.kubernetes}`;
