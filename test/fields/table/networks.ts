import { parse } from 'yaml';
import type { FieldTable, Parts } from '../field.ts';
import type { Reconciled } from '../reconciled.ts';

const of = (parts: object): Parts => ({ networkProfile: parts });
const loadBalancer: Parts = { controlPlane: { service: { serviceType: 'LoadBalancer' } } };

const clusterInfo = (it: Reconciled): unknown => it.inside('ConfigMap cluster-info', 'data', 'kubeconfig');
const kubelet = (it: Reconciled): Record<string, unknown> =>
  parse(String(it.inside('ConfigMap kubelet-config', 'data', 'kubelet')));
const kubeadm = (it: Reconciled): { networking?: Record<string, unknown> } =>
  parse(String(it.inside('ConfigMap kubeadm-config', 'data', 'ClusterConfiguration')));

/** Addresses, and the networks inside the tenant. */
export const networks: FieldTable = {
  'networkProfile.address': {
    does: 'address of the control plane, instead of its Service’s',
    apart: 'address',
    set: of({ address: '192.0.2.9' }),
    sees: (it) => [
      it.server(),
      it.flag('kube-apiserver', '--advertise-address'),
      it.servingNames().includes('IP Address:192.0.2.9'),
      String(clusterInfo(it)).includes('https://192.0.2.9:6443'),
    ],
    is: ['https://192.0.2.9:6443', ['192.0.2.9'], true, true],
  },
  'networkProfile.advertiseAddress': {
    does: 'address that nodes and pods of the tenant use, where it is another one',
    apart: 'advertised',
    set: of({ advertiseAddress: '198.51.100.7' }),
    sees: (it) => [
      it.server(),
      it.flag('kube-apiserver', '--advertise-address'),
      it.servingNames().includes('IP Address:198.51.100.7'),
      it.inside('Endpoints kubernetes', 'subsets', 0, 'addresses', 0, 'ip'),
      it.flagInside('DaemonSet konnectivity-agent', '--proxy-server-host'),
    ],
    is: ['https://198.51.100.7:6443', ['198.51.100.7'], true, '198.51.100.7', ['198.51.100.7']],
  },
  'networkProfile.allowAddressAsExternalIP': {
    does: 'the Service is reached at the address too',
    set: of({ allowAddressAsExternalIP: true }),
    given: of({ address: '192.0.2.9' }),
    sees: (it) => it.at('Service demo', 'spec', 'externalIPs'),
    is: ['192.0.2.9'],
  },
  'networkProfile.port': {
    does: 'port of the API server in the pods, on the Service and, with NodePort, on the nodes',
    apart: 'port',
    set: of({ port: 7443 }),
    sees: (it) => [
      it.flag('kube-apiserver', '--secure-port'),
      it.at('Service demo', 'spec', 'ports', 0, 'port'),
      it.container('kube-apiserver', 'readinessProbe', 'httpGet', 'port'),
      it.inside('EndpointSlice kubernetes', 'ports', 0, 'port'),
    ],
    is: [['7443'], 7443, 7443, 7443],
  },
  'networkProfile.clusterDomain': {
    does: 'DNS domain of the tenant: of CoreDNS, kubelets, the certificate and the issuer of tokens',
    set: of({ clusterDomain: 'shop.local' }),
    sees: (it) => [
      String(it.inside('ConfigMap coredns', 'data', 'Corefile')).includes('kubernetes shop.local '),
      kubelet(it)['clusterDomain'],
      it.servingNames().includes('DNS:kubernetes.default.svc.shop.local'),
      it.flag('kube-apiserver', '--service-account-issuer')[0],
    ],
    is: [true, 'shop.local', true, 'https://kubernetes.default.svc.shop.local'],
  },
  'networkProfile.certSANs': {
    does: 'further names and addresses in the API server’s certificate',
    set: of({ certSANs: ['api.shop.example', '203.0.113.4'] }),
    sees: (it) => it.servingNames().filter((name) => /api\.shop\.example|113\.4/u.test(name)),
    is: ['DNS:api.shop.example', 'IP Address:203.0.113.4'],
  },
  'networkProfile.serviceCidr': {
    does: 'network of the tenant’s Services',
    apart: 'networks',
    set: of({ serviceCidr: '10.112.0.0/16' }),
    sees: (it) => [
      it.flag('kube-apiserver', '--service-cluster-ip-range'),
      it.flag('kube-controller-manager', '--service-cluster-ip-range'),
      it.servingNames().includes('IP Address:10.112.0.1'),
      it.inside('Service kube-dns', 'spec', 'clusterIP'),
      kubelet(it)['clusterDNS'],
      kubeadm(it).networking?.['serviceSubnet'],
    ],
    is: [['10.112.0.0/16'], ['10.112.0.0/16'], true, '10.112.0.10', ['10.112.0.10'], '10.112.0.0/16'],
  },
  'networkProfile.serviceCidrs': {
    does: 'the same for both IP families, the primary one first',
    apart: 'dual',
    set: of({ serviceCidrs: ['fd00:112::/108', '10.112.0.0/16'] }),
    sees: (it) => [
      it.flag('kube-apiserver', '--service-cluster-ip-range'),
      it.inside('Service kube-dns', 'spec', 'clusterIPs'),
      kubelet(it)['clusterDNS'],
    ],
    is: [['fd00:112::/108,10.112.0.0/16'], ['fd00:112::a', '10.112.0.10'], ['fd00:112::a', '10.112.0.10']],
  },
  'networkProfile.podCidr': {
    does: 'network of the tenant’s pods',
    apart: 'networks',
    set: of({ podCidr: '10.113.0.0/16' }),
    sees: (it) => [
      it.flag('kube-controller-manager', '--cluster-cidr'),
      parse(String(it.inside('ConfigMap kube-proxy', 'data', 'config.conf'))).clusterCIDR,
      kubeadm(it).networking?.['podSubnet'],
    ],
    is: [['10.113.0.0/16'], '10.113.0.0/16', '10.113.0.0/16'],
  },
  'networkProfile.podCidrs': {
    does: 'the same for both IP families, the primary one first',
    apart: 'dual',
    set: of({ podCidrs: ['fd00:113::/64', '10.113.0.0/16'] }),
    sees: (it) => [
      it.flag('kube-controller-manager', '--cluster-cidr'),
      parse(String(it.inside('ConfigMap kube-proxy', 'data', 'config.conf'))).clusterCIDR,
    ],
    is: [['fd00:113::/64,10.113.0.0/16'], 'fd00:113::/64,10.113.0.0/16'],
  },
  'networkProfile.dnsServiceIPs': {
    does: 'addresses of the cluster DNS, instead of the tenth of each Service network',
    set: of({ dnsServiceIPs: ['10.96.0.53'] }),
    sees: (it) => [kubelet(it)['clusterDNS'], it.inside('Service kube-dns', 'spec', 'clusterIP')],
    is: [['10.96.0.53'], '10.96.0.53'],
  },
  'networkProfile.loadBalancerSourceRanges': {
    does: 'networks from which the load balancer may be reached',
    set: of({ loadBalancerSourceRanges: ['203.0.113.0/24'] }),
    given: loadBalancer,
    sees: (it) => it.at('Service demo', 'spec', 'loadBalancerSourceRanges'),
    is: ['203.0.113.0/24'],
  },
  'networkProfile.loadBalancerClass': {
    does: 'implementation of the load balancer',
    set: of({ loadBalancerClass: 'example.com/lb' }),
    given: loadBalancer,
    sees: (it) => it.at('Service demo', 'spec', 'loadBalancerClass'),
    is: 'example.com/lb',
  },
};
