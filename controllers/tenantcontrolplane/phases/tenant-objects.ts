import { coreDns } from '#addons/coredns.ts';
import type { CoreDnsExisting } from '#addons/coredns.ts';
import { konnectivityAgent } from '#addons/konnectivity-agent.ts';
import { kubeProxy } from '#addons/kube-proxy.ts';
import { kubernetesEndpoints } from '#addons/kubernetes-endpoints.ts';
import { DEFAULT_CLUSTER_DOMAIN } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { patchConfiguration } from '#bootstrap/configuration-patch.ts';
import { bootstrapObjects } from '#bootstrap/tenant-objects.ts';
import { konnectivityEndpointOf } from '#controlplane/address.ts';
import { maintainsOwnEndpoints } from '#controlplane/apiserver.ts';
import { networksOf } from '#controlplane/networks.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  daemonSets,
  deployments,
  endpoints,
  endpointSlices,
  roleBindings,
  roles,
  serviceAccounts,
  services,
} from '#runtime/client/builtin.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { DesiredObject } from '#tenant/owned-objects.ts';
import type { ChosenVersions } from '../addon-versions.ts';
import type { Endpoint } from './endpoint.ts';

/** Namespaces inside a tenant that we have objects in. */
export const TENANT_NAMESPACES = ['kube-system', 'kube-public', 'default'] as const;

/**
 * Every kind that we put inside a tenant, in two groups that a look takes turns between: who may do what; and what runs there and
 * how it is reached. ConfigMaps, which people edit most, are in both.
 */
export const TENANT_TURNS: readonly (readonly Resource[])[] = [
  [configMaps, serviceAccounts, roles, roleBindings, clusterRoles, clusterRoleBindings],
  [configMaps, deployments, daemonSets, services, endpoints, endpointSlices],
];

/** Every kind that we put inside a tenant. */
export const TENANT_KINDS: readonly Resource[] = [...new Set(TENANT_TURNS.flat())];

/** What the objects inside a tenant depend on. */
export interface TenantObjectsInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly endpoint: Endpoint;
  readonly konnectivity: boolean;
  readonly addonVersions: ChosenVersions;
  /** Every certificate that nodes are to trust, in PEM. */
  readonly caCertificatesPem: string;
  /** What is there of CoreDNS, of which the tenant's users may have changed some. */
  readonly existingCoreDns: CoreDnsExisting | undefined;
}

/** What `kubeadm init` would have left inside the tenant. Throws BootstrapError. */
export function desiredBootstrap(input: Omit<TenantObjectsInput, 'existingCoreDns'>): readonly DesiredObject[] {
  return withResources(bootstrapObjects(bootstrapInput(input)));
}

/** The addons of a tenant, in apply order. */
export function desiredAddons(input: TenantObjectsInput): readonly DesiredObject[] {
  return withResources(addonsOf(input));
}

function bootstrapInput({
  tenantControlPlane,
  endpoint,
  caCertificatesPem,
}: Omit<TenantObjectsInput, 'existingCoreDns'>) {
  const { spec, metadata } = tenantControlPlane;
  const { cgroupfs, configurationJSONPatches } = spec.kubernetes.kubelet;
  return {
    clusterName: metadata.name ?? '',
    kubernetesVersion: spec.kubernetes.version,
    controlPlaneEndpoint: endpoint.address.advertisedEndpoint,
    clusterDomain: spec.networkProfile?.clusterDomain ?? DEFAULT_CLUSTER_DOMAIN,
    ...networksOf(tenantControlPlane),
    certSANs: spec.networkProfile?.certSANs ?? [],
    ...(cgroupfs === undefined ? {} : { cgroupDriver: cgroupfs }),
    ...(configurationJSONPatches === undefined ? {} : { kubeletPatches: configurationJSONPatches }),
    caCertificatesPem,
  };
}

function addonsOf(input: TenantObjectsInput): readonly KubeObject[] {
  const { tenantControlPlane, endpoint, addonVersions } = input;
  const { address } = endpoint;
  const ownEndpoints = maintainsOwnEndpoints(tenantControlPlane.spec.controlPlane.deployment?.extraArgs?.apiServer);
  return [
    ...(ownEndpoints ? [] : kubernetesEndpoints({ address: address.advertiseAddress, port: address.port })),
    // While it is not known which versions are wanted, nothing that has one is touched.
    ...(addonVersions.problem === undefined ? versionedAddons(input) : []),
  ];
}

function versionedAddons(input: TenantObjectsInput): readonly KubeObject[] {
  const { tenantControlPlane, endpoint, konnectivity, existingCoreDns } = input;
  const { versions } = input.addonVersions;
  const { addons } = tenantControlPlane.spec;
  const { address, service } = endpoint;
  const { dnsServiceIPs, podCidrs } = networksOf(tenantControlPlane);
  // Unknown only until the API server has allocated the node port: the event of that brings us back.
  const tunnel = konnectivity ? konnectivityEndpointOf(tenantControlPlane, address, service) : undefined;
  return [
    ...(addons?.kubeProxy === undefined
      ? []
      : kubeProxy({
          tenantControlPlane,
          versions,
          controlPlaneEndpoint: address.advertisedEndpoint,
          podCidrs,
          patch: (configuration) =>
            patchConfiguration('kube-proxy', configuration, addons.kubeProxy?.configurationJSONPatches ?? []),
        })),
    ...(addons?.coreDNS === undefined
      ? []
      : coreDns({
          tenantControlPlane,
          versions,
          dnsServiceIPs,
          ...(existingCoreDns === undefined ? {} : { existing: existingCoreDns }),
        })),
    ...(tunnel === undefined
      ? []
      : konnectivityAgent({
          tenantControlPlane,
          versions,
          server: tunnel,
          apiServer: { host: address.advertiseAddress, port: address.port },
        })),
  ];
}

const RESOURCES = new Map(TENANT_KINDS.map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource]));

function withResources(objects: readonly KubeObject[]): readonly DesiredObject[] {
  return objects.map((object) => {
    const kind = `${object.apiVersion ?? ''}/${object.kind ?? ''}`;
    const resource = RESOURCES.get(kind);
    if (resource === undefined) throw new TypeError(`${kind} is not among the kinds that are kept inside tenants`);
    return { resource, object };
  });
}
