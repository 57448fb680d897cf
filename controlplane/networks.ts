import ipaddr from 'ipaddr.js';
import { DEFAULT_POD_CIDR, DEFAULT_SERVICE_CIDR } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';

/** The networks inside a tenant. The first of each list is the primary one and says which IP family comes first. */
export interface Networks {
  readonly serviceCidrs: readonly string[];
  readonly podCidrs: readonly string[];
  /** Addresses of the cluster DNS Service. */
  readonly dnsServiceIPs: readonly string[];
  /** Address of the Service `default/kubernetes`. */
  readonly apiServiceIP: string;
}

/** A network of a tenant that cannot be used. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly code: 'NetworkInvalid' | 'NetworkTooSmall';

  constructor(code: NetworkError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The networks of a tenant as the user wrote them: in the user's order, since the first decides the primary IP family. The DNS
 * Service gets the tenth address of each Service network unless the user says otherwise (kubeadm: GetDNSIP). Throws NetworkError.
 */
export function networksOf(tenantControlPlane: TenantControlPlane): Networks {
  const profile = tenantControlPlane.spec.networkProfile ?? {};
  const serviceCidrs = effective(profile.serviceCidrs, profile.serviceCidr || DEFAULT_SERVICE_CIDR);
  const podCidrs = effective(profile.podCidrs, profile.podCidr ?? DEFAULT_POD_CIDR);
  const custom = profile.dnsServiceIPs ?? [];
  return {
    serviceCidrs,
    podCidrs,
    dnsServiceIPs: custom.length > 0 ? [...custom] : serviceCidrs.map((cidr) => addressAt(cidr, 10)),
    apiServiceIP: addressAt(serviceCidrs[0] ?? DEFAULT_SERVICE_CIDR, 1),
  };
}

/** The n-th address of a network, counted from its network address, in canonical form. Throws NetworkError. */
export function addressAt(cidr: string, n: number): string {
  const bytes = networkAddress(cidr).toByteArray();
  let carry = n;
  for (let index = bytes.length - 1; index >= 0 && carry > 0; index -= 1) {
    const sum = (bytes[index] ?? 0) + carry;
    bytes[index] = sum % 256;
    carry = Math.floor(sum / 256);
  }
  const address = ipaddr.fromByteArray(bytes);
  if (carry > 0 || !contains(cidr, address.toString())) {
    throw new NetworkError('NetworkTooSmall', `network ${cidr} has no address number ${n}: use a larger one`);
  }
  return address.toString();
}

/** Whether the network contains the address; false when the families differ. Throws NetworkError when `cidr` is none. */
export function contains(cidr: string, address: string): boolean {
  if (!isAddress(address)) return false;
  const parsed = ipaddr.parse(address);
  const [network, prefix] = parseCidr(cidr);
  return parsed.kind() === network.kind() && parsed.match(network, prefix);
}

/** True for an IP address of either family, false for a name. */
export function isAddress(host: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(host) || ipaddr.IPv6.isValid(host);
}

/** True for an IPv6 address or network. */
export function isIPv6(addressOrCidr: string): boolean {
  return addressOrCidr.includes(':');
}

function effective(many: readonly string[] | undefined, one: string): readonly string[] {
  const list = many !== undefined && many.length > 0 ? many : one === '' ? [] : [one];
  return [...new Set(list)];
}

function networkAddress(cidr: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const [network] = parseCidr(cidr);
  return network.kind() === 'ipv4'
    ? ipaddr.IPv4.networkAddressFromCIDR(cidr)
    : ipaddr.IPv6.networkAddressFromCIDR(cidr);
}

function parseCidr(cidr: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  try {
    // ipaddr.parseCIDR would throw and catch an error first for each network of IPv4, in every pass.
    return isIPv6(cidr) ? ipaddr.IPv6.parseCIDR(cidr) : ipaddr.IPv4.parseCIDR(cidr);
  } catch (error) {
    const message = `${cidr} is no network: write an address with a prefix length, such as 10.96.0.0/16`;
    throw new NetworkError('NetworkInvalid', message, { cause: error });
  }
}
