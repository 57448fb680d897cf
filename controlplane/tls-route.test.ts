import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tenant } from './tenant-control-plane.fake.ts';
import { apiServerRoute, konnectivityRoute } from './tls-route.ts';

const gateway = {
  hostname: 'demo.example.org',
  parentRefs: [
    { name: 'edge', namespace: 'gateways', sectionName: 'api', port: 6443 },
    { name: 'edge', namespace: 'gateways', sectionName: 'api-internal' },
  ],
};

suite('the TLSRoutes of a control plane', () => {
  test('the API server hangs on every parent that the user names', () => {
    const route = apiServerRoute(tenant({ gateway }));
    assert.equal(route?.metadata.name, 'demo');
    assert.deepEqual(route?.spec, {
      parentRefs: gateway.parentRefs,
      hostnames: ['demo.example.org'],
      rules: [{ backendRefs: [{ name: 'demo', port: 6443 }] }],
    });
  });

  test('the tunnel hangs on the listener konnectivity-server, once for each Gateway', () => {
    const route = konnectivityRoute(tenant({ gateway }));
    assert.equal(route?.metadata.name, 'demo-konnectivity');
    assert.deepEqual(route?.spec, {
      parentRefs: [{ name: 'edge', namespace: 'gateways', sectionName: 'konnectivity-server', port: 8132 }],
      hostnames: ['demo.example.org'],
      rules: [{ backendRefs: [{ name: 'demo', port: 8132 }] }],
    });
  });

  test('there is none without a host name or a Gateway', () => {
    assert.equal(apiServerRoute(tenant({})), undefined);
    assert.equal(apiServerRoute(tenant({ gateway: { parentRefs: gateway.parentRefs } })), undefined);
    assert.equal(konnectivityRoute(tenant({ gateway: { hostname: 'demo.example.org' } })), undefined);
  });
});
