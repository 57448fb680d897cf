import { rule } from '../../schema/rule.ts';
import { enumeration, integer, intOrString, list, object, optional, string } from '../../schema/schema.ts';

/** How the API server is exposed. */
export const serviceTypes = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;

/** Ports that a user adds to the Service of the control plane. */
export const additionalPorts = list(
  'Ports added to the Service, for containers that the user added.',
  object('One port.', {
    name: string('Name, unique within the Service.'),
    port: integer('Port of the Service.', { minimum: 1, maximum: 65535 }),
    targetPort: intOrString("Number or name of the pod's port."),
    protocol: optional(enumeration('Transport protocol.', ['TCP', 'UDP', 'SCTP'], { default: 'TCP' })),
    appProtocol: optional(string('Application protocol, as a hint to implementations.')),
  }),
);

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
      String.raw`isIP(self) || self.matches('^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')`,
      '{self} is neither an IP address nor a lower-case DNS name: write it without scheme and port',
    ),
  ],
});
