import { bootstrapObjects } from '#bootstrap/tenant-objects.ts';
import { BootstrapError } from '#bootstrap/errors.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { DEFAULT_CLUSTER_DOMAIN } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { coreDns } from '#addons/coredns.ts';
import { konnectivityAgent } from '#addons/konnectivity-agent.ts';
import { kubeProxy } from '#addons/kube-proxy.ts';
import { kubernetesEndpoints } from '#addons/kubernetes-endpoints.ts';
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
import { tenantAccess } from '#tenant/access.ts';
import type { DesiredObject, OwnedObjects } from '#tenant/owned-objects.ts';
import type { TenantPool } from '#tenant/pool.ts';
import type { Finding } from '../finding.ts';
import { asError, messageOf } from '../finding.ts';
import type { Endpoint } from './endpoint.ts';

/** Every kind that we put inside a tenant. */
export const TENANT_KINDS: readonly Resource[] = [
  configMaps,
  serviceAccounts,
  services,
  roles,
  roleBindings,
  clusterRoles,
  clusterRoleBindings,
  deployments,
  daemonSets,
  endpoints,
  endpointSlices,
];

export interface TenantSideInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly endpoint: Endpoint;
  readonly konnectivity: boolean;
  /** Kubeconfig of an administrator inside the tenant. */
  readonly adminKubeconfig: string;
  /** Every certificate that nodes are to trust, in PEM. */
  readonly caCertificatesPem: string;
  readonly pool: TenantPool;
  readonly ownedObjects: OwnedObjects;
  readonly signal: AbortSignal;
}

export interface TenantSideOutcome {
  readonly bootstrap: Finding<'BootstrapReady'>;
  readonly addons: Finding<'AddonsReady'>;
  readonly error?: Error;
}

/** Brings what `kubeadm init` would have left, and the addons, into the tenant; heals what was changed there. */
export async function reconcileTenantSide(input: TenantSideInput): Promise<TenantSideOutcome> {
  let bootstrap: readonly DesiredObject[];
  let addons: readonly DesiredObject[];
  try {
    bootstrap = withResources(bootstrapObjects(bootstrapInput(input)));
    addons = withResources(addonsOf(input));
  } catch (error) {
    return refused(error);
  }
  const { tenantControlPlane, ownedObjects, signal } = input;
  const access = tenantAccess(tenantControlPlane, input.endpoint.service, parseKubeconfig(input.adminKubeconfig));
  if (access === undefined) return bothFailed('TenantUnreachable', 'the Service has no cluster IP');
  try {
    const { failures } = await ownedObjects.ensure(
      tenantControlPlane.metadata.uid ?? '',
      input.pool.client(access),
      [...bootstrap, ...addons],
      signal,
    );
    const failedOf = (group: readonly DesiredObject[]): string | undefined => {
      const first = failures.find(({ object }) => group.some((entry) => entry.object === object));
      return first === undefined
        ? undefined
        : `${first.object.kind ?? ''} ${first.object.metadata?.name ?? ''}: ${messageOf(first.error)}`;
    };
    const bootstrapFailure = failedOf(bootstrap);
    const addonFailure = failedOf(addons);
    const [failure] = failures;
    return {
      bootstrap:
        bootstrapFailure === undefined
          ? { type: 'BootstrapReady', status: 'True', reason: 'BootstrapReady', message: 'nodes can join' }
          : { type: 'BootstrapReady', status: 'False', reason: 'ApplyFailed', message: bootstrapFailure },
      addons:
        addonFailure === undefined
          ? { type: 'AddonsReady', status: 'True', reason: 'AddonsReady', message: 'all addons are applied' }
          : { type: 'AddonsReady', status: 'False', reason: 'ApplyFailed', message: addonFailure },
      ...(failure === undefined ? {} : { error: asError(failure.error) }),
    };
  } catch (error) {
    const message = `the tenant's API server does not answer: ${messageOf(error)}`;
    return { ...bothFailed('TenantUnreachable', message), error: asError(error) };
  }
}

/** While there is no API server to talk to. */
export function tenantSideWaiting(tenantControlPlane: TenantControlPlane): TenantSideOutcome {
  const asleep = tenantControlPlane.spec.controlPlane.deployment?.replicas === 0;
  return asleep
    ? bothFailed('Asleep', 'replicas is 0: the control plane sleeps')
    : bothFailed('Waiting', 'waiting for an API server');
}

function bootstrapInput({ tenantControlPlane, endpoint, caCertificatesPem }: TenantSideInput) {
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

function addonsOf({ tenantControlPlane, endpoint, konnectivity }: TenantSideInput): readonly KubeObject[] {
  const { spec } = tenantControlPlane;
  const { address, service } = endpoint;
  const { dnsServiceIPs, podCidrs } = networksOf(tenantControlPlane);
  const apiServer = { host: address.advertiseAddress, port: address.port };
  // Unknown only until the API server has allocated the node port: the event of that brings us back.
  const tunnel = konnectivity ? konnectivityEndpointOf(tenantControlPlane, address, service) : undefined;
  return [
    ...(maintainsOwnEndpoints(spec.controlPlane.deployment?.extraArgs?.apiServer)
      ? []
      : kubernetesEndpoints({ address: address.advertiseAddress, port: address.port })),
    ...(spec.addons?.kubeProxy === undefined
      ? []
      : kubeProxy({ tenantControlPlane, controlPlaneEndpoint: address.advertisedEndpoint, podCidrs })),
    ...(spec.addons?.coreDNS === undefined ? [] : coreDns({ tenantControlPlane, dnsServiceIPs })),
    ...(tunnel === undefined ? [] : konnectivityAgent({ tenantControlPlane, server: tunnel, apiServer })),
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

function refused(error: unknown): TenantSideOutcome {
  const message = messageOf(error);
  if (error instanceof BootstrapError && error.code === 'KubeletPatchFailed') {
    return { ...bothFailed('ApplyFailed', message), bootstrap: bootstrapFailed('PatchInvalid', message) };
  }
  if (error instanceof BootstrapError && error.code === 'KubernetesVersionInvalid') {
    return bothFailed('VersionUnsupported', message);
  }
  return { ...bothFailed('InternalError', message), error: asError(error) };
}

function bothFailed(
  reason: 'Waiting' | 'Asleep' | 'TenantUnreachable' | 'VersionUnsupported' | 'ApplyFailed' | 'InternalError',
  message: string,
): Pick<TenantSideOutcome, 'bootstrap' | 'addons'> {
  return {
    bootstrap: bootstrapFailed(reason, message),
    addons: { type: 'AddonsReady', status: 'False', reason, message },
  };
}

function bootstrapFailed(reason: Finding<'BootstrapReady'>['reason'], message: string): Finding<'BootstrapReady'> {
  return { type: 'BootstrapReady', status: 'False', reason, message };
}
