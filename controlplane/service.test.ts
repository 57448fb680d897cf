import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Service } from './objects.ts';
import { controlPlaneService } from './service.ts';
import { tenant } from './tenant-control-plane.fake.ts';
import type { TenantParts } from './tenant-control-plane.fake.ts';

const specOf = (parts: TenantParts, konnectivity = true): Service['spec'] =>
  controlPlaneService(tenant(parts), konnectivity).spec;

suite('the Service of a control plane', () => {
  const api = { name: 'kube-apiserver', protocol: 'TCP', port: 6443, targetPort: 6443 };
  const tunnel = { name: 'konnectivity-server', protocol: 'TCP', port: 8132, targetPort: 8132 };
  const cases: readonly { because: string; parts: TenantParts; konnectivity?: boolean; expected: object }[] = [
    {
      because: 'nodes need the API server and the tunnel',
      parts: {},
      expected: { type: 'ClusterIP', ports: [api, tunnel] },
    },
    { because: 'without konnectivity its port is gone', parts: {}, konnectivity: false, expected: { ports: [api] } },
    {
      because: 'with NodePort the API is reached at the same number everywhere; the tunnel gets any free one',
      parts: { service: { serviceType: 'NodePort' }, networkProfile: { port: 30443 } },
      expected: {
        type: 'NodePort',
        ports: [{ ...api, port: 30443, targetPort: 30443, nodePort: 30443 }, tunnel],
      },
    },
    {
      because: 'the ports of the user follow, with node ports left to the API server',
      parts: {
        service: {
          serviceType: 'LoadBalancer',
          additionalPorts: [{ name: 'extra', port: 80, targetPort: 'http', appProtocol: 'http' }],
        },
      },
      expected: {
        ports: [api, tunnel, { name: 'extra', protocol: 'TCP', port: 80, targetPort: 'http', appProtocol: 'http' }],
      },
    },
    {
      because: 'an external IP is for Services that no load balancer announces',
      parts: { networkProfile: { address: '192.0.2.5', allowAddressAsExternalIP: true } },
      expected: { externalIPs: ['192.0.2.5'] },
    },
    {
      because: 'a load balancer announces its own address',
      parts: {
        service: { serviceType: 'LoadBalancer' },
        networkProfile: { address: '192.0.2.5', allowAddressAsExternalIP: true },
      },
      expected: { externalIPs: undefined },
    },
    {
      because: 'the fields of load balancers are passed on',
      parts: {
        service: { serviceType: 'LoadBalancer', allocateLoadBalancerNodePorts: false },
        networkProfile: { loadBalancerClass: 'example.org/lb', loadBalancerSourceRanges: ['192.0.2.0/24'] },
      },
      expected: {
        allocateLoadBalancerNodePorts: false,
        loadBalancerClass: 'example.org/lb',
        loadBalancerSourceRanges: ['192.0.2.0/24'],
      },
    },
    {
      because: 'an empty list of source ranges is left out, which takes away what was there',
      parts: { service: { serviceType: 'LoadBalancer' }, networkProfile: { loadBalancerSourceRanges: [] } },
      expected: { allocateLoadBalancerNodePorts: true, loadBalancerSourceRanges: undefined },
    },
    {
      because: 'fields of load balancers mean nothing to other types',
      parts: { networkProfile: { loadBalancerClass: 'example.org/lb' } },
      expected: { allocateLoadBalancerNodePorts: undefined, loadBalancerClass: undefined },
    },
    {
      because: 'a pod of somebody else that carries the tenant’s name gets no traffic',
      parts: {},
      expected: { selector: { 'kamaji.clastix.io/name': 'demo', 'kamaji.clastix.io/component': 'deployment' } },
    },
  ];
  for (const { because, parts, konnectivity, expected } of cases) {
    test(because, () => {
      assert.deepEqual(pick(expected, specOf(parts, konnectivity)), expected);
    });
  }

  test('what the API server allocates is never named', () => {
    const named = Object.keys(specOf({ service: { serviceType: 'LoadBalancer' } }));
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort']) {
      assert.ok(!named.includes(field), field);
    }
  });

  test('carries the labels that third parties select by, whatever the user adds', () => {
    const { metadata } = controlPlaneService(
      tenant({
        service: {
          additionalMetadata: {
            labels: { team: 'blue', 'kamaji.clastix.io/name': 'other' },
            annotations: { 'example.org/pool': 'a' },
          },
        },
      }),
      true,
    );
    assert.deepEqual(metadata.labels, {
      team: 'blue',
      'kamaji.clastix.io/project': 'kamaji',
      'kamaji.clastix.io/name': 'demo',
      'kamaji.clastix.io/component': 'service',
    });
    assert.deepEqual(metadata.annotations, { 'example.org/pool': 'a' });
  });

  test('goes with its TenantControlPlane', () => {
    assert.deepEqual(controlPlaneService(tenant(), true).metadata.ownerReferences, [
      {
        apiVersion: 'kamaji.clastix.io/v1alpha1',
        kind: 'TenantControlPlane',
        name: 'demo',
        uid: '3c1a7f0e-0000-4000-8000-000000000001',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  });
});

// The fields that a case names, as they are; a field that it names as undefined must be absent.
function pick(expected: object, spec: Service['spec']): object {
  const actual = new Map<string, unknown>(Object.entries(spec));
  return Object.fromEntries(Object.keys(expected).map((key) => [key, actual.get(key)]));
}
