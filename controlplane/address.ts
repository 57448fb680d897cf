import { DEFAULT_KONNECTIVITY_PORT, DEFAULT_PORT } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { isIPv6 } from './networks.ts';

/** What is read of the live Service. */
export interface LiveService {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly nodePort?: number }[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

/** Where a control plane is reached. */
export interface ControlPlaneAddress {
  /** IP address on the side of the management cluster. */
  readonly address: string;
  readonly port: number;
  /** `address:port`, an IPv6 address in brackets: `status.controlPlaneEndpoint`. */
  readonly endpoint: string;
  /** IP address that the tenant's nodes and pods use; differs from `address` where the user says so. */
  readonly advertiseAddress: string;
  /** `host:port` for kubeconfigs of users, cluster-info and kubeadm: a host name where an Ingress or Gateway stands in front. */
  readonly advertisedEndpoint: string;
}

/** Why there is no address yet. */
export interface AddressPending {
  readonly reason: 'ServicePending' | 'LoadBalancerPending' | 'LoadBalancerHasNoIP' | 'AddressRequired';
  /** What is missing, and what the user can do about it. */
  readonly message: string;
}

export type AddressResolution =
  | { readonly resolved: ControlPlaneAddress; readonly pending?: undefined }
  | { readonly pending: AddressPending; readonly resolved?: undefined };

/** Name of the Service port that konnectivity agents dial. */
export const KONNECTIVITY_PORT_NAME = 'konnectivity-server';

/**
 * The address of a control plane: the one that the user declared, else that of its Service. To be asked again whenever spec or
 * Service change, since a load balancer may get another address at any time.
 */
export function addressOf(tenantControlPlane: TenantControlPlane, service: LiveService | undefined): AddressResolution {
  const { networkProfile } = tenantControlPlane.spec;
  const address = networkProfile?.address || serviceAddress(tenantControlPlane, service);
  if (typeof address !== 'string') return { pending: address };
  const port = networkProfile?.port ?? DEFAULT_PORT;
  const advertiseAddress = networkProfile?.advertiseAddress || address;
  return {
    resolved: {
      address,
      port,
      endpoint: hostPort(address, port),
      advertiseAddress,
      advertisedEndpoint: publicEndpoint(tenantControlPlane, advertiseAddress, port),
    },
  };
}

/**
 * Where konnectivity agents dial. The port of a NodePort Service is allocated by the API server, so that undefined means: not
 * known yet.
 */
export function konnectivityEndpointOf(
  tenantControlPlane: TenantControlPlane,
  address: ControlPlaneAddress,
  service: LiveService | undefined,
): { readonly host: string; readonly port: number } | undefined {
  const host = tenantControlPlane.spec.controlPlane.gateway?.hostname ?? address.advertiseAddress;
  if (tenantControlPlane.spec.controlPlane.service.serviceType !== 'NodePort') {
    return { host, port: konnectivityPortOf(tenantControlPlane) };
  }
  const nodePort = service?.spec?.ports?.find(({ name }) => name === KONNECTIVITY_PORT_NAME)?.nodePort;
  return nodePort === undefined ? undefined : { host, port: nodePort };
}

/** Port of the konnectivity server in the pod and on the Service. */
export function konnectivityPortOf(tenantControlPlane: TenantControlPlane): number {
  return tenantControlPlane.spec.addons?.konnectivity?.server?.port ?? DEFAULT_KONNECTIVITY_PORT;
}

/** Port of the API server in the pod and on the Service. */
export function apiPortOf(tenantControlPlane: TenantControlPlane): number {
  return tenantControlPlane.spec.networkProfile?.port ?? DEFAULT_PORT;
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function serviceAddress(
  tenantControlPlane: TenantControlPlane,
  service: LiveService | undefined,
): string | AddressPending {
  switch (tenantControlPlane.spec.controlPlane.service.serviceType) {
    case 'ClusterIP': {
      const { clusterIP } = service?.spec ?? {};
      if (clusterIP !== undefined && clusterIP !== '' && clusterIP !== 'None') return clusterIP;
      return { reason: 'ServicePending', message: 'waiting for the Service to get its cluster IP' };
    }
    case 'LoadBalancer':
      return loadBalancerAddress(service);
    case 'NodePort':
      return {
        reason: 'AddressRequired',
        message:
          'a NodePort Service has no address of its own: set spec.networkProfile.address to an address of the nodes, ' +
          'or use service type LoadBalancer or ClusterIP',
      };
  }
}

function loadBalancerAddress(service: LiveService | undefined): string | AddressPending {
  const entries = service?.status?.loadBalancer?.ingress ?? [];
  const address = entries.find(({ ip }) => ip !== undefined && ip !== '')?.ip;
  if (address !== undefined) return address;
  const hostname = entries.find((entry) => entry.hostname)?.hostname;
  if (hostname === undefined) {
    return {
      reason: 'LoadBalancerPending',
      message:
        'the load balancer has no address yet: if none comes, check that the management cluster has an implementation of ' +
        'LoadBalancer Services, or set spec.networkProfile.address',
    };
  }
  return {
    reason: 'LoadBalancerHasNoIP',
    message:
      `the load balancer is known as ${hostname} only, and an API server advertises an IP address: ` +
      'set spec.networkProfile.address to a fixed address of it',
  };
}

// In upstream's order: what stands in front of the Service is what users and nodes can reach.
function publicEndpoint(tenantControlPlane: TenantControlPlane, advertiseAddress: string, port: number): string {
  const { ingress, gateway } = tenantControlPlane.spec.controlPlane;
  if (ingress?.hostname) {
    return /:\d+$/u.test(ingress.hostname) ? ingress.hostname : hostPort(ingress.hostname, port);
  }
  return hostPort(gateway?.hostname ?? advertiseAddress, port);
}
