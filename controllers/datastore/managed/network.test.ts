import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podSelectorLabels } from '#controlplane/objects.ts';
import { MANAGER_LABELS } from '#api/manager-service.ts';
import { networkPolicy } from './network.ts';
import { managedSettings } from './settings.ts';
import { etcdStatefulSet } from './stateful-set.ts';

// Policies are evaluated here as the API defines them (Kubernetes: networking/v1), since not every cluster enforces them.
const settings = managedSettings(
  {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name: 'default' },
    spec: { driver: 'etcd', managed: { replicas: 3 } },
  },
  'kamaji-system',
  undefined,
);
const { spec } = networkPolicy(settings);

interface Peer {
  readonly namespaceSelector?: object;
  readonly podSelector: {
    readonly matchLabels?: Readonly<Record<string, string>>;
    readonly matchExpressions?: readonly { readonly key: string; readonly operator: string }[];
  };
}

function matches(
  { matchLabels = {}, matchExpressions = [] }: Peer['podSelector'],
  labels: Record<string, string>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator }) => operator === 'Exists' && labels[key] !== undefined)
  );
}

function admits(port: number, from: { readonly namespace: string; readonly labels: Record<string, string> }): boolean {
  return spec.ingress.some(
    (rule) =>
      rule.ports.some((one) => one.port === port) &&
      rule.from.some((peer: Peer) => {
        const namespaceFits = peer.namespaceSelector !== undefined || from.namespace === settings.namespace;
        return namespaceFits && matches(peer.podSelector, from.labels);
      }),
  );
}

const member = etcdStatefulSet(settings, []).spec?.template.metadata?.labels ?? {};
const tenant = podSelectorLabels({
  apiVersion: 'kamaji.clastix.io/v1alpha1',
  kind: 'TenantControlPlane',
  metadata: { name: 'team-a', namespace: 'tenants' },
  spec: { controlPlane: { service: { serviceType: 'ClusterIP' } }, kubernetes: { version: 'v1.35.4', kubelet: {} } },
});

test('the policy holds for the members', () => {
  assert.ok(matches(spec.podSelector, member));
});

const cases: readonly [
  who: string,
  namespace: string,
  labels: Record<string, string>,
  client: boolean,
  peer: boolean,
][] = [
  ['the control plane of a tenant in any namespace', 'tenants', tenant, true, false],
  ['the manager', 'kamaji-system', MANAGER_LABELS, true, false],
  ['a pod that looks like the manager in another namespace', 'tenants', MANAGER_LABELS, false, false],
  ['a member', 'kamaji-system', member, true, true],
  ['a pod that looks like a member in another namespace', 'tenants', member, false, false],
  ['another pod of the manager’s namespace', 'kamaji-system', { app: 'x' }, false, false],
  ['another pod of a tenant’s namespace', 'tenants', { app: 'x' }, false, false],
];
for (const [who, namespace, labels, client, peer] of cases) {
  test(`${who} ${client ? 'reaches' : 'does not reach'} the client port, ${peer ? 'and' : 'not'} the peer port`, () => {
    assert.equal(admits(2379, { namespace, labels }), client);
    assert.equal(admits(2380, { namespace, labels }), peer);
  });
}
