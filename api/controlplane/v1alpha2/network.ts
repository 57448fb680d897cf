import {
  additionalPorts,
  certSAN,
  cidr,
  gatewayHostname,
  ingressHostname,
  ipAddress,
  optionalIpAddress,
  serviceTypes,
} from '../../kamaji/v1alpha1/service.ts';
import { immutable, rule } from '../../schema/rule.ts';
import { enumeration, integer, list, map, object, optional, string } from '../../schema/schema.ts';

const extraMetadata = {
  extraLabels: optional(map('Labels.', string('Value.'))),
  extraAnnotations: optional(map('Annotations.', string('Value.'))),
};

const loadBalancerConfig = object('Settings of a LoadBalancer Service.', {
  loadBalancerSourceRanges: optional(list('Networks that may reach it.', cidr('Network.'), { maxItems: 16 })),
  loadBalancerClass: optional(
    string('Implementation.', {
      minLength: 1,
      maxLength: 253,
      rules: [immutable('network.loadBalancerConfig.loadBalancerClass')],
    }),
  ),
});

const loadBalancerOnly = (field: string, absent: string) =>
  rule(
    `${absent} || self.serviceType == 'LoadBalancer'`,
    `network.loadBalancerConfig.${field} is for Services of type LoadBalancer, and network.serviceType is ` +
      '{self.serviceType}: remove the field or change the type',
  );

/** How the API server of a KamajiControlPlane is reached. */
export const network = object(
  'How the API server is reached.',
  {
    serviceType: optional(enumeration('Type of the Service.', serviceTypes, { default: 'LoadBalancer' })),
    serviceAddress: optional(optionalIpAddress('Address that was assigned in advance.')),
    advertiseAddress: optional(
      optionalIpAddress("Address that nodes and pods use, where it differs from the management side's."),
    ),
    serviceLabels: optional(map('Labels of the Service.', string('Value.'))),
    serviceAnnotations: optional(map('Annotations of the Service.', string('Value.'))),
    additionalServicePorts: optional(additionalPorts),
    certSANs: optional(list("Additional names in the API server's certificate.", certSAN, { maxItems: 128 })),
    dnsServiceIPs: optional(list('Addresses of the cluster DNS Service.', ipAddress('Address.'), { maxItems: 8 })),
    loadBalancerConfig: optional(loadBalancerConfig),
    ingress: optional(
      object('Expose the API server by an Ingress that passes TLS through.', {
        hostname: ingressHostname('Host name, or host:port where clients use another port than 443.', { minLength: 1 }),
        className: optional(string('IngressClass.')),
        ...extraMetadata,
      }),
    ),
    gateway: optional(
      object('Expose the API server by a TLSRoute of the Gateway API.', {
        name: string('Name of the Gateway.', { minLength: 1, maxLength: 253 }),
        namespace: string('Namespace of the Gateway.', { minLength: 1, maxLength: 63 }),
        hostname: gatewayHostname('Host name that clients use.'),
        sectionName: optional(string('Name of the listener.', { minLength: 1, maxLength: 253 })),
        port: optional(integer('Port of the listener.', { minimum: 1, maximum: 65535 })),
        ...extraMetadata,
      }),
    ),
  },
  {
    default: { serviceType: 'LoadBalancer' },
    rules: [
      rule(
        '!(has(self.ingress) && has(self.gateway))',
        'network.ingress and network.gateway exclude each other: remove one of them',
      ),
      loadBalancerOnly(
        'loadBalancerSourceRanges',
        '!has(self.loadBalancerConfig) || !has(self.loadBalancerConfig.loadBalancerSourceRanges) || ' +
          'size(self.loadBalancerConfig.loadBalancerSourceRanges) == 0',
      ),
      loadBalancerOnly(
        'loadBalancerClass',
        '!has(self.loadBalancerConfig) || !has(self.loadBalancerConfig.loadBalancerClass)',
      ),
      rule(
        "self.serviceType != 'LoadBalancer' || oldSelf.serviceType != 'LoadBalancer' || " +
          '(has(self.loadBalancerConfig) && has(self.loadBalancerConfig.loadBalancerClass)) == ' +
          '(has(oldSelf.loadBalancerConfig) && has(oldSelf.loadBalancerConfig.loadBalancerClass))',
        'network.loadBalancerConfig.loadBalancerClass cannot be added to or removed from a LoadBalancer Service: ' +
          'change network.serviceType first',
      ),
    ],
  },
);
