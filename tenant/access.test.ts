import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { Service } from '#runtime/client/builtin.ts';
import { tenantAccess } from './access.ts';

const credentials = { caCertificatesPem: 'ca', clientCertificatePem: 'certificate', clientKeyPem: 'key' };
const ports = [
  { name: 'konnectivity-server', port: 8132 },
  { name: 'kube-apiserver', port: 6443 },
];
const cases: readonly [why: string, spec: Service['spec'] | undefined, server: string | undefined][] = [
  ['by its cluster IP and the port of the API server', { clusterIP: '10.0.0.1', ports }, 'https://10.0.0.1:6443'],
  ['an IPv6 address stands in brackets', { clusterIP: 'fd00::1', ports }, 'https://[fd00::1]:6443'],
  ['no address has been allocated yet', { ports }, undefined],
  ['a headless Service leads nowhere', { clusterIP: 'None', ports }, undefined],
  ['there is no port of the API server', { clusterIP: '10.0.0.1', ports: ports.slice(0, 1) }, undefined],
  ['there is no Service', undefined, undefined],
];
for (const [why, spec, server] of cases) {
  test(`a tenant is reached at ${server ?? 'no address'}: ${why}`, () => {
    const access = tenantAccess(tenant(), spec === undefined ? undefined : { spec }, credentials);
    assert.equal(access?.server, server);
    if (access === undefined) return;
    assert.deepEqual([access.id, access.serverName], [tenant().metadata.uid, 'demo.tenants.svc']);
    assert.deepEqual([access.caPem, access.certificatePem, access.privateKeyPem], ['ca', 'certificate', 'key']);
  });
}
