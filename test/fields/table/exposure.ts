import type { Example, FieldTable, Parts } from '../field.ts';

const labels = { team: 'shop' };
const annotations = { note: 'shop' };
const of = (parts: object): Parts => ({ controlPlane: { service: parts } });
const loadBalancer: Parts = of({ serviceType: 'LoadBalancer' });
const hostname = 'shop.example';
const ingress = (parts: object): Parts => ({ controlPlane: { ingress: { hostname, ...parts } } });
const gateway = (parts: object): Parts => ({
  controlPlane: { gateway: { hostname, parentRefs: [{ name: 'edge' }], ...parts } },
});
const behindIngress = ingress({});
const behindGateway = gateway({});
const parent = {
  name: 'edge',
  namespace: 'edges',
  sectionName: 'api',
  port: 443,
  group: 'gateway.networking.k8s.io',
  kind: 'Gateway',
};
const additionalPorts = [
  { name: 'mine', port: 9090, targetPort: 'metrics', protocol: 'UDP', appProtocol: 'mine.example/x' },
];

/** The Service, and what stands in front of it. */
export const exposure: FieldTable = {
  'controlPlane.service.serviceType': {
    does: 'type of the Service',
    apart: 'type',
    set: loadBalancer,
    sees: (it) => [it.at('Service demo', 'spec', 'type'), it.server()],
    is: ['LoadBalancer', 'https://192.0.2.50:6443'],
  },
  'controlPlane.service.additionalMetadata.labels': {
    does: 'labels of the Service',
    set: of({ additionalMetadata: { labels } }),
    sees: (it) => it.at('Service demo', 'metadata', 'labels', 'team'),
    is: 'shop',
  },
  'controlPlane.service.additionalMetadata.annotations': {
    does: 'annotations of the Service',
    set: of({ additionalMetadata: { annotations } }),
    sees: (it) => it.at('Service demo', 'metadata', 'annotations', 'note'),
    is: 'shop',
  },
  ...Object.fromEntries(
    Object.entries({
      name: 'name of a further port of the Service',
      port: 'its number',
      targetPort: 'port of the pods that it leads to, which may be reached from anywhere',
      protocol: 'its protocol',
      appProtocol: 'what is spoken there',
    }).map(([member, does]): [string, Example] => [
      `controlPlane.service.additionalPorts[].${member}`,
      {
        does,
        set: of({ additionalPorts }),
        sees: (it) => it.at('Service demo', 'spec', 'ports', 2, member),
        is: Reflect.get(additionalPorts[0] ?? {}, member),
      },
    ]),
  ),
  'controlPlane.service.allocateLoadBalancerNodePorts': {
    does: 'whether a LoadBalancer Service gets node ports as well',
    set: of({ allocateLoadBalancerNodePorts: false }),
    given: loadBalancer,
    sees: (it) => it.at('Service demo', 'spec', 'allocateLoadBalancerNodePorts'),
    is: false,
  },
  'controlPlane.ingress.hostname': {
    does: 'host name of an Ingress in front of the API server; users’ kubeconfigs and the certificate have it',
    apart: 'ingress',
    set: behindIngress,
    sees: (it) => [
      it.at('Ingress demo', 'spec', 'rules', 0, 'host'),
      it.server(),
      it.servingNames().includes(`DNS:${hostname}`),
    ],
    is: [hostname, `https://${hostname}:6443`, true],
  },
  'controlPlane.ingress.ingressClassName': {
    does: 'IngressClass',
    set: ingress({ ingressClassName: 'nginx' }),
    given: behindIngress,
    sees: (it) => it.at('Ingress demo', 'spec', 'ingressClassName'),
    is: 'nginx',
  },
  'controlPlane.ingress.additionalMetadata.labels': {
    does: 'labels of the Ingress',
    set: ingress({ additionalMetadata: { labels } }),
    given: behindIngress,
    sees: (it) => it.at('Ingress demo', 'metadata', 'labels', 'team'),
    is: 'shop',
  },
  'controlPlane.ingress.additionalMetadata.annotations': {
    does: 'annotations of the Ingress, such as that TLS is passed through',
    set: ingress({ additionalMetadata: { annotations } }),
    given: behindIngress,
    sees: (it) => it.at('Ingress demo', 'metadata', 'annotations', 'note'),
    is: 'shop',
  },
  'controlPlane.gateway.hostname': {
    does: 'host name of TLSRoutes in front of the API server and the tunnel; kubeconfigs, agents and the certificate have it',
    apart: 'gateway',
    set: behindGateway,
    sees: (it) => [
      it.at('TLSRoute demo', 'spec', 'hostnames'),
      it.at('TLSRoute demo-konnectivity', 'spec', 'hostnames'),
      it.server(),
      it.flagInside('DaemonSet konnectivity-agent', '--proxy-server-host'),
      it.servingNames().includes(`DNS:${hostname}`),
    ],
    is: [[hostname], [hostname], `https://${hostname}:6443`, [hostname], true],
  },
  'controlPlane.gateway.parentRefs': {
    does: 'Gateways that the routes attach to; that of the tunnel to their listener konnectivity-server on its port',
    set: gateway({ parentRefs: [parent] }),
    given: behindGateway,
    sees: (it) => [
      it.at('TLSRoute demo', 'spec', 'parentRefs', 0),
      it.at('TLSRoute demo-konnectivity', 'spec', 'parentRefs', 0),
    ],
    is: [parent, { ...parent, port: 8132, sectionName: 'konnectivity-server' }],
    whole: true,
  },
  'controlPlane.gateway.additionalMetadata.labels': {
    does: 'labels of the routes',
    set: gateway({ additionalMetadata: { labels } }),
    given: behindGateway,
    sees: (it) => it.at('TLSRoute demo', 'metadata', 'labels', 'team'),
    is: 'shop',
  },
  'controlPlane.gateway.additionalMetadata.annotations': {
    does: 'annotations of the routes',
    set: gateway({ additionalMetadata: { annotations } }),
    given: behindGateway,
    sees: (it) => it.at('TLSRoute demo-konnectivity', 'metadata', 'annotations', 'note'),
    is: 'shop',
  },
};
