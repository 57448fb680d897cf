import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { SampledGauge } from '#runtime/telemetry/sampled-gauge.ts';

/** Labels that name a tenant. */
export function tenantLabels({ metadata }: TenantControlPlane): { tcp_namespace: string; tcp_name: string } {
  return { tcp_namespace: metadata.namespace ?? '', tcp_name: metadata.name ?? '' };
}

/** `kamaji_tenant_control_plane*`, as upstream has them. */
export function tenantGauges(tenants: () => readonly TenantControlPlane[]): readonly SampledGauge[] {
  return [
    {
      name: 'kamaji_tenant_control_plane_info',
      help: 'What a TenantControlPlane is; always 1',
      labelNames: [
        'tcp_namespace',
        'tcp_name',
        'kubernetes_version',
        'datastore_driver',
        'address',
        'exposure_strategy',
      ],
      samples: () => tenants().map((tenant) => ({ labels: { ...tenantLabels(tenant), ...infoOf(tenant) }, value: 1 })),
    },
    {
      name: 'kamaji_tenant_control_plane_status',
      help: 'State of a TenantControlPlane; always 1',
      labelNames: ['tcp_namespace', 'tcp_name', 'status', 'ready'],
      samples: () =>
        tenants().map((tenant) => ({
          labels: { ...tenantLabels(tenant), status: stateOf(tenant), ready: String(isReady(tenant)) },
          value: 1,
        })),
    },
    {
      name: 'kamaji_tenant_control_planes_current',
      help: 'TenantControlPlanes, by whether they are ready',
      labelNames: ['ready'],
      samples: () =>
        [true, false].map((ready) => ({
          labels: { ready: String(ready) },
          value: tenants().filter((tenant) => isReady(tenant) === ready).length,
        })),
    },
  ];
}

function infoOf({ spec, status }: TenantControlPlane) {
  const endpoint = status?.controlPlaneEndpoint ?? '';
  return {
    kubernetes_version: status?.kubernetesResources?.version?.version || 'unknown',
    datastore_driver: status?.storage?.driver || 'unknown',
    address: endpoint === '' ? '' : `https://${endpoint}`,
    exposure_strategy: spec.controlPlane.gateway === undefined ? 'service' : 'gateway',
  };
}

function stateOf({ status }: TenantControlPlane): string {
  return status?.kubernetesResources?.version?.status ?? 'Unknown';
}

// As upstream counts: one that sleeps or refuses writes is not ready.
function isReady(tenant: TenantControlPlane): boolean {
  return stateOf(tenant) === 'Ready';
}
