import { immutable, rule } from '../../schema/rule.ts';
import { boolean, integer, list, object, optional, string } from '../../schema/schema.ts';
import { DEFAULT_CLUSTER_DOMAIN, DEFAULT_POD_CIDR, DEFAULT_PORT, DEFAULT_SERVICE_CIDR } from './defaults.ts';
import { certSAN, cidr, ipAddress, optionalIpAddress } from './service.ts';

const optionalCidr = rule(
  "self == '' || isCIDR(self)",
  '{self} is no network: write an address with a prefix length, such as 10.96.0.0/16',
);

/** Addresses, names and networks of a tenant. */
export const networkProfile = object(
  'Addresses, names and networks of the tenant cluster.',
  {
    address: optional(
      optionalIpAddress('Address of the API server; absent means that of the Service. Needed with NodePort.'),
    ),
    advertiseAddress: optional(
      optionalIpAddress("Address that the tenant's nodes and pods use, where it differs from the management side's."),
    ),
    allowAddressAsExternalIP: optional(
      boolean("Put the address into the Service's externalIPs (ClusterIP and NodePort)."),
    ),
    port: optional(
      integer('Port of the API server, of its Service and, with NodePort, of the nodes.', {
        minimum: 1,
        maximum: 65535,
        default: DEFAULT_PORT,
      }),
    ),
    clusterDomain: optional(
      string('DNS domain of the tenant cluster, with at least one dot.', {
        maxLength: 253,
        default: DEFAULT_CLUSTER_DOMAIN,
        pattern: String.raw`.*\..*`,
        rules: [immutable('networkProfile.clusterDomain')],
      }),
    ),
    certSANs: optional(list("Additional names in the API server's certificate.", certSAN, { maxItems: 128 })),
    serviceCidr: optional(
      string("Network of the tenant's Services; serviceCidrs wins over it.", {
        maxLength: 64,
        default: DEFAULT_SERVICE_CIDR,
        rules: [optionalCidr],
      }),
    ),
    serviceCidrs: optional(
      list("Networks of the tenant's Services, one per IP family, the primary one first.", cidr('Network.'), {
        minItems: 1,
        maxItems: 2,
      }),
    ),
    podCidr: optional(
      string("Network of the tenant's pods; podCidrs wins over it.", {
        maxLength: 64,
        default: DEFAULT_POD_CIDR,
        rules: [optionalCidr],
      }),
    ),
    podCidrs: optional(
      list("Networks of the tenant's pods, one per IP family, the primary one first.", cidr('Network.'), {
        minItems: 1,
        maxItems: 2,
      }),
    ),
    dnsServiceIPs: optional(
      list(
        'Addresses of the cluster DNS Service; absent means the tenth of each Service network.',
        ipAddress('Address.'),
        {
          maxItems: 8,
        },
      ),
    ),
    loadBalancerSourceRanges: optional(
      list('Networks that may reach a LoadBalancer Service.', cidr('Network.'), { maxItems: 16 }),
    ),
    loadBalancerClass: optional(
      string('Implementation of a LoadBalancer Service.', {
        minLength: 1,
        maxLength: 253,
        rules: [immutable('networkProfile.loadBalancerClass')],
      }),
    ),
  },
  {
    default: {},
    rules: [
      rule(
        '!has(self.dnsServiceIPs) || self.dnsServiceIPs.all(a, !isIP(a) || ' +
          '(has(self.serviceCidrs) ? self.serviceCidrs : has(self.serviceCidr) ? [self.serviceCidr] : [])' +
          '.exists(c, isCIDR(c) && cidr(c).containsIP(ip(a))))',
        'dnsServiceIPs {self.dnsServiceIPs.join(", ")} must lie within the Service networks: correct them or serviceCidrs',
      ),
    ],
  },
);
