import { versions } from '../versions.ts';

export type BinaryName =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'kubelet'
  | 'kubeadm'
  | 'kubectl'
  | 'agnhost'
  | 'etcd'
  | 'coredns'
  | 'proxy-server'
  | 'proxy-agent'
  | 'kine'
  | 'cluster-api-controller'
  | 'kubeadm-bootstrap-controller'
  | 'capd-manager'
  | 'clusterctl'
  | 'cert-manager-controller'
  | 'cert-manager-cainjector'
  | 'cert-manager-webhook'
  | 'kind'
  | 'crictl'
  | 'metallb-controller'
  | 'metallb-speaker'
  | 'local-path-provisioner'
  | 'metrics-server'
  | 'kwok'
  | 'helm';

/**
 * How one or more binaries come out of published Go modules: a module that requires others and imports their commands.
 * `go install pkg@version` does not do, because it refuses modules with `replace` lines.
 */
export interface ModuleRecipe {
  /** Names the work directory and the version directory in the cache. */
  readonly name: string;
  /** Without the leading "v". */
  readonly version: string;
  /** Module path → version. The first one is the module the binaries belong to. */
  readonly require: Readonly<Record<string, string>>;
  /** Modules that are replaced by themselves at the required version (their own go.mod replaces them by a folder). */
  readonly pin?: Readonly<Record<string, string>>;
  /** Version of each staging module that the first module's go.mod requires at v0.0.0. */
  readonly stagingVersion?: string;
  readonly ldflags?: readonly string[];
  readonly tags?: readonly string[];
  /** Binary → import path of its command. */
  readonly packages: Partial<Readonly<Record<BinaryName, string>>>;
}

/** Where an official prebuilt binary lies. `{arch}` is amd64 or arm64. */
export interface Release {
  readonly url: string;
  /** Path of the binary inside the tar.gz at `url`; absent when `url` is the binary. */
  readonly member?: string;
  /** URL of a file that starts with the SHA-256 of what `url` serves. */
  readonly sha256Url?: string;
}

const kubernetesModule = 'k8s.io/kubernetes';
const clusterApiModule = 'sigs.k8s.io/cluster-api';
const clusterApi = `v${versions.clusterApi}`;

export const recipes: readonly ModuleRecipe[] = Object.freeze([
  kubernetesRecipe(versions.kubernetes),
  {
    name: 'etcd',
    version: versions.etcd,
    require: { 'go.etcd.io/etcd/server/v3': `v${versions.etcd}` },
    packages: { etcd: 'go.etcd.io/etcd/server/v3' },
  },
  {
    name: 'coredns',
    version: versions.coredns,
    require: { 'github.com/coredns/coredns': `v${versions.coredns}` },
    packages: { coredns: 'github.com/coredns/coredns' },
  },
  {
    name: 'konnectivity',
    version: versions.konnectivity,
    require: {
      'sigs.k8s.io/apiserver-network-proxy': `v${versions.konnectivity}`,
      'sigs.k8s.io/apiserver-network-proxy/konnectivity-client': `v${versions.konnectivity}`,
    },
    packages: {
      'proxy-server': 'sigs.k8s.io/apiserver-network-proxy/cmd/server',
      'proxy-agent': 'sigs.k8s.io/apiserver-network-proxy/cmd/agent',
    },
  },
  {
    name: 'kine',
    version: versions.kine,
    require: { 'github.com/k3s-io/kine': `v${versions.kine}` },
    // As the published image is built: without it the nats:// back end is missing.
    tags: ['nats'],
    packages: { kine: 'github.com/k3s-io/kine' },
  },
  {
    name: 'cluster-api',
    version: versions.clusterApi,
    require: {
      [clusterApiModule]: clusterApi,
      [`${clusterApiModule}/api`]: clusterApi,
      [`${clusterApiModule}/test`]: clusterApi,
    },
    pin: { [clusterApiModule]: clusterApi, [`${clusterApiModule}/api`]: clusterApi },
    ldflags: buildInformation(`${clusterApiModule}/version`, versions.clusterApi),
    packages: {
      'cluster-api-controller': `${clusterApiModule}/core`,
      'kubeadm-bootstrap-controller': `${clusterApiModule}/bootstrap/kubeadm`,
      'capd-manager': `${clusterApiModule}/test/infrastructure/docker`,
      clusterctl: `${clusterApiModule}/cmd/clusterctl`,
    },
  },
  {
    name: 'cert-manager',
    version: versions.certManager,
    require: { 'github.com/cert-manager/cert-manager': `v${versions.certManager}` },
    packages: {
      'cert-manager-controller': 'github.com/cert-manager/cert-manager/cmd/controller',
      'cert-manager-cainjector': 'github.com/cert-manager/cert-manager/cmd/cainjector',
      'cert-manager-webhook': 'github.com/cert-manager/cert-manager/cmd/webhook',
    },
  },
  {
    name: 'kwok',
    version: versions.kwok,
    require: { 'sigs.k8s.io/kwok': `v${versions.kwok}` },
    packages: { kwok: 'sigs.k8s.io/kwok/cmd/kwok' },
  },
  {
    name: 'kind',
    version: versions.kind,
    require: { 'sigs.k8s.io/kind': `v${versions.kind}` },
    packages: { kind: 'sigs.k8s.io/kind' },
  },
  {
    name: 'crictl',
    version: versions.crictl,
    require: { 'sigs.k8s.io/cri-tools': `v${versions.crictl}` },
    ldflags: [`-X sigs.k8s.io/cri-tools/pkg/version.Version=v${versions.crictl}`],
    packages: { crictl: 'sigs.k8s.io/cri-tools/cmd/crictl' },
  },
  {
    name: 'metallb',
    version: versions.metallb,
    require: { 'go.universe.tf/metallb': `v${versions.metallb}` },
    packages: {
      'metallb-controller': 'go.universe.tf/metallb/controller',
      'metallb-speaker': 'go.universe.tf/metallb/speaker',
    },
  },
  {
    name: 'local-path-provisioner',
    version: versions.localPathProvisioner,
    require: { 'github.com/rancher/local-path-provisioner': `v${versions.localPathProvisioner}` },
    packages: { 'local-path-provisioner': 'github.com/rancher/local-path-provisioner' },
  },
  {
    name: 'metrics-server',
    version: versions.metricsServer,
    require: { 'sigs.k8s.io/metrics-server': `v${versions.metricsServer}` },
    packages: { 'metrics-server': 'sigs.k8s.io/metrics-server/cmd/metrics-server' },
  },
  {
    name: 'helm',
    version: versions.helm,
    require: { 'helm.sh/helm/v3': `v${versions.helm}` },
    packages: { helm: 'helm.sh/helm/v3/cmd/helm' },
  },
] satisfies readonly ModuleRecipe[]);

