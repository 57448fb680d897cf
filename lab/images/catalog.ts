import type { BinaryName } from '../binaries/recipes.ts';
import { kubernetesVersion, versions } from '../versions.ts';

export type ComponentName =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'etcd'
  | 'pause'
  | 'coredns'
  | 'proxy-server'
  | 'proxy-agent'
  | 'kine'
  | 'agnhost'
  | 'busybox'
  | 'cluster-api-controller'
  | 'kubeadm-bootstrap-controller'
  | 'capd-manager'
  | 'cert-manager-controller'
  | 'cert-manager-cainjector'
  | 'cert-manager-webhook'
  | 'metallb-controller'
  | 'metallb-speaker'
  | 'local-path-provisioner'
  | 'metrics-server';

/** One image, under its official name, and how it is made where that cannot be pulled: one layer, as small as can be. */
export interface ComponentImage {
  readonly reference: string;
  /** Further names of the same content: tags that others ask for. */
  readonly aliases?: readonly string[];
  /** Path in the image → binary. */
  readonly files: Readonly<Record<string, BinaryName>>;
  /** Debian packages whose files lie below them. */
  readonly packages?: readonly string[];
  /** Path in the image → target of a symbolic link. */
  readonly links?: Readonly<Record<string, string>>;
  /** Numeric "uid:gid"; root when absent. Manifests that say runAsNonRoot need it. */
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** Whether worker nodes run it too. */
  readonly onWorkers?: true;
  /** Whether it is made only for those who ask for it, and in no node from the start. */
  readonly onDemand?: true;
}

const nonRoot = '65532:65532';
const kubernetesImage = (name: BinaryName): ComponentImage => ({
  reference: `registry.k8s.io/${name}:${kubernetesVersion}`,
  files: { [`/usr/local/bin/${name}`]: name },
});
const manager = (reference: string, binary: BinaryName, user?: string): ComponentImage => ({
  reference,
  files: { '/manager': binary },
  entrypoint: ['/manager'],
  ...(user === undefined ? {} : { user }),
});
const certManager = (name: 'controller' | 'cainjector' | 'webhook'): ComponentImage => ({
  ...manager(`quay.io/jetstack/cert-manager-${name}:v${versions.certManager}`, `cert-manager-${name}`, nonRoot),
});
const { kubeadmTags, konnectivityTag } = versions;
const konnectivityImage = 'registry.k8s.io/kas-network-proxy';
const packetFilterLinks = ['iptables', 'iptables-save', 'iptables-restore'].flatMap((name) => {
  const six = name.replace('iptables', 'ip6tables');
  return [name, six].map((link) => [`/usr/sbin/${link}`, 'xtables-nft-multi']);
});

