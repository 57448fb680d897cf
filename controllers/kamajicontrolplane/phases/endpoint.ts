import type { ApiEndpoint, Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlaneReason } from '#api/kamaji/v1alpha1/tenant-control-plane-conditions.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { kamajiControlPlanes } from '#api/kinds.ts';
import type { ControlPlaneAddress } from '#controlplane/address.ts';
import { addressOf, hostPort } from '#controlplane/address.ts';
import type { Service } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf } from '#runtime/controller/finding.ts';

/** Where the API server is reached, once that stands in the spec too. */
export interface PublishedEndpoint {
  /** What Cluster API and infrastructure providers get; an IPv6 host without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port` that nodes dial. */
  readonly forNodes: string;
  /** The object as it is after the endpoint was written into it. */
  readonly controlPlane: KamajiControlPlane;
}

export interface EndpointInput {
  readonly controlPlane: KamajiControlPlane;
  readonly cluster: Cluster;
  readonly tenantControlPlane: TenantControlPlane | undefined;
  readonly service: Service | undefined;
  readonly client: Client;
  readonly signal: AbortSignal;
}

type EndpointOutcome = Outcome<PublishedEndpoint, 'EndpointReady'>;

/**
 * Writes the endpoint into the spec, where core finds it (Cluster API contract: `spec.controlPlaneEndpoint`). It waits for
 * nothing but the address itself: infrastructure may in turn be waiting for it.
 */
export async function reconcileEndpoint(input: EndpointInput): Promise<EndpointOutcome> {
  const { controlPlane, cluster, tenantControlPlane, service, client, signal } = input;
  if (tenantControlPlane === undefined) return waiting('the control plane has no address yet');
  const known = findCondition(tenantControlPlane.status?.conditions, 'EndpointReady');
  if (known?.status !== 'True') return notReady(known);
  const { resolved, pending } = addressOf(tenantControlPlane, service);
  if (pending !== undefined) return waiting(pending.message);

  const published = publishedEndpoint(tenantControlPlane, resolved);
  const given = controlPlane.spec.controlPlaneEndpoint ?? {};
  const conflict =
    conflictWith("the spec's controlPlaneEndpoint", given, published) ??
    conflictWith(
      `Cluster ${cluster.metadata.name ?? ''}'s controlPlaneEndpoint`,
      cluster.spec?.controlPlaneEndpoint,
      published,
    );
  if (conflict !== undefined) return { finding: finding('False', 'EndpointConflict', conflict) };
  try {
    const complete = given.host !== undefined && given.port !== undefined;
    const object = complete ? controlPlane : await write(controlPlane, published, client, signal);
    const message = `the API server is published at ${hostPort(published.host, published.port)}`;
    return {
      finding: finding('True', 'EndpointReady', message),
      value: { ...published, forNodes: resolved.advertisedEndpoint, controlPlane: object },
    };
  } catch (error) {
    return { finding: finding('False', 'InternalError', messageOf(error)), error: asError(error) };
  }
}

/** True when both name the same host and port; absent and empty ones name nothing. */
export function sameEndpoint(
  one: ApiEndpoint | undefined,
  other: { readonly host: string; readonly port: number },
): boolean {
  return one?.host === other.host && one.port === other.port;
}

/** Clients come by what stands in front of the Service, where something does. */
function publishedEndpoint(
  { spec }: TenantControlPlane,
  address: ControlPlaneAddress,
): { readonly host: string; readonly port: number } {
  const { ingress, gateway } = spec.controlPlane;
  if (!ingress?.hostname && !gateway?.hostname) return { host: address.address, port: address.port };
  const [, host = '', port = ''] = /^(.*):(\d+)$/u.exec(address.advertisedEndpoint) ?? [];
  return { host, port: Number(port) };
}

function conflictWith(
  what: string,
  given: ApiEndpoint | undefined,
  published: { readonly host: string; readonly port: number },
): string | undefined {
  // Older readers write an unknown endpoint as an empty host and port 0.
  const { host = published.host, port = published.port } = {
    ...(given?.host && { host: given.host }),
    ...(given?.port && { port: given.port }),
  };
  if (host === published.host && port === published.port) return undefined;
  return (
    `${what} is ${hostPort(host, port)}, but the API server is published at ${hostPort(published.host, published.port)}: ` +
    `make it so by network.serviceAddress and the Cluster's clusterNetwork.apiServerPort, or leave the endpoint to be filled in`
  );
}

function write(
  controlPlane: KamajiControlPlane,
  { host, port }: { readonly host: string; readonly port: number },
  client: Client,
  signal: AbortSignal,
): Promise<KamajiControlPlane> {
  const metadata = { resourceVersion: controlPlane.metadata.resourceVersion };
  const patch = { metadata, spec: { controlPlaneEndpoint: { host, port } } };
  return client.mergePatch(kamajiControlPlanes, keyOf(controlPlane), patch, { signal });
}

const STILL_COMING: ReadonlySet<string> = new Set<TenantControlPlaneReason<'EndpointReady'>>([
  'Waiting',
  'WaitingForLoadBalancer',
]);

function notReady(known: { readonly reason: string; readonly message: string } | undefined): EndpointOutcome {
  if (known === undefined) return waiting('the control plane has no address yet');
  if (STILL_COMING.has(known.reason)) return waiting(known.message);
  return { finding: finding('False', 'AddressUnavailable', known.message) };
}

function waiting(message: string): EndpointOutcome {
  return { finding: finding('False', 'WaitingForAddress', message) };
}

function finding(
  status: Finding['status'],
  reason: Finding<'EndpointReady'>['reason'],
  message: string,
): Finding<'EndpointReady'> {
  return { type: 'EndpointReady', status, reason, message };
}
