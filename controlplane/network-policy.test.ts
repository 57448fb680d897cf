import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MANAGER_LABELS } from '#api/manager-service.ts';
import { controlPlaneNetworkPolicy } from './network-policy.ts';
import type { NetworkPolicyInput } from './network-policy.ts';
import { contains } from './networks.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from './objects.ts';
import type { LabelSelector } from './pod.ts';
import { tenant } from './tenant-control-plane.fake.ts';
import type { TenantParts } from './tenant-control-plane.fake.ts';

/** Whom a connection is with: an address, or a pod of the management cluster. */
type Other =
  | { readonly address: string }
  | { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };

const policyOf = (parts: TenantParts = {}, more: Partial<NetworkPolicyInput> = {}): NetworkPolicy =>
  controlPlaneNetworkPolicy({
    tenantControlPlane: tenant(parts),
    konnectivity: true,
    storePeers: [],
    managementAddresses: ['10.0.0.1', '172.18.0.2', 'fd00::1'],
    ...more,
  });

suite('into a control plane', () => {
  const from: Other = { address: '203.0.113.77' };
  const cases: readonly [because: string, parts: TenantParts, konnectivity: boolean, port: number, allowed: boolean][] =
    [
      ['anybody may talk to the API server', {}, true, 6443, true],
      ['at the port that the user chose', { networkProfile: { port: 30443 } }, true, 30443, true],
      ['agents come from the tenant’s nodes, wherever those are', {}, true, 8132, true],
      ['without konnectivity nobody listens there', {}, false, 8132, false],
      ['the controller manager is nobody’s business', {}, true, 10257, false],
      [
        'containers of the user are served at their own port',
        { service: { additionalPorts: [{ name: 'x', port: 80, targetPort: 8080 }] } },
        true,
        8080,
        true,
      ],
    ];
  for (const [because, parts, konnectivity, port, allowed] of cases) {
    test(because, () => {
      assert.equal(allows(policyOf(parts, { konnectivity }).spec.ingress, 'from', from, 'TCP', port), allowed);
    });
  }
});

