import type { TenantControlPlane, TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { ControlPlaneAddress } from './address.ts';
import type { ControlPlaneInput } from './input.ts';

type ControlPlane = TenantControlPlaneSpec['controlPlane'];

/** Parts of a spec that a test is about. */
export interface TenantParts {
  readonly deployment?: ControlPlane['deployment'];
  readonly service?: Partial<ControlPlane['service']>;
  readonly ingress?: ControlPlane['ingress'];
  readonly gateway?: ControlPlane['gateway'];
  readonly kubernetes?: Partial<TenantControlPlaneSpec['kubernetes']>;
  readonly networkProfile?: TenantControlPlaneSpec['networkProfile'];
  readonly addons?: TenantControlPlaneSpec['addons'];
}

/** A tenant `demo` in namespace `tenants`, of version v1.35.4, with nothing set but what a test gives. */
export function tenant(parts: TenantParts = {}): TenantControlPlane {
  const { deployment, service, ingress, gateway, kubernetes, networkProfile, addons } = parts;
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { name: 'demo', namespace: 'tenants', uid: '3c1a7f0e-0000-4000-8000-000000000001' },
    spec: {
      controlPlane: {
        service: { serviceType: 'ClusterIP', ...service },
        ...(deployment && { deployment }),
        ...(ingress && { ingress }),
        ...(gateway && { gateway }),
      },
      kubernetes: { version: 'v1.35.4', kubelet: {}, ...kubernetes },
      ...(networkProfile && { networkProfile }),
      ...(addons && { addons }),
    },
  };
}

/** Where it is reached. */
export const address: ControlPlaneAddress = {
  address: '192.0.2.10',
  port: 6443,
  endpoint: '192.0.2.10:6443',
  advertiseAddress: '192.0.2.10',
  advertisedEndpoint: '192.0.2.10:6443',
};

/** What the pods of that tenant depend on: etcd, konnectivity on. */
export function inputFor(parts: TenantParts = {}, more: Partial<ControlPlaneInput> = {}): ControlPlaneInput {
  return {
    tenantControlPlane: tenant(parts),
    advertiseAddress: address.advertiseAddress,
    storage: { driver: 'etcd', dataStore: 'default', endpoints: ['etcd.kamaji-system.svc:2379'], schema: 'tenant-1' },
    konnectivity: { serverImage: 'registry.k8s.io/kas-network-proxy/proxy-server:v0.34.0', countByLeases: true },
    checksums: {
      ca: 'ca-1',
      frontProxyCa: 'front-proxy-ca-1',
      serviceAccount: 'service-account-1',
      apiServerCertificate: 'api-server-1',
      apiServerKubeletClient: 'kubelet-client-1',
      frontProxyClient: 'front-proxy-client-1',
      controllerManagerKubeconfig: 'controller-manager-1',
      schedulerKubeconfig: 'scheduler-1',
      datastoreConfig: 'datastore-config-1',
      datastoreCertificate: 'datastore-certificate-1',
      konnectivityKubeconfig: 'konnectivity-1',
      egressSelectorConfiguration: 'egress-1',
    },
    ...more,
  };
}
