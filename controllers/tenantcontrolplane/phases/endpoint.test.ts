import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantParts } from '#controlplane/tenant-control-plane.fake.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { Service } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { reconcileEndpoint } from './endpoint.ts';

const unused = (): never => {
  throw new Error('not used here');
};
const client: Client = {
  get: async () => undefined,
  list: unused,
  create: unused,
  replace: unused,
  apply: unused,
  mergePatch: unused,
  delete: unused,
  getRaw: unused,
};

/** What the phase makes of a Service that the API server has stored in that form. */
function reconcile(parts: TenantParts, stored: Pick<Service, 'spec' | 'status'>, live?: Service) {
  return reconcileEndpoint({
    tenantControlPlane: tenant(parts),
    service: live,
    konnectivity: true,
    applier: {
      apply: async (_client, _resource, desired) => ({ object: { ...desired, ...stored }, changed: true }),
      succeed: async () => {},
    },
    client,
    signal: new AbortController().signal,
  });
}

suite('the address of a control plane', () => {
  const loadBalancer: TenantParts = { service: { serviceType: 'LoadBalancer' } };
  const ingress = (entry: object) => ({ status: { loadBalancer: { ingress: [entry] } } });
  const cases: readonly [why: string, TenantParts, Pick<Service, 'spec' | 'status'>, reason: string, says: RegExp][] = [
    ['the cluster IP is it', {}, { spec: { clusterIP: '10.0.0.1' } }, 'EndpointReady', /10\.0\.0\.1:6443/u],
    [
      'that of the load balancer is it',
      loadBalancer,
      ingress({ ip: '192.0.2.1' }),
      'EndpointReady',
      /192\.0\.2\.1:6443/u,
    ],
    ['the spec says it', { networkProfile: { address: '192.0.2.9' } }, {}, 'EndpointReady', /192\.0\.2\.9:6443/u],
    ['the Service has none yet', {}, {}, 'Waiting', /cluster IP/u],
    ['the load balancer has none yet', loadBalancer, {}, 'WaitingForLoadBalancer', /networkProfile\.address/u],
    [
      'a load balancer with a name only is nothing to advertise',
      loadBalancer,
      ingress({ hostname: 'lb.example.com' }),
      'AddressUnsupported',
      /lb\.example\.com.*set spec\.networkProfile\.address/u,
    ],
    [
      'node ports have none of their own',
      { service: { serviceType: 'NodePort' } },
      {},
      'AddressMissing',
      /set spec\.networkProfile\.address/u,
    ],
  ];
  for (const [why, parts, stored, reason, says] of cases) {
    test(`${reason}: ${why}`, async () => {
      const { finding, value } = await reconcile(parts, stored);
      assert.equal(finding.reason, reason);
      assert.match(finding.message, says);
      assert.equal(value !== undefined, reason === 'EndpointReady');
    });
  }

  test('ForeignObject: a Service of another object is not applied over', async () => {
    const owner = { apiVersion: 'v1', kind: 'Other', name: 'one', uid: 'other', controller: true };
    const live: Service = { metadata: { name: 'demo', ownerReferences: [owner] }, spec: { clusterIP: '10.0.0.1' } };
    const { finding, value, requeueAfterMs } = await reconcile({}, live, live);
    assert.deepEqual([finding.reason, value], ['ForeignObject', undefined]);
    assert.match(finding.message, /Service demo belongs to Other one: delete it/u);
    assert.ok(requeueAfterMs !== undefined);
  });
});
