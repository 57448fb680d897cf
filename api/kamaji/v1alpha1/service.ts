import { decimal, present, rule } from '../../schema/rule.ts';
import { enumeration, integer, intOrString, list, object, optional, string } from '../../schema/schema.ts';

// Within a CEL string.
const DNS_NAME = String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`;

/** How the API server is exposed. */
export const serviceTypes = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;

/** Ports that a user adds to the Service of the control plane. */
export const additionalPorts = list(
  'Ports added to the Service, for containers that the user added.',
  object('One port.', {
    name: string('Name, unique within the Service.', {
      maxLength: 63,
      rules: [
        rule(
          "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && !(self in ['kube-apiserver', 'konnectivity-server'])",
          'additionalPorts has the name {self}: use lower-case letters, digits and hyphens, and neither kube-apiserver nor konnectivity-server, which the Service has already',
        ),
      ],
    }),
    port: integer('Port of the Service.', { minimum: 1, maximum: 65535 }),
    targetPort: intOrString("Number or name of the pod's port."),
    protocol: optional(enumeration('Transport protocol.', ['TCP', 'UDP', 'SCTP'], { default: 'TCP' })),
    appProtocol: optional(string('Application protocol, as a hint to implementations.')),
  }),
  {
    maxItems: 32,
    rules: [
      rule(
        'self.all(p, self.exists_one(q, q.name == p.name)) && ' +
          'self.all(p, self.exists_one(q, q.port == p.port && q.protocol == p.protocol))',
        'additionalPorts has a name, or a port of one protocol, twice: give each its own',
      ),
    ],
  },
);

/** The ports that the user added, at the path `ports`, are none of `taken`, a CEL expression. */
export function apartFromAdditionalPorts(ports: string, taken: string) {
  const clashing = `p.protocol == 'TCP' && p.port in ${taken}`;
  return rule(
    `!(${present('self', ports)}) || !self.${ports}.exists(p, ${clashing})`,
    `${ports} has port {${decimal(`self.${ports}.filter(p, ${clashing})[0].port`)}}, which is that of the API server or of ` +
      'konnectivity: choose another port',
  );
}

/** Secure and private ports of the processes in the pods, whose network is one: kube-controller-manager, kube-scheduler, konnectivity. */
const occupied = [10257, 10259, 8133, 8134];

/** Refuses a port that another process of the pods listens on. */
export function unoccupied(field: string) {
  return rule(
    `!(self in [${occupied.join(', ')}])`,
    `${field} {${decimal('self')}} is used by another process in the pods of the control plane: choose another port`,
  );
}

/** Host name of an Ingress, with the port of clients where it is another than the API server's. */
export function ingressHostname(description: string, options: { readonly minLength?: number } = {}) {
  return string(description, {
    ...options,
    maxLength: 260,
    rules: [
      rule(
        String.raw`self == '' || self.matches('^${DNS_NAME}(:[0-9]{1,5})?$') && !isIP(self.split(':')[0])`,
        'ingress.hostname {self} is no lower-case DNS name: write one, such as demo.example.com, with :port if need be',
      ),
    ],
  });
}

/** Host name of a Gateway listener (Gateway API: Hostname). */
export function gatewayHostname(description: string) {
  return string(description, {
    minLength: 1,
    maxLength: 253,
    pattern: String.raw`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`,
  });
}

/** One IP network in CIDR notation. */
export function cidr(description: string) {
  return string(description, {
    maxLength: 64,
    rules: [rule('isCIDR(self)', '{self} is no network: write an address with a prefix length, such as 10.96.0.0/16')],
  });
}

/** One IP address. */
export function ipAddress(description: string) {
  return string(description, {
    maxLength: 64,
    rules: [rule('isIP(self)', '{self} is no IP address: write one, such as 10.96.0.10')],
  });
}

/** One IP address, or an empty string for none. */
export function optionalIpAddress(description: string) {
  return string(description, {
    maxLength: 64,
    rules: [
      rule("self == '' || isIP(self)", '{self} is no IP address: write one, such as 192.0.2.10, or leave it out'),
    ],
  });
}

/** One subject alternative name of the API server's certificate (kubeadm: ValidateCertSANs). */
export const certSAN = string('An IP address, a DNS name or a wildcard DNS name.', {
  maxLength: 253,
  rules: [
    rule(
      String.raw`isIP(self) || self.matches('^(\\*\\.)?${DNS_NAME}$')`,
      '{self} is neither an IP address nor a lower-case DNS name: write it without scheme and port',
    ),
  ],
});
