import type { ParentReference, TlsRoute as Route } from '#api/core/gateway.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { apiPortOf, KONNECTIVITY_PORT_NAME, konnectivityPortOf } from './address.ts';
import { namesOfControlPlane } from './names.ts';
import type { OwnedObjectMeta } from './objects.ts';
import { ownedMetadata } from './objects.ts';

/** Gateway API: gateway.networking.k8s.io/v1 TLSRoute, as it is applied. */
export interface TlsRoute extends Pick<Route, 'spec'> {
  apiVersion: 'gateway.networking.k8s.io/v1';
  kind: 'TLSRoute';
  metadata: OwnedObjectMeta;
}

/** The TLSRoute to the API server; undefined where the user wants none or has not given its host name. */
export function apiServerRoute(tenantControlPlane: TenantControlPlane): TlsRoute | undefined {
  const { route } = namesOfControlPlane(tenantControlPlane.metadata.name ?? '');
  const parents = tenantControlPlane.spec.controlPlane.gateway?.parentRefs ?? [];
  return routeTo(tenantControlPlane, {
    name: route,
    component: 'gateway_routes',
    port: apiPortOf(tenantControlPlane),
    parents,
  });
}

/**
 * The TLSRoute of the tunnel. One Gateway serves it beside the API server under the same host name, by a listener of its own
 * on the tunnel's port, which is called `konnectivity-server` (upstream's rule).
 */
export function konnectivityRoute(tenantControlPlane: TenantControlPlane): TlsRoute | undefined {
  const { konnectivityRoute: name } = namesOfControlPlane(tenantControlPlane.metadata.name ?? '');
  const port = konnectivityPortOf(tenantControlPlane);
  const parents = (tenantControlPlane.spec.controlPlane.gateway?.parentRefs ?? []).map((parent) => ({
    ...parent,
    port,
    sectionName: KONNECTIVITY_PORT_NAME,
  }));
  return routeTo(tenantControlPlane, {
    name,
    component: 'konnectivity_gateway_routes',
    port,
    parents: distinct(parents),
  });
}

interface Target {
  readonly name: string;
  readonly component: string;
  readonly port: number;
  readonly parents: readonly ParentReference[];
}

function routeTo(
  tenantControlPlane: TenantControlPlane,
  { name, component, port, parents }: Target,
): TlsRoute | undefined {
  const { gateway } = tenantControlPlane.spec.controlPlane;
  if (gateway?.hostname === undefined || parents.length === 0) return undefined;
  const { service } = namesOfControlPlane(tenantControlPlane.metadata.name ?? '');
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'TLSRoute',
    metadata: ownedMetadata(tenantControlPlane, name, component, gateway.additionalMetadata),
    spec: {
      parentRefs: [...parents],
      hostnames: [gateway.hostname],
      rules: [{ backendRefs: [{ name: service, port }] }],
    },
  };
}

// Several listeners of one Gateway become one and the same here, which the Gateway API refuses to be named twice.
function distinct(parents: readonly ParentReference[]): ParentReference[] {
  const key = ({ group, kind, namespace, name }: ParentReference): string =>
    JSON.stringify([group, kind, namespace, name]);
  return [...new Map(parents.map((parent) => [key(parent), parent])).values()];
}
