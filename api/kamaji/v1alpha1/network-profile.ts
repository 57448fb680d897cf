import { about, immutable, rule, whenChanged } from '../../schema/rule.ts';
import { boolean, integer, list, object, optional, string } from '../../schema/schema.ts';
import { DEFAULT_CLUSTER_DOMAIN, DEFAULT_POD_CIDR, DEFAULT_PORT, DEFAULT_SERVICE_CIDR } from './defaults.ts';
import { certSAN, cidr, ipAddress, optionalIpAddress, unoccupied } from './service.ts';

const optionalCidr = rule(
  "self == '' || isCIDR(self)",
  '{self} is no network: write an address with a prefix length, such as 10.96.0.0/16',
);

const onePerFamily = (field: string) =>
  rule(
    "size(self) < 2 || self[0] == self[1] || self[0].contains(':') != self[1].contains(':')",
    `${field} {self[0]} and {self[1]} are of the same IP family: write one network per family`,
  );

/** CEL: networks that count, of the network profile `$`, and the same as text. */
export interface EffectiveNetworks {
  readonly list: string;
  readonly text: string;
}

// The text is no join of the list: what that costs the API server can only tell of a plain field.
const effective = (many: string, one: string, isDefaulted: string, fallback: string): EffectiveNetworks => ({
  list: `(has($.${many}) ? $.${many} : ${isDefaulted} ? ['${fallback}'] : $.${one} == '' ? [] : [$.${one}])`,
  text: `(has($.${many}) ? $.${many}.join(', ') : ${isDefaulted} ? '${fallback}' : $.${one})`,
});

/** Networks of Services; an empty text stands for the default. */
export const serviceNetworks = effective(
  'serviceCidrs',
  'serviceCidr',
  "(!has($.serviceCidr) || $.serviceCidr == '')",
  DEFAULT_SERVICE_CIDR,
);

/** Networks of pods; an empty text stands for none. */
export const podNetworks = effective('podCidrs', 'podCidr', '!has($.podCidr)', DEFAULT_POD_CIDR);

const disjoint = whenChanged(
  [serviceNetworks.list, podNetworks.list],
  `!${about(serviceNetworks.list, 'self')}.exists(s, ${about(podNetworks.list, 'self')}.exists(p, ` +
    'isCIDR(s) && isCIDR(p) && (cidr(s).containsCIDR(p) || cidr(p).containsCIDR(s))))',
  `the Service networks {${about(serviceNetworks.text, 'self')}} and the pod networks {${about(podNetworks.text, 'self')}} ` +
    'overlap: choose networks that do not',
);

// The tenth address is that of the cluster DNS, and kubeadm asks for as many.
const largeEnough = whenChanged(
  [serviceNetworks.list],
  `${about(serviceNetworks.list, 'self')}.all(s, !isCIDR(s) || cidr(s).prefixLength() <= (s.contains(':') ? 124 : 28))`,
  `the Service networks {${about(serviceNetworks.text, 'self')}} are too small: use /28 or larger, with IPv6 /124 or larger`,
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
        rules: [unoccupied('networkProfile.port')],
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
        rules: [onePerFamily('serviceCidrs')],
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
        rules: [onePerFamily('podCidrs')],
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
      disjoint,
      largeEnough,
    ],
  },
);
