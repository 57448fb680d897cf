import type { Cluster } from './core/cluster.ts';
import type { MachineDeployment } from './core/machine-deployment.ts';
import type { Gateway, TlsRoute } from './core/gateway.ts';
import type { KamajiControlPlane } from './controlplane/v1alpha2/kamaji-control-plane.ts';
import type { KamajiControlPlaneTemplate } from './controlplane/v1alpha2/kamaji-control-plane-template.ts';
import type { DataStore } from './kamaji/v1alpha1/data-store.ts';
import type { KubeconfigGenerator } from './kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from './kamaji/v1alpha1/tenant-control-plane.ts';
import type { ObjectMeta } from './meta.ts';

/** What every object has. */
interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/**
 * Coordinates of a kind on the wire, typed by the shape of its objects. This file loads no schema, so that a controller
 * may import it for its values.
 */
export interface Kind<T> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** For the compiler only. */
  readonly objectType?: T;
}

export const tenantControlPlanes: Kind<TenantControlPlane> = Object.freeze({
  group: 'kamaji.clastix.io',
  version: 'v1alpha1',
  kind: 'TenantControlPlane',
  plural: 'tenantcontrolplanes',
  namespaced: true,
});

export const dataStores: Kind<DataStore> = Object.freeze({
  group: 'kamaji.clastix.io',
  version: 'v1alpha1',
  kind: 'DataStore',
  plural: 'datastores',
  namespaced: false,
});

export const kubeconfigGenerators: Kind<KubeconfigGenerator> = Object.freeze({
  group: 'kamaji.clastix.io',
  version: 'v1alpha1',
  kind: 'KubeconfigGenerator',
  plural: 'kubeconfiggenerators',
  namespaced: false,
});

export const kamajiControlPlanes: Kind<KamajiControlPlane> = Object.freeze({
  group: 'controlplane.cluster.x-k8s.io',
  version: 'v1alpha2',
  kind: 'KamajiControlPlane',
  plural: 'kamajicontrolplanes',
  namespaced: true,
});

export const kamajiControlPlaneTemplates: Kind<KamajiControlPlaneTemplate> = Object.freeze({
  group: 'controlplane.cluster.x-k8s.io',
  version: 'v1alpha2',
  kind: 'KamajiControlPlaneTemplate',
  plural: 'kamajicontrolplanetemplates',
  namespaced: true,
});

/** The kinds that this project defines. */
export const ownKinds = Object.freeze([
  tenantControlPlanes,
  dataStores,
  kubeconfigGenerators,
  kamajiControlPlanes,
  kamajiControlPlaneTemplates,
]);

/** Cluster API's Cluster, which this project only reads. */
export const clusters: Kind<Cluster> = Object.freeze({
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  kind: 'Cluster',
  plural: 'clusters',
  namespaced: true,
});

/** Cluster API's Machine, of which this project only counts those that are left. */
export const machines: Kind<KubeObject> = Object.freeze({
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  kind: 'Machine',
  plural: 'machines',
  namespaced: true,
});

/** Cluster API's MachineDeployment, of which this project moves those that ask for it to another version. */
export const machineDeployments: Kind<MachineDeployment> = Object.freeze({
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  kind: 'MachineDeployment',
  plural: 'machinedeployments',
  namespaced: true,
});

/** Cluster API's MachinePool, of which this project only counts those that are left. */
export const machinePools: Kind<KubeObject> = Object.freeze({
  group: 'cluster.x-k8s.io',
  version: 'v1beta2',
  kind: 'MachinePool',
  plural: 'machinepools',
  namespaced: true,
});

/** Gateway API's TLSRoute. */
export const tlsRoutes: Kind<TlsRoute> = Object.freeze({
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  kind: 'TLSRoute',
  plural: 'tlsroutes',
  namespaced: true,
});

/** Gateway API's Gateway, which this project only reads. */
export const gateways: Kind<Gateway> = Object.freeze({
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  kind: 'Gateway',
  plural: 'gateways',
  namespaced: true,
});
