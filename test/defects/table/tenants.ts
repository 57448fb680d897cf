import type { Defect } from '../defect.ts';

const TENANT_SIDE = 'controllers/tenantcontrolplane/tenant-side.test.ts';
const OWNED = 'tenant/owned-objects.test.ts';

/** What is put into tenants, and how. */
export const tenants: readonly Defect[] = [
  {
    section: '5.1',
    upstream: 'each tenant has a manager of its own with caches; every addon makes new clients at every event',
    ours: 'no caches of tenants; a few kept connections; at most six lists a look',
    shownBy: [
      ['tenant/pool.test.ts', 'ask over a few kept connections, however much they ask'],
      [TENANT_SIDE, 'costs at most six lists a look while nobody touches it'],
    ],
  },
  {
    section: '5.3',
    upstream: 'the kubelets’ configuration holds every default of the newest version: older kubelets cannot join',
    ours: 'only what kubeadm would set; each kubelet has its own defaults',
    shownBy: [
      ['bootstrap/kubelet-config.test.ts', 'kubelets are told only what kubeadm would tell them'],
      ['test/matrix/kubeadm-join.matrix.ts', 'the kubelet reads that, and gets a certificate of a node'],
    ],
  },
  {
    section: '5.4',
    upstream: 'cluster-info is replaced as a whole: its signatures are gone for a moment; two passes to settle',
    ours: 'the signatures are others’ fields and stay',
    shownBy: [
      [OWNED, 'keep what others have added beside our fields'],
      ['bootstrap/kubeadm.test.ts', 'is signed by its own bootstrap signer exactly as we sign it'],
    ],
  },
  {
    section: '5.6',
    upstream: 'the tag of CoreDNS is ignored without a repository',
    ours: 'each counts by itself',
    shownBy: [[TENANT_SIDE, "coreDNS: { imageTag: 'v1.12.0' }"]],
  },
  {
    section: '5.6',
    upstream: 'a single address for the cluster’s DNS reaches kubelets, not the Service',
    ours: 'both have the same',
    shownBy: [['addons/coredns.test.ts', 'has the one address that kubelets are told']],
  },
  {
    section: '5.6, 8.1',
    upstream:
      'the default address of the DNS is the sixteenth with IPv6, and wrong for a network that is not written by its first address',
    ours: 'the tenth of each network',
    shownBy: [
      ['controlplane/networks.test.ts', "dnsServiceIPs: ['fd00:96::a', '10.96.0.10']"],
      ['controlplane/networks.test.ts', 'counting goes on over the end of a byte'],
    ],
  },
  {
    section: '5.6',
    upstream: 'changes of CoreDNS show nowhere; users’ changes of the Corefile are lost',
    ours: 'AddonsReady says what could not be applied; a Corefile that somebody changed is kept',
    shownBy: [
      [OWNED, 'that cannot be written are reported, and stop no other'],
      [TENANT_SIDE, 'a Corefile that was there before the addon was switched on is kept'],
    ],
  },
  {
    section: '5.7',
    upstream: 'kube-proxy comes from registry.k8s.io whatever registry is set',
    ours: 'it follows the control plane’s registry',
    shownBy: [[TENANT_SIDE, 'those without one of their own follow the control plane’s registry']],
  },
  {
    section: '5.7',
    upstream: 'kube-proxy is not told the pod network',
    ours: 'it is',
    shownBy: [['addons/kube-proxy.test.ts', "['10.244.0.0/16'],"]],
  },
  {
    section: '7.4',
    upstream: 'agents in a Deployment are not watched: damage to it stays',
    ours: 'it comes back',
    shownBy: [[TENANT_SIDE, 'the Deployment that somebody deleted is back']],
  },
];
