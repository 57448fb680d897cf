import assert from 'node:assert/strict';
import test from 'node:test';
import { parse } from 'yaml';
import { clusterConfiguration } from './kubeadm-config.ts';
import { bootstrapObjects } from './tenant-objects.ts';

const INPUT = {
  clusterName: 'demo',
  kubernetesVersion: 'v1.35.4',
  controlPlaneEndpoint: '10.0.0.1:6443',
  caCertificatesPem: 'ca\n',
  clusterDomain: 'cluster.local',
  serviceCidrs: ['10.96.0.0/16', 'fd00::/108'],
  podCidrs: ['10.244.0.0/16'],
  certSANs: ['api.example.org'],
  dnsServiceIPs: ['10.96.0.10'],
};

test('a tenant gets what kubeadm init would leave in it, cluster-info last', () => {
  const names = bootstrapObjects(INPUT).map(
    ({ kind, metadata }) =>
      `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`,
  );
  assert.deepEqual(names, [
    'ClusterRoleBinding kubeadm:cluster-admins',
    'ClusterRole kubeadm:get-nodes',
    'ClusterRoleBinding kubeadm:get-nodes',
    'ClusterRoleBinding kubeadm:kubelet-bootstrap',
    'ClusterRoleBinding kubeadm:node-autoapprove-bootstrap',
    'ClusterRoleBinding kubeadm:node-autoapprove-certificate-rotation',
    'ClusterRoleBinding kubeadm:apiserver-kubelet-client',
    'ConfigMap kube-system/kubelet-config',
    'Role kube-system/kubeadm:kubelet-config',
    'RoleBinding kube-system/kubeadm:kubelet-config',
    'ConfigMap kube-system/kubeadm-config',
    'Role kube-system/kubeadm:nodes-kubeadm-config',
    'RoleBinding kube-system/kubeadm:nodes-kubeadm-config',
    'ConfigMap kube-public/cluster-info',
    'Role kube-public/kubeadm:bootstrap-signer-clusterinfo',
    'RoleBinding kube-public/kubeadm:bootstrap-signer-clusterinfo',
  ]);
});

test('every object carries the label by which ours are told from the user’s', () => {
  for (const { metadata } of bootstrapObjects(INPUT)) {
    assert.deepEqual(metadata.labels, { 'kamaji.clastix.io/project': 'kamaji' }, metadata.name);
  }
});

test('the same input gives the same objects', () => {
  assert.equal(JSON.stringify(bootstrapObjects(INPUT)), JSON.stringify(bootstrapObjects(structuredClone(INPUT))));
});

test('the cluster configuration says nothing about the management cluster', () => {
  assert.deepEqual(clusterConfiguration(INPUT), {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    clusterName: 'demo',
    kubernetesVersion: 'v1.35.4',
    controlPlaneEndpoint: '10.0.0.1:6443',
    certificatesDir: '/etc/kubernetes/pki',
    imageRepository: 'registry.k8s.io',
    networking: { dnsDomain: 'cluster.local', serviceSubnet: '10.96.0.0/16,fd00::/108', podSubnet: '10.244.0.0/16' },
    apiServer: { certSANs: ['api.example.org'] },
    etcd: { external: { endpoints: ['https://127.0.0.1:2379'], caFile: '', certFile: '', keyFile: '' } },
  });
});

test('nodes two minors older than the control plane can read the cluster configuration', () => {
  const apiVersion = (kubernetesVersion: string): unknown =>
    parse(JSON.stringify(clusterConfiguration({ ...INPUT, kubernetesVersion }))).apiVersion;
  assert.equal(apiVersion('v1.30.1'), 'kubeadm.k8s.io/v1beta3');
  assert.equal(apiVersion('v1.32.9'), 'kubeadm.k8s.io/v1beta3');
  assert.equal(apiVersion('v1.33.0'), 'kubeadm.k8s.io/v1beta4');
  assert.throws(() => apiVersion('latest'), { code: 'KubernetesVersionInvalid' });
});
