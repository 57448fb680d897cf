import type { RouteParentStatus, TlsRoute } from '#api/core/gateway.ts';
import { tlsRoutes } from '#api/kinds.ts';
import { controlPlaneIngress } from '#controlplane/ingress.ts';
import { apiServerRoute, konnectivityRoute } from '#controlplane/tls-route.ts';
import type { Ingress } from '#runtime/client/builtin.ts';
import { ingresses } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { Finding, Step } from '../finding.ts';
import type { OwnedWriting } from '../ownership.ts';
import { applyOwned, ForeignObjectError, isOwnedBy } from '../ownership.ts';

/** What stands in front of the Service, as it is now. */
export interface Exposure {
  readonly ingress: Ingress | undefined;
  readonly route: TlsRoute | undefined;
  readonly konnectivityRoute: TlsRoute | undefined;
}

export interface ExposureInput extends OwnedWriting {
  readonly live: Exposure;
  readonly konnectivity: boolean;
}

type ExposureStep = Step<Exposure, 'EndpointReady'>;

/** Applies the Ingress or the TLSRoutes that the spec asks for, and removes ours that it no longer asks for. */
export async function reconcileExposure(input: ExposureInput): Promise<ExposureStep> {
  const { tenantControlPlane, live, konnectivity } = input;
  const { ingress, gateway } = tenantControlPlane.spec.controlPlane;
  try {
    const [anIngress, route, tunnel] = await Promise.all([
      applyOrRemove(input, ingresses, controlPlaneIngress(tenantControlPlane), live.ingress),
      applyOrRemove(input, tlsRoutes, apiServerRoute(tenantControlPlane), live.route),
      applyOrRemove(
        input,
        tlsRoutes,
        konnectivity ? konnectivityRoute(tenantControlPlane) : undefined,
        live.konnectivityRoute,
      ),
    ]);
    const value = { ingress: anIngress, route, konnectivityRoute: tunnel };
    if (ingress !== undefined && anIngress === undefined) {
      return {
        value,
        ...notReady('AddressMissing', 'an Ingress needs a host name: set spec.controlPlane.ingress.hostname'),
      };
    }
    if (gateway !== undefined && route === undefined) {
      return { value, ...notReady('AddressMissing', incompleteGateway(gateway)) };
    }
    const refusal = [route, tunnel].map((one) => (one === undefined ? undefined : refusalOf(one))).find(isDefined);
    return refusal === undefined ? { value } : { value, finding: refusal };
  } catch (error) {
    return failed(error);
  }
}

function incompleteGateway({ hostname }: { readonly hostname?: string }): string {
  const missing =
    hostname === undefined
      ? 'a host name: set spec.controlPlane.gateway.hostname'
      : 'a Gateway: set spec.controlPlane.gateway.parentRefs';
  return `a TLSRoute needs ${missing}`;
}

async function applyOrRemove<T extends KubeObject>(
  input: ExposureInput,
  resource: Resource<T>,
  desired: T | undefined,
  live: T | undefined,
): Promise<T | undefined> {
  if (desired !== undefined) return applyOwned(input, resource, desired, live);
  const { tenantControlPlane, client, signal } = input;
  if (live !== undefined && isOwnedBy(live, tenantControlPlane)) await client.delete(resource, keyOf(live), { signal });
  return undefined;
}

/** What is wrong with a route from the view of its Gateways. */
function refusalOf({ metadata, spec, status }: TlsRoute): Finding<'EndpointReady'> | undefined {
  const name = metadata.name ?? '';
  const parents = status?.parents ?? [];
  const refused = parents.find((parent) => findCondition(parent.conditions, 'Accepted')?.status === 'False');
  if (refused !== undefined) {
    const { reason = '', message = '' } = findCondition(refused.conditions, 'Accepted') ?? {};
    return finding(
      'RouteNotAccepted',
      `Gateway ${gatewayName(refused)} refuses TLSRoute ${name} (${reason}: ${message}): it needs a listener with protocol TLS, mode Passthrough, that allows routes of this namespace`,
    );
  }
  if (!parents.some(isAccepted)) {
    const wanted = spec.parentRefs.map(({ name: parent }) => parent).join(', ');
    return finding(
      'RouteNotAccepted',
      `no Gateway has accepted TLSRoute ${name} yet: check that Gateway ${wanted} exists and is programmed`,
    );
  }
  return undefined;
}

function gatewayName({ parentRef: { namespace, name } }: RouteParentStatus): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Whether the Gateway routes to us. */
export function isAccepted(parent: RouteParentStatus): boolean {
  return findCondition(parent.conditions, 'Accepted')?.status === 'True';
}

function failed(error: unknown): ExposureStep {
  if (error instanceof ForeignObjectError) return notReady(error.code, error.message);
  if (error instanceof ApiError && error.isNotFound) {
    return notReady(
      'GatewayApiMissing',
      `TLSRoute of gateway.networking.k8s.io/v1 is not served by the management cluster: install the Gateway API (1.5 or newer), or remove spec.controlPlane.gateway`,
    );
  }
  if (error instanceof ApiError && error.isInvalid) {
    return notReady('RouteRefused', `the API server refuses what exposes the control plane: ${error.message}`);
  }
  return { ...notReady('InternalError', messageOf(error)), error: asError(error) };
}

function notReady(reason: Finding<'EndpointReady'>['reason'], message: string) {
  return { finding: finding(reason, message), requeueAfterMs: RECHECK_MS };
}

function finding(reason: Finding<'EndpointReady'>['reason'], message: string): Finding<'EndpointReady'> {
  return { type: 'EndpointReady', status: 'False', reason, message };
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
