import type { CertificateRequest } from './authority.ts';
import { CERTIFICATE_VALIDITY_MS } from './authority.ts';
import { addressInRange, formatIpAddress, parseIpAddress } from './ip-address.ts';

/** The certificate authorities of a control plane and their common names, as `kubeadm init` makes them. */
export const AUTHORITIES = {
  ca: { commonName: 'kubernetes' },
  'front-proxy-ca': { commonName: 'front-proxy-ca' },
} as const;

/** Name of a certificate authority of a control plane; also the base name of its files. */
export type AuthorityName = keyof typeof AUTHORITIES;

/** Where a control plane is reached, hence what its serving certificate must name. */
export interface ServingNames {
  /** Name and namespace of the TenantControlPlane: its Service. */
  readonly name: string;
  readonly namespace: string;
  /** The tenant's cluster domain. */
  readonly clusterDomain: string;
  /** The management cluster's domain, below which the control plane's Service is found. */
  readonly managementDomain: string;
  readonly serviceCidrs: readonly string[];
  /** Every advertised host: addresses and host names of the Service, gateway or ingress; in any order, duplicates allowed. */
  readonly hosts: readonly string[];
  /** The user's own names: addresses, DNS names, wildcards. */
  readonly certSANs: readonly string[];
}

/** A certificate of a control plane and the authority that signs it. */
export interface ControlPlaneCertificate extends CertificateRequest {
  readonly signedBy: AuthorityName;
}

/** Base names of the files of the certificates that a control plane presents. */
export type ControlPlaneCertificateName = 'apiserver' | 'apiserver-kubelet-client' | 'front-proxy-client';

/** Who has a kubeconfig for a control plane. */
export type KubeconfigUser = 'admin' | 'super-admin' | 'controller-manager' | 'scheduler' | 'konnectivity-server';

/** Identity of the API server towards kubelets; bound to `system:kubelet-api-admin` inside the tenant. */
export const KUBELET_CLIENT_USER = 'kube-apiserver-kubelet-client';

/**
 * The certificates that the control plane's own processes present, by kubeadm's base names (`apiserver.crt`, …), with
 * kubeadm's subjects and usages. Throws PkiError `AddressRangeInvalid` on a Service range without a first address.
 */
export function controlPlaneCertificates(
  names: ServingNames,
): Readonly<Record<ControlPlaneCertificateName, ControlPlaneCertificate>> {
  return {
    apiserver: {
      signedBy: 'ca',
      subject: { commonName: 'kube-apiserver' },
      usages: ['serverAuth'],
      ...servingNames(names),
      validityMs: CERTIFICATE_VALIDITY_MS,
    },
    'apiserver-kubelet-client': client('ca', KUBELET_CLIENT_USER),
    'front-proxy-client': client('front-proxy-ca', 'front-proxy-client'),
  };
}

/**
 * The client certificates inside a control plane's kubeconfigs, by user. Only `super-admin` is in `system:masters`;
 * `admin` gets its rights from the binding `kubeadm:cluster-admins`, which can be taken away.
 */
export const KUBECONFIG_CERTIFICATES: Readonly<Record<KubeconfigUser, ControlPlaneCertificate>> = {
  admin: client('ca', 'kubernetes-admin', ['kubeadm:cluster-admins']),
  'super-admin': client('ca', 'kubernetes-super-admin', ['system:masters']),
  'controller-manager': client('ca', 'system:kube-controller-manager'),
  scheduler: client('ca', 'system:kube-scheduler'),
  'konnectivity-server': client('ca', 'system:konnectivity-server'),
};

/** The client certificate by which a tenant's API server is known to its etcd: the common name is the etcd user. Signed by the DataStore's CA. */
export function datastoreCertificate(user: string): CertificateRequest {
  return { subject: { commonName: user }, usages: ['clientAuth'], validityMs: CERTIFICATE_VALIDITY_MS };
}

function client(
  signedBy: AuthorityName,
  commonName: string,
  organizations?: readonly string[],
): ControlPlaneCertificate {
  return {
    signedBy,
    subject: organizations === undefined ? { commonName } : { commonName, organizations },
    usages: ['clientAuth'],
    validityMs: CERTIFICATE_VALIDITY_MS,
  };
}

function servingNames(names: ServingNames): {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
} {
  const { name, namespace } = names;
  const all = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${names.clusterDomain}`,
    'localhost',
    '127.0.0.1',
    name,
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    `${name}.${namespace}.svc.${names.managementDomain}`,
    ...names.serviceCidrs.map((cidr) => addressInRange(cidr, 1)),
    ...names.hosts,
    ...names.certSANs,
  ];
  const dnsNames = new Set<string>();
  const ipAddresses = new Set<string>();
  for (const host of all) {
    const address = parseIpAddress(host);
    if (address === undefined) dnsNames.add(host);
    else ipAddresses.add(formatIpAddress(address));
  }
  return { dnsNames: [...dnsNames].sort(), ipAddresses: [...ipAddresses].sort() };
}
