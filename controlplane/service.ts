import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { apiPortOf, KONNECTIVITY_PORT_NAME, konnectivityPortOf } from './address.ts';
import { namesOfControlPlane } from './names.ts';
import type { Service, ServicePort } from './objects.ts';
import { ownedMetadata, podSelectorLabels } from './objects.ts';

/** Name of the Service port of the API server. */
export const API_PORT_NAME = 'kube-apiserver';

/**
 * The Service of a control plane. It leaves to the API server what the API server allocates (addresses, IP families, and all
 * node ports but the API's), so that applying it again never takes those away.
 */
export function controlPlaneService(tenantControlPlane: TenantControlPlane, konnectivity: boolean): Service {
  const { serviceType, additionalMetadata } = tenantControlPlane.spec.controlPlane.service;
  const { service } = namesOfControlPlane(tenantControlPlane.metadata.name ?? '');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: ownedMetadata(tenantControlPlane, service, 'service', additionalMetadata),
    spec: {
      type: serviceType,
      selector: podSelectorLabels(tenantControlPlane),
      ports: ports(tenantControlPlane, konnectivity),
      ...externalIPs(tenantControlPlane),
      ...(serviceType === 'LoadBalancer' && loadBalancer(tenantControlPlane)),
    },
  };
}

function ports(tenantControlPlane: TenantControlPlane, konnectivity: boolean): ServicePort[] {
  const {
    serviceType,
    allocateLoadBalancerNodePorts,
    additionalPorts = [],
  } = tenantControlPlane.spec.controlPlane.service;
  const api = apiPortOf(tenantControlPlane);
  const tunnel = konnectivityPortOf(tenantControlPlane);
  // Zero gives back what was allocated while the Service still wanted node ports.
  const none = serviceType === 'LoadBalancer' && allocateLoadBalancerNodePorts === false && { nodePort: 0 };
  return [
    // With NodePort the same number everywhere: nodes then find the API server where the certificate and kubeconfigs say.
    {
      name: API_PORT_NAME,
      protocol: 'TCP',
      port: api,
      targetPort: api,
      ...(serviceType === 'NodePort' ? { nodePort: api } : none),
    },
    ...(konnectivity
      ? [{ name: KONNECTIVITY_PORT_NAME, protocol: 'TCP', port: tunnel, targetPort: tunnel, ...none }]
      : []),
    ...additionalPorts.map(({ name, port, targetPort, protocol = 'TCP', appProtocol }) => ({
      name,
      protocol,
      port,
      targetPort,
      ...(appProtocol !== undefined && { appProtocol }),
      ...none,
    })),
  ];
}

function externalIPs({ spec }: TenantControlPlane): Pick<Service['spec'], 'externalIPs'> {
  const { address, allowAddressAsExternalIP } = spec.networkProfile ?? {};
  const supported = spec.controlPlane.service.serviceType !== 'LoadBalancer';
  return supported && allowAddressAsExternalIP === true && address ? { externalIPs: [address] } : {};
}

function loadBalancer({ spec }: TenantControlPlane): Partial<Service['spec']> {
  const { loadBalancerClass, loadBalancerSourceRanges = [] } = spec.networkProfile ?? {};
  return {
    allocateLoadBalancerNodePorts: spec.controlPlane.service.allocateLoadBalancerNodePorts ?? true,
    ...(loadBalancerClass !== undefined && { loadBalancerClass }),
    ...(loadBalancerSourceRanges.length > 0 && { loadBalancerSourceRanges: [...loadBalancerSourceRanges] }),
  };
}
