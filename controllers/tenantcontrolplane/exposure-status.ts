import type { Gateway, ParentReference, RouteParentStatus, TlsRoute } from '#api/core/gateway.ts';
import type { TenantControlPlaneStatus } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Exposure } from './phases/exposure.ts';
import { isAccepted } from './phases/exposure.ts';

type KubernetesResources = NonNullable<TenantControlPlaneStatus['kubernetesResources']>;
type AccessPoint = NonNullable<NonNullable<KubernetesResources['gateway']>['accessPoints']>[number];

/** Finds a Gateway by namespace and name. */
export type FindGateway = (namespace: string, name: string) => Gateway | undefined;

/** `status.kubernetesResources.ingress`; null takes away what the status said of one that is gone. */
export function ingressStatus({ ingress }: Exposure): KubernetesResources['ingress'] | null {
  if (ingress === undefined) return null;
  const { metadata, status } = ingress;
  return {
    ...(metadata?.name === undefined ? {} : { name: metadata.name }),
    ...(metadata?.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...(status?.loadBalancer === undefined ? {} : { loadBalancer: { ...status.loadBalancer } }),
  };
}

/** `status.kubernetesResources.gateway`; null takes away what the status said of one that is gone. */
export function gatewayStatus({ route }: Exposure, find: FindGateway): KubernetesResources['gateway'] | null {
  if (route === undefined) return null;
  const parents = route.status?.parents ?? [];
  return {
    routeRef: { name: route.metadata.name ?? '' },
    parents: parents.map((parent) => ({ ...parent })),
    accessPoints: accessPointsOf(route, parents.filter(isAccepted), find),
  };
}

function accessPointsOf(route: TlsRoute, accepted: readonly RouteParentStatus[], find: FindGateway): AccessPoint[] {
  const ports = accepted.flatMap(({ parentRef }) => {
    const gateway = find(parentRef.namespace ?? route.metadata.namespace ?? '', parentRef.name);
    return gateway === undefined || !isProgrammed(gateway) ? [] : portsOf(gateway, parentRef);
  });
  return route.spec.hostnames.flatMap((value) =>
    [...new Set(ports)].map((port) => ({ type: 'Hostname', value, port, urls: [`https://${value}:${port}`] })),
  );
}

function isProgrammed({ status }: Gateway): boolean {
  return findCondition(status?.conditions, 'Programmed')?.status === 'True';
}

// A reference without a section or a port means every listener that can take the route.
function portsOf({ spec }: Gateway, { sectionName, port }: ParentReference): number[] {
  return spec.listeners
    .filter(({ protocol }) => protocol === 'TLS')
    .filter((listener) => sectionName === undefined || listener.name === sectionName)
    .filter((listener) => port === undefined || listener.port === port)
    .map((listener) => listener.port);
}
