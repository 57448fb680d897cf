import { KUBELET_CLIENT_USER } from '#pki/control-plane.ts';
import type { TenantObject } from './objects.ts';
import { BOOTSTRAPPERS, clusterRole, clusterRoleBinding, group, NODES, user } from './objects.ts';

/**
 * What `kubeadm init` allows administrators, joining nodes and the API server to do (Kubernetes: kubeadm's phases
 * bootstrap-token and kubeconfig). The last binding lets the API server reach kubelets for logs, exec and port-forward.
 */
export function kubeadmRbac(): readonly TenantObject[] {
  return [
    clusterRoleBinding('kubeadm:cluster-admins', 'cluster-admin', [group('kubeadm:cluster-admins')]),
    clusterRole('kubeadm:get-nodes', [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }]),
    clusterRoleBinding('kubeadm:get-nodes', 'kubeadm:get-nodes', [BOOTSTRAPPERS]),
    clusterRoleBinding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', [BOOTSTRAPPERS]),
    clusterRoleBinding('kubeadm:node-autoapprove-bootstrap', `${CSR_ROLE}:nodeclient`, [BOOTSTRAPPERS]),
    clusterRoleBinding('kubeadm:node-autoapprove-certificate-rotation', `${CSR_ROLE}:selfnodeclient`, [NODES]),
    clusterRoleBinding('kubeadm:apiserver-kubelet-client', 'system:kubelet-api-admin', [user(KUBELET_CLIENT_USER)]),
  ];
}

const CSR_ROLE = 'system:certificates.k8s.io:certificatesigningrequests';
