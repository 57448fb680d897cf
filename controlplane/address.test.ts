import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addressOf, konnectivityEndpointOf } from './address.ts';
import type { ControlPlaneAddress, LiveService } from './address.ts';
import { tenant } from './tenant-control-plane.fake.ts';
import type { TenantParts } from './tenant-control-plane.fake.ts';

const loadBalancer = (...ingress: { ip?: string; hostname?: string }[]): LiveService => ({
  status: { loadBalancer: { ingress } },
});

suite('the address of a control plane', () => {
  const cases: readonly {
    because: string;
    parts: TenantParts;
    service?: LiveService;
    expected: Partial<ControlPlaneAddress>;
  }[] = [
    {
      because: 'a ClusterIP Service is reached at its cluster IP',
      parts: {},
      service: { spec: { clusterIP: '10.0.0.7' } },
      expected: {
        address: '10.0.0.7',
        port: 6443,
        endpoint: '10.0.0.7:6443',
        advertiseAddress: '10.0.0.7',
        advertisedEndpoint: '10.0.0.7:6443',
      },
    },
    {
      because: 'the address that the user declares needs no Service at all',
      parts: { service: { serviceType: 'NodePort' }, networkProfile: { address: '192.0.2.5', port: 30443 } },
      expected: { endpoint: '192.0.2.5:30443' },
    },
    {
      because: 'a load balancer is reached at its first IP address, whatever names stand before it',
      parts: { service: { serviceType: 'LoadBalancer' } },
      service: loadBalancer({ hostname: 'lb.example.org' }, { ip: '192.0.2.6' }),
      expected: { address: '192.0.2.6' },
    },
    {
      because: 'tenants may be told another address than the management side uses',
      parts: { networkProfile: { advertiseAddress: '203.0.113.1' } },
      service: { spec: { clusterIP: '10.0.0.7' } },
      expected: { endpoint: '10.0.0.7:6443', advertiseAddress: '203.0.113.1', advertisedEndpoint: '203.0.113.1:6443' },
    },
    {
      because: 'an IPv6 address is bracketed where a port follows',
      parts: {},
      service: { spec: { clusterIP: 'fd00::7' } },
      expected: { endpoint: '[fd00::7]:6443', advertiseAddress: 'fd00::7', advertisedEndpoint: '[fd00::7]:6443' },
    },
    {
      because: 'behind an Ingress, users are told its host name and port',
      parts: { ingress: { hostname: 'demo.example.org:443' } },
      service: { spec: { clusterIP: '10.0.0.7' } },
      expected: { endpoint: '10.0.0.7:6443', advertisedEndpoint: 'demo.example.org:443' },
    },
    {
      because: 'a host name without a port gets the API port',
      parts: { gateway: { hostname: 'demo.example.org' } },
      service: { spec: { clusterIP: '10.0.0.7' } },
      expected: { advertisedEndpoint: 'demo.example.org:6443' },
    },
    {
      because: 'an empty address is none',
      parts: { networkProfile: { address: '', advertiseAddress: '' } },
      service: { spec: { clusterIP: '10.0.0.7' } },
      expected: { address: '10.0.0.7', advertiseAddress: '10.0.0.7' },
    },
  ];
  for (const { because, parts, service, expected } of cases) {
    test(because, () => {
      const { resolved } = addressOf(tenant(parts), service);
      assert.deepEqual({ ...resolved, ...expected }, resolved);
    });
  }

  const waiting: readonly [because: string, parts: TenantParts, service: LiveService | undefined, reason: string][] = [
    ['there is no Service yet', {}, undefined, 'ServicePending'],
    ['a Service without a cluster IP is not finished', {}, { spec: { clusterIP: '' } }, 'ServicePending'],
    [
      'a load balancer takes its time',
      { service: { serviceType: 'LoadBalancer' } },
      { spec: { clusterIP: '10.0.0.7' } },
      'LoadBalancerPending',
    ],
    [
      'an API server cannot advertise a name',
      { service: { serviceType: 'LoadBalancer' } },
      loadBalancer({ hostname: 'lb.example.org' }),
      'LoadBalancerHasNoIP',
    ],
    [
      'nodes are many, and only the user knows which to name',
      { service: { serviceType: 'NodePort' } },
      { spec: { clusterIP: '10.0.0.7' } },
      'AddressRequired',
    ],
  ];
  for (const [because, parts, service, reason] of waiting) {
    test(`is pending: ${because}`, () => {
      const { pending } = addressOf(tenant(parts), service);
      assert.equal(pending?.reason, reason);
    });
  }

  test('what the user can do about it is said', () => {
    const { pending } = addressOf(tenant({ service: { serviceType: 'NodePort' } }), undefined);
    assert.match(pending?.message ?? '', /set spec\.networkProfile\.address/);
  });
});

suite('where konnectivity agents dial', () => {
  const service: LiveService = {
    spec: { clusterIP: '10.0.0.7', ports: [{ name: 'konnectivity-server', nodePort: 31132 }] },
  };
  const endpoint = (parts: TenantParts, live: LiveService) => {
    const { resolved } = addressOf(tenant(parts), live);
    return resolved && konnectivityEndpointOf(tenant(parts), resolved, live);
  };

  test('at the advertised address and the port of the addon', () => {
    assert.deepEqual(endpoint({ networkProfile: { advertiseAddress: '203.0.113.1' } }, service), {
      host: '203.0.113.1',
      port: 8132,
    });
  });

  test('at the port that the user chose', () => {
    const parts = { addons: { konnectivity: { server: { port: 9000 } } } };
    assert.deepEqual(endpoint(parts, service), { host: '10.0.0.7', port: 9000 });
  });

  test('at the allocated node port, since 8132 is none', () => {
    const parts: TenantParts = { service: { serviceType: 'NodePort' }, networkProfile: { address: '192.0.2.5' } };
    assert.deepEqual(endpoint(parts, service), { host: '192.0.2.5', port: 31132 });
  });

  test('nowhere as long as no node port is allocated', () => {
    const parts: TenantParts = { service: { serviceType: 'NodePort' }, networkProfile: { address: '192.0.2.5' } };
    assert.equal(endpoint(parts, { spec: { ports: [] } }), undefined);
  });

  test('at the host name of the Gateway', () => {
    const parts = { gateway: { hostname: 'demo.example.org' } };
    assert.deepEqual(endpoint(parts, service), { host: 'demo.example.org', port: 8132 });
  });
});
