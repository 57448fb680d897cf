import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { controlPlaneIngress } from './ingress.ts';
import { tenant } from './tenant-control-plane.fake.ts';

suite('the Ingress of a control plane', () => {
  test('sends a host name to the Service', () => {
    const ingress = controlPlaneIngress(
      tenant({
        ingress: {
          hostname: 'demo.example.org:443',
          ingressClassName: 'nginx',
          additionalMetadata: { annotations: { 'example.org/ssl-passthrough': 'true' } },
        },
        networkProfile: { port: 16_443 },
      }),
    );
    assert.equal(ingress?.metadata.name, 'demo');
    assert.equal(ingress?.metadata.labels['kamaji.clastix.io/component'], 'ingress');
    assert.deepEqual(ingress?.metadata.annotations, { 'example.org/ssl-passthrough': 'true' });
    assert.deepEqual(ingress?.spec, {
      ingressClassName: 'nginx',
      rules: [
        {
          host: 'demo.example.org',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'demo', port: { number: 16_443 } } } },
            ],
          },
        },
      ],
    });
  });

  test('leaves the class to the cluster where the user names none', () => {
    assert.equal(
      'ingressClassName' in (controlPlaneIngress(tenant({ ingress: { hostname: 'a.b' } }))?.spec ?? {}),
      false,
    );
  });

  test('does not exist without a host name', () => {
    assert.equal(controlPlaneIngress(tenant({})), undefined);
    assert.equal(controlPlaneIngress(tenant({ ingress: {} })), undefined);
  });
});
