import assert from 'node:assert/strict';
import test from 'node:test';
import { kubeletConfigObjects, kubeletConfiguration } from './kubelet-config.ts';
import type { JsonPatchOperation } from './configuration-patch.ts';

const INPUT = { clusterDomain: 'cluster.local', dnsServiceIPs: ['10.96.0.10'] };

function patched(...kubeletPatches: readonly JsonPatchOperation[]): object {
  return kubeletConfiguration({ ...INPUT, kubeletPatches });
}

test('kubelets are told only what kubeadm would tell them', () => {
  const [configMap, role, binding] = kubeletConfigObjects(INPUT);
  assert.equal(
    configMap.data['kubelet'],
    `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
cgroupDriver: systemd
clusterDNS:
  - 10.96.0.10
clusterDomain: cluster.local
rotateCertificates: true
staticPodPath: /etc/kubernetes/manifests
`,
  );
  assert.equal(role.metadata.name, 'kubeadm:kubelet-config');
  assert.deepEqual(
    binding.subjects.map((subject) => subject.name),
    ['system:nodes', 'system:bootstrappers:kubeadm:default-node-token'],
  );
});

test('patches are applied in order', () => {
  const result = patched(
    { op: 'test', path: '/cgroupDriver', value: 'systemd' },
    { op: 'replace', path: '/cgroupDriver', value: 'cgroupfs' },
    { op: 'add', path: '/failCgroupV1', value: false },
    { op: 'add', path: '/clusterDNS/0', value: '169.254.20.10' },
    { op: 'remove', path: '/authentication/x509' },
    { op: 'copy', from: '/clusterDomain', path: '/providerID' },
  );
  assert.deepEqual(result, {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    clusterDNS: ['169.254.20.10', '10.96.0.10'],
    clusterDomain: 'cluster.local',
    rotateCertificates: true,
    staticPodPath: '/etc/kubernetes/manifests',
    failCgroupV1: false,
    providerID: 'cluster.local',
  });
});

test('patches written for a document with every default in it work as well', () => {
  const plain = patched();
  assert.deepEqual(
    patched(
      { op: 'replace', path: '/maxPods', value: 50 },
      { op: 'replace', path: '/memorySwap/swapBehavior', value: 'LimitedSwap' },
      { op: 'add', path: '/featureGates/Some~1Gate', value: true },
      { op: 'add', path: '/enforceNodeAllocatable/-', value: 'system-reserved' },
      { op: 'add', path: '/allowedUnsafeSysctls/-', value: 'net.*' },
      { op: 'remove', path: '/crashLoopBackOff' },
      { op: 'remove', path: '/logging/format' },
    ),
    {
      ...plain,
      maxPods: 50,
      memorySwap: { swapBehavior: 'LimitedSwap' },
      featureGates: { 'Some/Gate': true },
      enforceNodeAllocatable: ['pods', 'system-reserved'],
      allowedUnsafeSysctls: ['net.*'],
    },
  );
});

test('a patch that cannot be applied is refused by name', () => {
  const cases: readonly [JsonPatchOperation, RegExp][] = [
    [
      { op: 'test', path: '/cgroupDriver', value: 'cgroupfs' },
      /kubelet patch 2 \(test \/cgroupDriver\) cannot be applied/,
    ],
    [{ op: 'add', path: 'maxPods', value: 1 }, /\(add maxPods\)/],
    [{ op: 'add', path: '/clusterDNS/7', value: 'x' }, /\(add \/clusterDNS\/7\)/],
    [{ op: 'add', path: '/clusterDomain/deep', value: 'x' }, /\(add \/clusterDomain\/deep\)/],
    [{ op: 'add', path: '/maxPods' }, /\(add \/maxPods\)/],
    [{ op: 'move', from: '/nowhere', path: '/maxPods' }, /\(move \/maxPods\)/],
    [{ op: 'add', path: '/__proto__/polluted', value: true }, /\(add \/__proto__\/polluted\)/],
    [{ op: 'replace', path: '/constructor/prototype/polluted', value: true }, /\/constructor\/prototype\/polluted/],
  ];
  for (const [operation, message] of cases) {
    assert.throws(() => patched({ op: 'add', path: '/maxPods', value: 10 }, operation), {
      code: 'ConfigurationPatchFailed',
      message,
    });
  }
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  assert.throws(() => patched({ op: 'replace', path: '', value: [] }), { code: 'ConfigurationPatchFailed' });
});
