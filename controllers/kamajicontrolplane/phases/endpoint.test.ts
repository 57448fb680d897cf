import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ApiEndpoint } from '#api/core/cluster.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane, TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Client } from '#runtime/client/client.ts';
import { reconcileEndpoint } from './endpoint.ts';

const ready = ['True', 'EndpointReady'] as const;

function tenant(
  controlPlane: Partial<TenantControlPlaneSpec['controlPlane']>,
  networkProfile: NonNullable<TenantControlPlaneSpec['networkProfile']>,
  [status, reason, message = reason]: readonly ['True' | 'False', string, string?],
): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { name: 'shop', namespace: 'team' },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' }, ...controlPlane },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
      networkProfile,
    },
    status: {
      conditions: [{ type: 'EndpointReady', status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' }],
    },
  };
}

/** Runs the phase; answers what it wrote into the spec and what it found. */
async function run(
  tenantControlPlane: TenantControlPlane | undefined,
  given?: ApiEndpoint,
  ofCluster?: ApiEndpoint,
  clusterIP = '10.96.0.7',
) {
  const written: unknown[] = [];
  const controlPlane: KamajiControlPlane = {
    apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
    kind: 'KamajiControlPlane',
    metadata: { name: 'shop', namespace: 'team', resourceVersion: '7' },
    spec: { version: 'v1.35.4', ...(given === undefined ? {} : { controlPlaneEndpoint: given }) },
  };
  const patching: Pick<Client, 'mergePatch'> = {
    mergePatch: (_resource, _key, patch) => {
      written.push(patch);
      return Promise.resolve(controlPlane as never);
    },
  };
  const { finding, value } = await reconcileEndpoint({
    controlPlane,
    cluster: {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Cluster',
      metadata: { name: 'shop' },
      spec: ofCluster === undefined ? {} : { controlPlaneEndpoint: ofCluster },
    },
    tenantControlPlane,
    service: { spec: { clusterIP } },
    client: patching as Client,
    signal: new AbortController().signal,
  });
  return { written, reason: finding.reason, message: finding.message, nodes: value?.forNodes };
}

const patchOf = (host: string, port: number) => [
  { metadata: { resourceVersion: '7' }, spec: { controlPlaneEndpoint: { host, port } } },
];

suite('the endpoint that Cluster API gets', () => {
  test('is the address of the Service', async () => {
    const { written, nodes } = await run(tenant({}, {}, ready));
    assert.deepEqual(written, patchOf('10.96.0.7', 6443));
    assert.equal(nodes, '10.96.0.7:6443');
  });

  test('is an IPv6 address without brackets, which only host:port needs', async () => {
    const { written, nodes } = await run(tenant({}, {}, ready), undefined, undefined, 'fd00::7');
    assert.deepEqual(written, patchOf('fd00::7', 6443));
    assert.equal(nodes, '[fd00::7]:6443');
  });

  test('has a port above 32767 where the Cluster wants one', async () => {
    const { written } = await run(tenant({}, { port: 40_443 }, ready));
    assert.deepEqual(written, patchOf('10.96.0.7', 40_443));
  });

  test("is the management side's address where nodes have another one", async () => {
    const { written, nodes } = await run(tenant({}, { advertiseAddress: '198.51.100.1' }, ready));
    assert.deepEqual(written, patchOf('10.96.0.7', 6443));
    assert.equal(nodes, '198.51.100.1:6443');
  });

  test("is the Ingress's host, by the port that it names", async () => {
    const { written, nodes } = await run(tenant({ ingress: { hostname: 'api.example:8443' } }, {}, ready));
    assert.deepEqual(written, patchOf('api.example', 8443));
    assert.equal(nodes, 'api.example:8443');
  });

  test("is the Gateway's host", async () => {
    const { written } = await run(tenant({ gateway: { hostname: 'gateway.example' } }, { port: 443 }, ready));
    assert.deepEqual(written, patchOf('gateway.example', 443));
  });

  test('is not written again', async () => {
    const { written, reason } = await run(tenant({}, {}, ready), { host: '10.96.0.7', port: 6443 });
    assert.deepEqual([written, reason], [[], 'EndpointReady']);
  });

  test('is completed where only its host was given', async () => {
    assert.deepEqual((await run(tenant({}, {}, ready), { host: '10.96.0.7' })).written, patchOf('10.96.0.7', 6443));
  });

  test('is written although the Cluster carries an empty one', async () => {
    const { written } = await run(tenant({}, {}, ready), undefined, { host: '', port: 0 });
    assert.deepEqual(written, patchOf('10.96.0.7', 6443));
  });

  test('is not written over a port that was given up front', async () => {
    const { written, reason } = await run(tenant({}, {}, ready), { port: 443 });
    assert.deepEqual([written, reason], [[], 'EndpointConflict']);
  });

  test('is not written where the Cluster already has another one, which it never gives up', async () => {
    const { written, reason, message } = await run(tenant({}, {}, ready), undefined, { host: '192.0.2.9', port: 6443 });
    assert.deepEqual([written, reason], [[], 'EndpointConflict']);
    assert.match(message, /^Cluster shop's controlPlaneEndpoint is 192\.0\.2\.9:6443/);
  });

  test('is waited for while there is no tenant, no address, or a load balancer is coming', async () => {
    assert.equal((await run(undefined)).reason, 'WaitingForAddress');
    assert.equal((await run(tenant({}, {}, ['False', 'WaitingForLoadBalancer']))).reason, 'WaitingForAddress');
    assert.equal((await run(tenant({}, {}, ready), undefined, undefined, '')).reason, 'WaitingForAddress');
  });

  test('is unavailable for the reason that the tenant gives', async () => {
    const { reason, message } = await run(tenant({}, {}, ['False', 'PortOccupied', 'free the port']));
    assert.deepEqual([reason, message], ['AddressUnavailable', 'free the port']);
  });
});