suite('out of a control plane', () => {
  const dns: Other = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
  const etcd: Other = { namespace: 'kamaji-system', labels: { app: 'etcd', index: '0' } };
  const managed = { namespace: 'kamaji-system', podLabels: { app: 'etcd' }, port: 2379 };
  const off = { konnectivity: false };
  const manager = { namespace: 'kamaji-system', labels: MANAGER_LABELS };
  const asking = { managerNamespace: 'kamaji-system' };
  const cases: readonly {
    because: string;
    more?: Partial<NetworkPolicyInput>;
    to: Other;
    port: number;
    protocol?: string;
    allowed: boolean;
  }[] = [
    { because: 'the manager is nobody’s business', to: manager, port: 9444, allowed: false },
    { because: 'but while it is asked about writes', more: asking, to: manager, port: 9444, allowed: true },
    { because: 'and then at that port only', more: asking, to: manager, port: 9443, allowed: false },
    {
      because: 'and nothing that looks like it elsewhere',
      more: asking,
      to: { ...manager, namespace: 'tenants' },
      port: 9444,
      allowed: false,
    },
    { because: 'names are resolved', to: dns, protocol: 'UDP', port: 53, allowed: true },
    { because: 'long answers come by TCP', to: dns, port: 53, allowed: true },
    { because: 'the DNS pods are nothing but DNS', to: dns, port: 9153, allowed: false },
    {
      because: 'a DNS server elsewhere is a way out',
      to: { address: '8.8.8.8' },
      protocol: 'UDP',
      port: 53,
      allowed: false,
    },
    { because: 'a managed store is reached', more: { storePeers: [managed] }, to: etcd, port: 2379, allowed: true },
    { because: 'only where it serves clients', more: { storePeers: [managed] }, to: etcd, port: 2380, allowed: false },
    {
      because: 'pods beside the store are not the store',
      more: { storePeers: [managed] },
      to: { namespace: 'kamaji-system', labels: { app: 'manager' } },
      port: 2379,
      allowed: false,
    },
    {
      because: 'a store outside is reached at its address',
      more: { storePeers: [{ host: '198.51.100.3', port: 5432 }] },
      to: { address: '198.51.100.3' },
      port: 5432,
      allowed: true,
    },
    {
      because: 'its neighbour is not',
      more: { storePeers: [{ host: '198.51.100.3', port: 5432 }] },
      to: { address: '198.51.100.4' },
      port: 5432,
      allowed: false,
    },
    {
      because: 'an IPv6 store is reached too',
      more: { storePeers: [{ host: '2001:db8::3', port: 2379 }] },
      to: { address: '2001:db8::3' },
      port: 2379,
      allowed: true,
    },
    {
      because: 'a store that is a Service is some pod of that namespace',
      more: { storePeers: [{ host: 'etcd.stores.svc.cluster.local', port: 2379 }] },
      to: { namespace: 'stores', labels: { app: 'etcd' } },
      port: 12379,
      allowed: true,
    },
    {
      because: 'a store that only DNS knows may be anywhere, on its port',
      more: { storePeers: [{ host: 'db.example.org', port: 5432 }] },
      to: { address: '198.51.100.3' },
      port: 5432,
      allowed: true,
    },
    {
      because: 'even then the management API is not among it',
      more: { storePeers: [{ host: 'db.example.org', port: 443 }] },
      to: { address: '10.0.0.1' },
      port: 443,
      allowed: false,
    },
    {
      because: 'through the tunnel nobody dials kubelets',
      to: { address: '203.0.113.8' },
      port: 10250,
      allowed: false,
    },
    {
      because: 'without the tunnel kubelets are dialled',
      more: off,
      to: { address: '203.0.113.8' },
      port: 10250,
      allowed: true,
    },
    {
      because: 'nodes have nothing else to offer',
      more: off,
      to: { address: '203.0.113.8' },
      port: 22,
      allowed: false,
    },
    {
      because: 'webhooks run in the tenant’s pods',
      more: off,
      to: { address: '10.244.1.9' },
      port: 9443,
      allowed: true,
    },
    { because: 'or behind its Services', more: off, to: { address: '10.96.0.44' }, port: 443, allowed: true },
    {
      because: 'a node that claims the management API’s address gets nothing',
      more: off,
      to: { address: '172.18.0.2' },
      port: 10250,
      allowed: false,
    },
    {
      because: 'nor does one at the cloud’s metadata address',
      more: off,
      to: { address: '169.254.169.254' },
      port: 10250,
      allowed: false,
    },
    { because: 'nor by IPv6', more: off, to: { address: 'fd00::1' }, port: 10250, allowed: false },
    { because: 'link-local IPv6 is as private', more: off, to: { address: 'fe80::1' }, port: 10250, allowed: false },
    {
      because: 'other tenants’ control planes are strangers',
      to: { namespace: 'tenants', labels: { 'kamaji.clastix.io/name': 'other' } },
      port: 6443,
      allowed: false,
    },
  ];
  for (const { because, more, to, port, protocol = 'TCP', allowed } of cases) {
    test(because, () => {
      assert.equal(allows(policyOf({}, more).spec.egress, 'to', to, protocol, port), allowed);
    });
  }

  test('networks of the tenant that hold the management API leave it out', () => {
    const greedy = { networkProfile: { podCidrs: ['10.0.0.0/8'] } };
    const { egress } = policyOf(greedy, off).spec;
    assert.equal(allows(egress, 'to', { address: '10.0.0.1' }, 'TCP', 443), false);
    assert.equal(allows(egress, 'to', { address: '10.0.0.2' }, 'TCP', 443), true);
  });
});

test('the policy is about the pods of this control plane and names both directions', () => {
  const { podSelector, policyTypes } = policyOf().spec;
  assert.deepEqual(podSelector.matchLabels, {
    'kamaji.clastix.io/name': 'demo',
    'kamaji.clastix.io/component': 'deployment',
  });
  assert.deepEqual(policyTypes, ['Ingress', 'Egress']);
});

// What a network plugin makes of rules (Kubernetes: networking/v1 NetworkPolicy); an empty list of peers means everybody.
function allows(
  rules: readonly { from?: NetworkPolicyPeer[]; to?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[],
  side: 'from' | 'to',
  other: Other,
  protocol: string,
  port: number,
): boolean {
  return rules.some((rule) => {
    const peers = rule[side];
    const peerMatches = peers === undefined || peers.length === 0 || peers.some((peer) => matches(peer, other));
    const portMatches =
      rule.ports === undefined || rule.ports.some((one) => one.protocol === protocol && one.port === port);
    return peerMatches && portMatches;
  });
}

function matches({ ipBlock, namespaceSelector, podSelector }: NetworkPolicyPeer, other: Other): boolean {
  if (ipBlock !== undefined) {
    if (!('address' in other) || !contains(ipBlock.cidr, other.address)) return false;
    return !(ipBlock.except ?? []).some((range) => contains(range, other.address));
  }
  if ('address' in other) return false;
  return (
    selects(namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace }) && selects(podSelector, other.labels)
  );
}

function selects(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}
