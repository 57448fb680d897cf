import { parse } from 'yaml';
import type { Example, FieldTable, Parts } from '../field.ts';
import type { Reconciled } from '../reconciled.ts';

const of = (parts: object): Parts => ({ kubernetes: parts });
const kubelet = (it: Reconciled): Record<string, unknown> =>
  parse(String(it.inside('ConfigMap kubelet-config', 'data', 'kubelet')));
const configurationJSONPatches = [
  { op: 'add', path: '/maxPods', value: 64 },
  { op: 'move', from: '/maxPods', path: '/podsPerCore' },
];

/** The tenant's Kubernetes. */
export const kubernetes: FieldTable = {
  'kubernetes.version': {
    does: 'version of the control plane, and what joins and goes with it',
    apart: 'version',
    set: of({ version: 'v1.34.3' }),
    sees: (it) => [
      it.container('kube-apiserver', 'image'),
      parse(String(it.inside('ConfigMap kubeadm-config', 'data', 'ClusterConfiguration'))).kubernetesVersion,
      it.inside('DaemonSet kube-proxy', 'spec', 'template', 'spec', 'containers', 0, 'image'),
      it.inside('Deployment coredns', 'spec', 'template', 'spec', 'containers', 0, 'image'),
    ],
    is: [
      'registry.k8s.io/kube-apiserver:v1.34.3',
      'v1.34.3',
      'registry.k8s.io/kube-proxy:v1.34.3',
      'registry.k8s.io/coredns/coredns:v1.12.1',
    ],
  },
  'kubernetes.admissionControllers': {
    does: 'admission plugins of the API server; NodeRestriction, without which nodes are not kept apart, is always among them',
    set: of({ admissionControllers: ['AlwaysPullImages'] }),
    sees: (it) => it.flag('kube-apiserver', '--enable-admission-plugins'),
    is: ['AlwaysPullImages,NodeRestriction'],
  },
  'kubernetes.kubelet.preferredAddressTypes': {
    does: 'kinds of address by which the API server reaches kubelets, best first',
    set: of({ kubelet: { preferredAddressTypes: ['ExternalIP', 'InternalDNS'] } }),
    sees: (it) => it.flag('kube-apiserver', '--kubelet-preferred-address-types'),
    is: ['ExternalIP,InternalDNS'],
  },
  'kubernetes.kubelet.cgroupfs': {
    does: 'cgroup driver of the nodes',
    set: of({ kubelet: { cgroupfs: 'cgroupfs' } }),
    sees: (it) => kubelet(it)['cgroupDriver'],
    is: 'cgroupfs',
  },
  ...Object.fromEntries(
    Object.entries({
      op: 'what a patch of the kubelets’ configuration does',
      path: 'where',
      from: 'where a value is moved or copied from',
      value: 'the value',
    }).map(([member, does]): [string, Example] => [
      `kubernetes.kubelet.configurationJSONPatches[].${member}`,
      {
        does,
        set: of({ kubelet: { configurationJSONPatches } }),
        sees: (it) => [kubelet(it)['maxPods'], kubelet(it)['podsPerCore']],
        is: [undefined, 64],
      },
    ]),
  ),
};