export const components: Readonly<Record<ComponentName, ComponentImage>> = Object.freeze({
  'kube-apiserver': kubernetesImage('kube-apiserver'),
  'kube-controller-manager': kubernetesImage('kube-controller-manager'),
  'kube-scheduler': kubernetesImage('kube-scheduler'),
  'kube-proxy': {
    ...kubernetesImage('kube-proxy'),
    packages: ['iptables', 'nftables', 'conntrack'],
    links: Object.fromEntries(packetFilterLinks),
    onWorkers: true,
  },
  etcd: {
    // kubeadm asks for the first; the others are what a managed datastore may name.
    reference: `registry.k8s.io/etcd:${kubeadmTags.etcd}`,
    aliases: [`registry.k8s.io/etcd:${versions.etcd}-0`, `registry.k8s.io/etcd:v${versions.etcd}`],
    files: { '/usr/local/bin/etcd': 'etcd' },
  },
  pause: {
    reference: `registry.k8s.io/pause:${kubeadmTags.pause}`,
    files: {},
    packages: ['catatonit'],
    entrypoint: ['/usr/bin/catatonit', '-P'],
    onWorkers: true,
  },
  coredns: {
    reference: `registry.k8s.io/coredns/coredns:${kubeadmTags.coredns}`,
    files: { '/coredns': 'coredns' },
    entrypoint: ['/coredns'],
    onWorkers: true,
  },
  'proxy-server': {
    reference: `${konnectivityImage}/proxy-server:${konnectivityTag}`,
    aliases: [`${konnectivityImage}/proxy-server:v${versions.konnectivity}`],
    files: { '/proxy-server': 'proxy-server' },
    user: nonRoot,
    entrypoint: ['/proxy-server'],
  },
  'proxy-agent': {
    reference: `${konnectivityImage}/proxy-agent:${konnectivityTag}`,
    aliases: [`${konnectivityImage}/proxy-agent:v${versions.konnectivity}`],
    files: { '/proxy-agent': 'proxy-agent' },
    user: nonRoot,
    entrypoint: ['/proxy-agent'],
    onWorkers: true,
  },
  kine: {
    reference: `rancher/kine:v${versions.kine}`,
    files: { '/bin/kine': 'kine' },
    entrypoint: ['/bin/kine'],
  },
  agnhost: {
    reference: `registry.k8s.io/e2e-test-images/agnhost:${versions.agnhostTag}`,
    files: { '/agnhost': 'agnhost' },
    packages: ['busybox'],
    entrypoint: ['/agnhost'],
    command: ['pause'],
    onWorkers: true,
  },
  busybox: {
    reference: 'busybox:1.35',
    files: {},
    packages: ['busybox-static'],
    command: ['sh'],
  },
  'cluster-api-controller': manager(
    `registry.k8s.io/cluster-api/cluster-api-controller:v${versions.clusterApi}`,
    'cluster-api-controller',
    nonRoot,
  ),
  'kubeadm-bootstrap-controller': manager(
    `registry.k8s.io/cluster-api/kubeadm-bootstrap-controller:v${versions.clusterApi}`,
    'kubeadm-bootstrap-controller',
    nonRoot,
  ),
  // Root: it opens the engine's socket.
  'capd-manager': manager(`gcr.io/k8s-staging-cluster-api/capd-manager:v${versions.clusterApi}`, 'capd-manager'),
  'cert-manager-controller': certManager('controller'),
  'cert-manager-cainjector': certManager('cainjector'),
  'cert-manager-webhook': certManager('webhook'),
  'metallb-controller': {
    reference: `quay.io/metallb/controller:v${versions.metallb}`,
    files: { '/controller': 'metallb-controller' },
    entrypoint: ['/controller'],
  },
  'metallb-speaker': {
    reference: `quay.io/metallb/speaker:v${versions.metallb}`,
    files: { '/speaker': 'metallb-speaker' },
    entrypoint: ['/speaker'],
  },
  'local-path-provisioner': {
    reference: `rancher/local-path-provisioner:v${versions.localPathProvisioner}`,
    files: { '/usr/bin/local-path-provisioner': 'local-path-provisioner' },
    entrypoint: ['/usr/bin/local-path-provisioner'],
  },
  'metrics-server': {
    reference: `registry.k8s.io/metrics-server/metrics-server:v${versions.metricsServer}`,
    files: { '/metrics-server': 'metrics-server' },
    onDemand: true,
    user: nonRoot,
    entrypoint: ['/metrics-server'],
  },
} satisfies Record<ComponentName, ComponentImage>);

/** The Dockerfile of a component whose files lie in `root/`. */
export function dockerfile({ user, entrypoint, command }: ComponentImage): string {
  const lines = [
    'FROM scratch',
    'COPY root/ /',
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ];
  if (user !== undefined) lines.push(`USER ${user}`);
  if (entrypoint !== undefined) lines.push(`ENTRYPOINT ${JSON.stringify(entrypoint)}`);
  if (command !== undefined) lines.push(`CMD ${JSON.stringify(command)}`);
  return `${lines.join('\n')}\n`;
}
