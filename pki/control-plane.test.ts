import assert from 'node:assert/strict';
import test from 'node:test';
import { controlPlaneCertificates, datastoreCertificate, KUBECONFIG_CERTIFICATES } from './control-plane.ts';

const NAMES = {
  name: 'demo',
  namespace: 'team-a',
  clusterDomain: 'tenant.local',
  managementDomain: 'cluster.local',
  serviceCidrs: ['10.96.0.0/16', 'fd00:1::/108'],
  hosts: ['172.18.0.10', 'api.example.org', '172.18.0.10'],
  certSANs: ['*.example.org', '192.0.2.1', 'FD00::A'],
};

test('the API server certificate names every way to reach it, once', () => {
  const { apiserver } = controlPlaneCertificates(NAMES);
  assert.deepEqual(apiserver.subject, { commonName: 'kube-apiserver' });
  assert.deepEqual(apiserver.usages, ['serverAuth']);
  assert.deepEqual(apiserver.dnsNames, [
    '*.example.org',
    'api.example.org',
    'demo',
    'demo.team-a',
    'demo.team-a.svc',
    'demo.team-a.svc.cluster.local',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.tenant.local',
    'localhost',
  ]);
  assert.deepEqual(apiserver.ipAddresses, [
    '10.96.0.1',
    '127.0.0.1',
    '172.18.0.10',
    '192.0.2.1',
    'fd00:1::1',
    'fd00::a',
  ]);
});

test('only the super-admin is in system:masters', () => {
  const groups = Object.entries({ ...KUBECONFIG_CERTIFICATES, ...controlPlaneCertificates(NAMES) }).map(
    ([name, certificate]) => [name, certificate.subject.commonName, certificate.subject.organizations ?? []] as const,
  );
  assert.deepEqual(groups, [
    ['admin', 'kubernetes-admin', ['kubeadm:cluster-admins']],
    ['super-admin', 'kubernetes-super-admin', ['system:masters']],
    ['controller-manager', 'system:kube-controller-manager', []],
    ['scheduler', 'system:kube-scheduler', []],
    ['konnectivity-server', 'system:konnectivity-server', []],
    ['apiserver', 'kube-apiserver', []],
    ['apiserver-kubelet-client', 'kube-apiserver-kubelet-client', []],
    ['front-proxy-client', 'front-proxy-client', []],
  ]);
});

test('the datastore knows the tenant by the common name of its certificate', () => {
  assert.deepEqual(datastoreCertificate('tenant_1'), {
    subject: { commonName: 'tenant_1' },
    usages: ['clientAuth'],
    validityMs: 31_536_000_000,
  });
});

test('a Service range without a usable address is refused', () => {
  assert.throws(() => controlPlaneCertificates({ ...NAMES, serviceCidrs: ['10.96.0.1'] }), {
    code: 'AddressRangeInvalid',
  });
});