/** Core of Cluster API in the minor before, whose module is laid out differently. */
export const olderClusterApi: ModuleRecipe = Object.freeze({
  name: 'cluster-api',
  version: versions.olderClusterApi,
  require: { [clusterApiModule]: `v${versions.olderClusterApi}` },
  ldflags: buildInformation(`${clusterApiModule}/version`, versions.olderClusterApi),
  packages: { 'cluster-api-controller': clusterApiModule },
});

/** What a program says of its version. Without it, checks of version skew see v0.0.0-master. */
function buildInformation(path: string, version: string): readonly string[] {
  const [major = '', minor = ''] = version.split('.');
  return [
    `-X ${path}.gitVersion=v${version}`,
    `-X ${path}.gitMajor=${major}`,
    `-X ${path}.gitMinor=${minor}`,
    `-X ${path}.gitTreeState=clean`,
  ];
}

/** Kubernetes' own programs, of any version of which all modules are published. */
export function kubernetesRecipe(version: string): ModuleRecipe {
  return {
    name: 'kubernetes',
    version,
    require: { [kubernetesModule]: `v${version}` },
    stagingVersion: `v${version.replace(/^1\./, '0.')}`,
    ldflags: buildInformation('k8s.io/component-base/version', version),
    packages: {
      'kube-apiserver': `${kubernetesModule}/cmd/kube-apiserver`,
      'kube-controller-manager': `${kubernetesModule}/cmd/kube-controller-manager`,
      'kube-scheduler': `${kubernetesModule}/cmd/kube-scheduler`,
      'kube-proxy': `${kubernetesModule}/cmd/kube-proxy`,
      kubelet: `${kubernetesModule}/cmd/kubelet`,
      kubeadm: `${kubernetesModule}/cmd/kubeadm`,
      kubectl: `${kubernetesModule}/cmd/kubectl`,
      agnhost: `${kubernetesModule}/test/images/agnhost`,
    },
  };
}

/** Where Kubernetes publishes its own programs. */
export function kubernetesRelease(name: string, version: string): Release {
  const url = `https://dl.k8s.io/release/v${version}/bin/linux/{arch}/${name}`;
  return { url, sha256Url: `${url}.sha256` };
}

const ofTheLab = (name: string): Release => kubernetesRelease(name, versions.kubernetes);

/** The binaries that are published ready-made. What is absent here is pulled as an image instead, or built. */
export const releases: Partial<Readonly<Record<BinaryName, Release>>> = Object.freeze({
  'kube-apiserver': ofTheLab('kube-apiserver'),
  'kube-controller-manager': ofTheLab('kube-controller-manager'),
  'kube-scheduler': ofTheLab('kube-scheduler'),
  'kube-proxy': ofTheLab('kube-proxy'),
  kubelet: ofTheLab('kubelet'),
  kubeadm: ofTheLab('kubeadm'),
  kubectl: ofTheLab('kubectl'),
  etcd: {
    url: `https://github.com/etcd-io/etcd/releases/download/v${versions.etcd}/etcd-v${versions.etcd}-linux-{arch}.tar.gz`,
    member: `etcd-v${versions.etcd}-linux-{arch}/etcd`,
  },
  kind: {
    url: `https://github.com/kubernetes-sigs/kind/releases/download/v${versions.kind}/kind-linux-{arch}`,
    sha256Url: `https://github.com/kubernetes-sigs/kind/releases/download/v${versions.kind}/kind-linux-{arch}.sha256sum`,
  },
  clusterctl: {
    url: `https://github.com/kubernetes-sigs/cluster-api/releases/download/v${versions.clusterApi}/clusterctl-linux-{arch}`,
  },
  crictl: {
    url: `https://github.com/kubernetes-sigs/cri-tools/releases/download/v${versions.crictl}/crictl-v${versions.crictl}-linux-{arch}.tar.gz`,
    sha256Url: `https://github.com/kubernetes-sigs/cri-tools/releases/download/v${versions.crictl}/crictl-v${versions.crictl}-linux-{arch}.tar.gz.sha256`,
    member: 'crictl',
  },
  helm: {
    url: `https://get.helm.sh/helm-v${versions.helm}-linux-{arch}.tar.gz`,
    sha256Url: `https://get.helm.sh/helm-v${versions.helm}-linux-{arch}.tar.gz.sha256sum`,
    member: 'linux-{arch}/helm',
  },
} satisfies Partial<Record<BinaryName, Release>>);
