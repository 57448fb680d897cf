import { AUTHORIZATION_PORT, MANAGER_LABELS } from '#api/manager-service.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { apiPortOf, konnectivityPortOf } from './address.ts';
import { namesOfControlPlane } from './names.ts';
import { contains, isAddress, isIPv6, networksOf } from './networks.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from './objects.ts';
import { ownedMetadata, podSelectorLabels } from './objects.ts';

/** One place that the control plane must reach, for its store. */
export type StorePeer =
  /** An address, or a name that only DNS can resolve: its port is then open wherever it may be. */
  | { readonly host: string; readonly port: number }
  /** Pods of the management cluster, by the port that they listen on. */
  | { readonly namespace: string; readonly podLabels: Readonly<Record<string, string>>; readonly port: number };

export interface NetworkPolicyInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly konnectivity: boolean;
  /** Of the DataStore and of its overrides. */
  readonly storePeers: readonly StorePeer[];
  /** IP addresses of the management cluster's API server, which stay out of every range that is opened. */
  readonly managementAddresses: readonly string[];
  /** Namespace of the manager, while the API servers ask it about writes. */
  readonly managerNamespace?: string;
}

/**
 * Lets a control plane do what it must and nothing else, since a tenant can make its API server dial any address (webhooks,
 * aggregated APIs, nodes with made-up addresses).
 *
 * In: the API server, the konnectivity server and the user's additional ports, from anywhere; probes of the node are always
 * allowed. Out: cluster DNS, the store, the manager while it is asked about writes and, without konnectivity, kubelets and the
 * tenant's own networks, for then they are dialled directly. Link-local addresses (cloud metadata) and the management API are never among them. Whoever needs more
 * (webhooks or OIDC issuers by URL, scrapes of metrics) adds a NetworkPolicy of his own: policies only ever add up.
 */
export function controlPlaneNetworkPolicy(input: NetworkPolicyInput): NetworkPolicy {
  const { tenantControlPlane } = input;
  const { networkPolicy } = namesOfControlPlane(tenantControlPlane.metadata.name ?? '');
  const podSelector = { matchLabels: podSelectorLabels(tenantControlPlane) };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: ownedMetadata(tenantControlPlane, networkPolicy, 'network-policy'),
    spec: {
      podSelector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: servedPorts(input) }],
      egress: [
        CLUSTER_DNS,
        ...input.storePeers.map((peer) => storeRule(peer, input.managementAddresses)),
        ...(input.managerNamespace === undefined ? [] : [managerRule(input.managerNamespace)]),
        ...(input.konnectivity ? [] : tenantRules(input)),
      ],
    },
  };
}

type EgressRule = NetworkPolicy['spec']['egress'][number];

const CLUSTER_DNS: EgressRule = {
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

const KUBELET_PORT = 10250;
const EVERYWHERE = ['0.0.0.0/0', '::/0'];
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'];

function servedPorts({ tenantControlPlane, konnectivity }: NetworkPolicyInput): NetworkPolicyPort[] {
  const { additionalPorts = [] } = tenantControlPlane.spec.controlPlane.service;
  return [
    tcp(apiPortOf(tenantControlPlane)),
    ...(konnectivity ? [tcp(konnectivityPortOf(tenantControlPlane))] : []),
    ...additionalPorts.map(({ targetPort, protocol = 'TCP' }) => ({ protocol, port: targetPort })),
  ];
}

function storeRule(peer: StorePeer, managementAddresses: readonly string[]): EgressRule {
  const ports = [tcp(peer.port)];
  if ('namespace' in peer) {
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': peer.namespace } };
    return { to: [{ namespaceSelector, podSelector: { matchLabels: { ...peer.podLabels } } }], ports };
  }
  if (isAddress(peer.host)) return { to: [{ ipBlock: { cidr: hostCidr(peer.host) } }], ports };
  const namespace = serviceNamespace(peer.host);
  // Policies are enforced behind Services, where the port is the pod's own and not known here.
  if (namespace !== undefined) {
    return { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }] };
  }
  return { to: EVERYWHERE.map((cidr) => ipBlock(cidr, managementAddresses)), ports };
}

function managerRule(namespace: string): EgressRule {
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  return {
    to: [{ namespaceSelector, podSelector: { matchLabels: { ...MANAGER_LABELS } } }],
    ports: [tcp(AUTHORIZATION_PORT)],
  };
}

function tenantRules({ tenantControlPlane, managementAddresses }: NetworkPolicyInput): EgressRule[] {
  const { podCidrs, serviceCidrs } = networksOf(tenantControlPlane);
  return [
    { to: EVERYWHERE.map((cidr) => ipBlock(cidr, managementAddresses)), ports: [tcp(KUBELET_PORT)] },
    { to: [...podCidrs, ...serviceCidrs].map((cidr) => ipBlock(cidr, managementAddresses)) },
  ];
}

/** `<service>.<namespace>.svc`, with or without a cluster domain. */
function serviceNamespace(host: string): string | undefined {
  return /^[^.]+\.([^.]+)\.svc(\.|$)/u.exec(host)?.[1];
}

function ipBlock(cidr: string, managementAddresses: readonly string[]): NetworkPolicyPeer {
  const single = managementAddresses.filter((address) => contains(cidr, address)).map(hostCidr);
  const linkLocal = LINK_LOCAL.filter((range) => contains(cidr, range.split('/')[0] ?? '') && range !== cidr);
  const except = [...linkLocal, ...single.toSorted()];
  return { ipBlock: { cidr, ...(except.length > 0 && { except }) } };
}

function hostCidr(address: string): string {
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}

function tcp(port: number): NetworkPolicyPort {
  return { protocol: 'TCP', port };
}
