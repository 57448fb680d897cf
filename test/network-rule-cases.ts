import { kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import type { JsonObject } from '#api/schema/json-schema.ts';
import type { RuleCase } from './rule-case.ts';
import { kcp, running, tcp } from './rule-case.ts';

const port = (more: JsonObject) => ({ name: 'extra', port: 9000, targetPort: 9000, ...more });
const withPorts = (ports: JsonObject[], more: JsonObject = {}) =>
  tcp({ service: { additionalPorts: ports }, spec: { addons: { konnectivity: more } } });
const started = running('v1.35.4');

const tenantControlPlaneCases: readonly Omit<RuleCase, 'kind'>[] = [
  {
    title: 'Service networks that the pods have too',
    accepted: tcp({ network: { serviceCidrs: ['10.96.0.0/16', 'fd00:96::/108'], podCidrs: ['10.97.0.0/16'] } }),
    refused: tcp({ network: { serviceCidrs: ['10.244.3.0/24'] } }),
    says: /Service networks 10\.244\.3\.0\/24 and the pod networks 10\.244\.0\.0\/16 overlap: choose/,
  },
  {
    title: 'pod networks within those of Services',
    accepted: tcp({ network: { serviceCidr: '', podCidr: '' } }),
    refused: tcp({
      network: { serviceCidrs: ['10.0.0.0/8', 'fd00::/64'], podCidrs: ['172.16.0.0/16', 'fd00::1:0/112'] },
    }),
    says: /10\.0\.0\.0\/8, fd00::\/64 and the pod networks 172\.16\.0\.0\/16, fd00::1:0\/112 overlap/,
  },
  {
    title: 'a Service network without room for the cluster DNS',
    accepted: tcp({ network: { serviceCidrs: ['10.96.0.0/28', 'fd00::/124'] } }),
    refused: tcp({ network: { serviceCidrs: ['10.96.0.0/29'] } }),
    says: /Service networks 10\.96\.0\.0\/29 are too small: use \/28 or larger/,
  },
  {
    title: 'two Service networks of one family',
    accepted: tcp({ network: { serviceCidrs: ['fd00::/108', '10.96.0.0/16'] } }),
    refused: tcp({ network: { serviceCidrs: ['10.96.0.0/16', '10.97.0.0/16'] } }),
    says: /serviceCidrs 10\.96\.0\.0\/16 and 10\.97\.0\.0\/16 are of the same IP family: write one network per/,
  },
  {
    title: 'two pod networks of one family',
    accepted: tcp({ network: { podCidrs: ['10.10.0.0/16', 'fd00::/56'] } }),
    refused: tcp({ network: { podCidrs: ['fd00::/56', 'fd00:1::/56'] } }),
    says: /podCidrs fd00::\/56 and fd00:1::\/56 are of the same IP family/,
  },
  {
    title: 'another Service network of a control plane that has been started',
    from: tcp({ network: { serviceCidr: '10.10.0.0/16' } }),
    status: started,
    accepted: tcp({ network: { serviceCidrs: ['10.10.0.0/16'] } }),
    refused: tcp({ network: { serviceCidrs: ['10.11.0.0/16'] } }),
    says: /serviceCidrs 10\.11\.0\.0\/16 cannot take the place of 10\.10\.0\.0\/16 in a control plane .*: put it back/,
  },
  {
    title: 'another pod network of a control plane that has been started',
    from: tcp({}),
    status: started,
    accepted: tcp({ network: { podCidr: '10.244.0.0/16', certSANs: ['a.example.com'] } }),
    refused: tcp({ network: { podCidr: '10.11.0.0/16' } }),
    says: /podCidrs 10\.11\.0\.0\/16 cannot take the place of 10\.244\.0\.0\/16/,
  },
  {
    title: 'another port of a control plane that has been started',
    from: tcp({}),
    status: started,
    accepted: tcp({ network: { port: 6443 } }),
    refused: tcp({ network: { port: 443 } }),
    says: /networkProfile\.port 443 cannot take the place of 6443 in a control plane that has been started, .*: put it back/,
  },
  {
    title: 'networks that overlap, once the control plane has not been started',
    from: tcp({}),
    accepted: tcp({ network: { port: 7443, serviceCidr: '10.0.0.0/16', podCidr: '10.1.0.0/16' } }),
    refused: tcp({ network: { port: 7443, serviceCidr: '10.0.0.0/16', podCidr: '10.0.1.0/24' } }),
    says: /Service networks 10\.0\.0\.0\/16 and the pod networks 10\.0\.1\.0\/24 overlap/,
  },
  {
    title: 'a port of the API server that another process has',
    accepted: tcp({ network: { port: 10256 } }),
    refused: tcp({ network: { port: 10257 } }),
    says: /networkProfile\.port 10257 is used by another process in the pods .*: choose another port/,
  },
  {
    title: 'a port of konnectivity that another process has',
    accepted: tcp({ spec: { addons: { konnectivity: { server: { port: 8135 } } } } }),
    refused: tcp({ spec: { addons: { konnectivity: { server: { port: 8134 } } } } }),
    says: /addons\.konnectivity\.server\.port 8134 is used by another process/,
  },
  {
    title: 'one port for the API server and konnectivity',
    accepted: tcp({ network: { port: 8132 }, spec: { addons: { konnectivity: { enabled: false } } } }),
    refused: tcp({ network: { port: 8132 }, spec: { addons: { konnectivity: {} } } }),
    says: /addons\.konnectivity\.server\.port and networkProfile\.port are both 8132: choose another one/,
  },
  {
    title: 'an additional port that is the API server’s',
    accepted: withPorts([port({ port: 6443, protocol: 'UDP' })]),
    refused: withPorts([port({ port: 6443 })]),
    says: /controlPlane\.service\.additionalPorts has port 6443, which is that of the API server or of konnectivity: choose/,
  },
  {
    title: 'an additional port that is konnectivity’s',
    accepted: withPorts([port({ port: 8132 })], { enabled: false }),
    refused: withPorts([port({}), port({ name: 'more', port: 8200 })], { server: { port: 8200 } }),
    says: /additionalPorts has port 8200, which is/,
  },
  {
    title: 'an additional port twice',
    accepted: withPorts([port({}), port({ name: 'datagrams', protocol: 'UDP' })]),
    refused: withPorts([port({}), port({ name: 'more' })]),
    says: /additionalPorts has a name, or a port of one protocol, twice: give each its own/,
  },
  {
    title: 'two additional ports of one name',
    accepted: withPorts([port({}), port({ name: 'more', port: 9001 })]),
    refused: withPorts([port({}), port({ port: 9001 })]),
    says: /additionalPorts has a name, or a port of one protocol, twice/,
  },
  {
    title: 'an additional port with the name of one that is there',
    accepted: withPorts([port({ name: 'kube-apiserver-metrics' })]),
    refused: withPorts([port({ name: 'kube-apiserver' })]),
    says: /additionalPorts has the name kube-apiserver: use .* which the Service has already/,
  },
  {
    title: 'an Ingress without host name',
    accepted: tcp({ controlPlane: { ingress: { hostname: 'a.example.com:8443' } } }),
    refused: tcp({ controlPlane: { ingress: { ingressClassName: 'nginx' } } }),
    says: /ingress\.hostname is missing: set the name/,
  },
  {
    title: 'an Ingress for an address',
    accepted: tcp({ controlPlane: { ingress: { hostname: '1.example.com' } } }),
    refused: tcp({ controlPlane: { ingress: { hostname: '192.0.2.1:443' } } }),
    says: /ingress\.hostname 192\.0\.2\.1:443 is no lower-case DNS name: write one/,
  },
  {
    title: 'a Gateway without host name',
    accepted: tcp({ controlPlane: { gateway: { hostname: 'a.example.com' } } }),
    refused: tcp({ controlPlane: { gateway: { parentRefs: [{ name: 'edge' }] } } }),
    says: /gateway\.hostname is missing: set the name/,
  },
];

const kamajiControlPlaneCases: readonly Omit<RuleCase, 'kind'>[] = [
  {
    title: 'an additional port that is konnectivity’s',
    accepted: kcp({ additionalServicePorts: [port({ port: 8132 })] }, { addons: { konnectivity: { enabled: false } } }),
    refused: kcp({ additionalServicePorts: [port({ port: 8132 })] }, { addons: { konnectivity: {} } }),
    says: /network\.additionalServicePorts has port 8132, which is that of the API server or of konnectivity/,
  },
  {
    title: 'an Ingress for an address',
    accepted: kcp({ ingress: { hostname: 'a.example.com:8443' } }),
    refused: kcp({ ingress: { hostname: '192.0.2.1' } }),
    says: /ingress\.hostname 192\.0\.2\.1 is no lower-case DNS name: write one/,
  },
];

/** What is refused about networks, ports and host names. */
export const networkRuleCases: readonly RuleCase[] = [
  ...tenantControlPlaneCases.map((one) => ({ ...one, kind: tenantControlPlanes })),
  ...kamajiControlPlaneCases.map((one) => ({ ...one, kind: kamajiControlPlanes })),
];
