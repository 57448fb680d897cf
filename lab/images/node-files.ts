import type { BinaryName } from '../binaries/recipes.ts';
import { kubernetesVersion } from '../versions.ts';
import { components } from './catalog.ts';

/** Debian packages of a node. */
export const nodePackages: readonly string[] = Object.freeze(
  `systemd systemd-sysv dbus containerd runc containernetworking-plugins iptables nftables
   conntrack iproute2 ethtool socat ebtables kmod procps util-linux mount hostname ca-certificates
   curl jq`.split(/\s+/),
);

/** Path in the node image → binary. */
export const nodeBinaries: Readonly<Record<string, BinaryName>> = Object.freeze({
  '/usr/bin/kubelet': 'kubelet',
  '/usr/bin/kubeadm': 'kubeadm',
  '/usr/bin/kubectl': 'kubectl',
  '/usr/local/bin/crictl': 'crictl',
});

/** Path in the node image → executable file of this folder. */
export const nodeScripts: Readonly<Record<string, string>> = Object.freeze({
  '/usr/local/bin/entrypoint': 'node/entrypoint.sh',
  '/usr/local/bin/kubelet-cgroup': 'node/kubelet-cgroup.sh',
  '/usr/local/bin/lab-cni': 'node/lab-cni.sh',
});

/** Path in the node image → file of this folder. */
export const nodeUnits: Readonly<Record<string, string>> = Object.freeze({
  '/etc/systemd/system/kubelet.service': 'node/kubelet.service',
  '/etc/systemd/system/lab-cni.service': 'node/lab-cni.service',
});

/** Where a node image keeps the runc stand-in for hosts without CAP_SYS_RESOURCE. */
export const shimPath = '/usr/local/sbin/runc-shim';

const units = '/etc/systemd/system';
const debianUnits = '/lib/systemd/system';

/** What a machine runs and a container must not: devices, consoles, and timers that would ask package servers. */
const masked = `systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket
  systemd-udev-trigger.service systemd-journald-audit.socket systemd-logind.service getty.target
  console-getty.service dev-hugepages.mount sys-kernel-debug.mount apt-daily.timer
  apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer`.split(/\s+/);

/** Path in the node image → target of a symbolic link: which services start at boot, and which never do. */
export const nodeLinks: Readonly<Record<string, string>> = Object.freeze({
  [`${units}/default.target`]: `${debianUnits}/multi-user.target`,
  [`${units}/multi-user.target.wants/containerd.service`]: `${debianUnits}/containerd.service`,
  [`${units}/multi-user.target.wants/kubelet.service`]: `${units}/kubelet.service`,
  [`${units}/multi-user.target.wants/lab-cni.service`]: `${units}/lab-cni.service`,
  ...Object.fromEntries(masked.map((unit) => [`${units}/${unit}`, '/dev/null'])),
  '/opt/cni/bin': '/usr/lib/cni',
});

/**
 * Path in the node image → text.
 *
 * @param shim whether containers must be run by the runc stand-in
 */
export function nodeTexts(shim: boolean): Readonly<Record<string, string>> {
  return {
    '/etc/containerd/config.toml': containerdConfig(shim),
    '/etc/crictl.yaml': 'runtime-endpoint: unix:///run/containerd/containerd.sock\n',
    '/etc/sysctl.d/10-lab.conf': 'net.ipv4.ip_forward = 1\n',
    // What kind reads from a node image.
    '/kind/version': kubernetesVersion,
    '/kind/manifests/default-cni.yaml': podNetworkNotice,
    '/kind/manifests/default-storage.yaml': storageClass,
  };
}

/** Configuration of containerd 1.6 (`version = 2`) as kubelet with systemd as cgroup driver needs it. */
export function containerdConfig(shim: boolean): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return [
    'version = 2',
    `[${cri}]`,
    `  sandbox_image = "${components.pause.reference}"`,
    '  tolerate_missing_hugetlb_controller = true',
    '  restrict_oom_score_adj = true',
    // The default of containerd 2: a process without privileges may bind port 53.
    '  enable_unprivileged_ports = true',
    '  enable_unprivileged_icmp = true',
    `[${cri}.cni]`,
    '  bin_dir = "/opt/cni/bin"',
    '  conf_dir = "/etc/cni/net.d"',
    `[${cri}.containerd]`,
    '  default_runtime_name = "runc"',
    '  discard_unpacked_layers = true',
    `[${cri}.containerd.runtimes.runc]`,
    '  runtime_type = "io.containerd.runc.v2"',
    `[${cri}.containerd.runtimes.runc.options]`,
    '  SystemdCgroup = true',
    ...(shim ? [`  BinaryName = "${shimPath}"`] : []),
    '',
  ].join('\n');
}

const podNetworkNotice = `apiVersion: v1
kind: ConfigMap
metadata: {name: pod-network, namespace: kube-system}
data: {notice: "The service lab-cni of each node makes the pod network."}
`;

const storageClass = `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: standard
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
reclaimPolicy: Delete
`;
