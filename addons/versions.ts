import semver from 'semver';
import { DEFAULT_REGISTRY } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';

/** Versions that go with one Kubernetes minor, each as a tag of its image. */
export interface AddonVersions {
  readonly coreDNS: string;
  /** Default: the version of the control plane. */
  readonly kubeProxy?: string;
  readonly konnectivity: string;
  /** Image of the container that holds a pod's network (`kubeadm config images list`). */
  readonly pause: string;
}

/** Images of the tunnel, and how agents learn how many servers there are. */
export interface KonnectivityImages {
  readonly serverImage: string;
  readonly agentImage: string;
  /** False where the user chose a version too old for it; the number of replicas is then an argument of the servers. */
  readonly countByLeases: boolean;
}

// The one release for all minors: its protocols are stable, and older ones cannot count servers by leases. It exists at
// registry.k8s.io, which a tag made up from the minor need not.
const KONNECTIVITY = 'v0.34.0';

// CoreDNS and pause as kubeadm's last patch release of each minor has them.
const TABLE: Readonly<Record<number, AddonVersions>> = {
  30: { coreDNS: 'v1.11.3', konnectivity: KONNECTIVITY, pause: '3.9' },
  31: { coreDNS: 'v1.11.3', konnectivity: KONNECTIVITY, pause: '3.10' },
  32: { coreDNS: 'v1.11.3', konnectivity: KONNECTIVITY, pause: '3.10' },
  33: { coreDNS: 'v1.12.0', konnectivity: KONNECTIVITY, pause: '3.10' },
  34: { coreDNS: 'v1.12.1', konnectivity: KONNECTIVITY, pause: '3.10.1' },
  35: { coreDNS: 'v1.13.1', konnectivity: KONNECTIVITY, pause: '3.10.1' },
  36: { coreDNS: 'v1.14.2', konnectivity: KONNECTIVITY, pause: '3.10.2' },
};

const OLDEST = Math.min(...Object.keys(TABLE).map(Number));
const NEWEST = Math.max(...Object.keys(TABLE).map(Number));
const NEWEST_VERSIONS: AddonVersions = TABLE[NEWEST] ?? { coreDNS: '', konnectivity: '', pause: '' };

/**
 * The versions for a Kubernetes version such as `v1.35.4`; beyond either end of the table, those of the nearest minor. An
 * installation may have chosen others (`versionOverrides`).
 */
export function addonVersions(kubernetesVersion: string): AddonVersions {
  const minor = semver.coerce(kubernetesVersion)?.minor ?? NEWEST;
  return TABLE[Math.min(Math.max(minor, OLDEST), NEWEST)] ?? NEWEST_VERSIONS;
}

/** CoreDNS: the user's repository as kubeadm reads it (`<repository>/coredns`), else below the registry of the control plane. */
export function coreDnsImage(
  tenantControlPlane: TenantControlPlane,
  versions = versionsOf(tenantControlPlane),
): string {
  const { imageRepository, imageTag } = tenantControlPlane.spec.addons?.coreDNS ?? {};
  const repository = imageRepository || `${registryOf(tenantControlPlane)}/coredns`;
  return `${repository}/coredns:${imageTag || versions.coreDNS}`;
}

/** kube-proxy, which has the version of the control plane unless somebody says otherwise. */
export function kubeProxyImage(
  tenantControlPlane: TenantControlPlane,
  versions = versionsOf(tenantControlPlane),
): string {
  const { imageRepository, imageTag } = tenantControlPlane.spec.addons?.kubeProxy ?? {};
  const repository = imageRepository || registryOf(tenantControlPlane);
  return `${repository}/kube-proxy:${imageTag || versions.kubeProxy || tenantControlPlane.spec.kubernetes.version}`;
}

/** Both ends of the tunnel. */
export function konnectivityImages(
  tenantControlPlane: TenantControlPlane,
  versions = versionsOf(tenantControlPlane),
): KonnectivityImages {
  const { server = {}, agent = {} } = tenantControlPlane.spec.addons?.konnectivity ?? {};
  const version = versions.konnectivity;
  const repository = `${registryOf(tenantControlPlane)}/kas-network-proxy`;
  const serverVersion = server.version || version;
  const agentVersion = agent.version || version;
  return {
    serverImage: `${server.image || `${repository}/proxy-server`}:${serverVersion}`,
    agentImage: `${agent.image || `${repository}/proxy-agent`}:${agentVersion}`,
    countByLeases: knowsLeases(serverVersion) && knowsLeases(agentVersion),
  };
}

// A tag that is no version says nothing, and is more likely a recent build than a three-year-old one.
function knowsLeases(version: string): boolean {
  const parsed = semver.parse(version);
  return parsed === null || semver.gte(parsed, '0.31.1');
}

function versionsOf({ spec }: TenantControlPlane): AddonVersions {
  return addonVersions(spec.kubernetes.version);
}

function registryOf({ spec }: TenantControlPlane): string {
  return spec.controlPlane.deployment?.registrySettings?.registry || DEFAULT_REGISTRY;
}
