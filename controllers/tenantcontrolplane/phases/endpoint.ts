import type { AddressPending, ControlPlaneAddress } from '#controlplane/address.ts';
import { addressOf } from '#controlplane/address.ts';
import { controlPlaneService } from '#controlplane/service.ts';
import type { Service } from '#runtime/client/builtin.ts';
import { services } from '#runtime/client/builtin.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { OwnedWriting } from '../ownership.ts';
import { applyOwned, ForeignObjectError } from '../ownership.ts';

/** Where the control plane is reached, and the Service as it is now. */
export interface Endpoint {
  readonly address: ControlPlaneAddress;
  readonly service: Service;
}

type EndpointOutcome = Outcome<Endpoint, 'EndpointReady'>;

export interface EndpointInput extends OwnedWriting {
  readonly service: Service | undefined;
  readonly konnectivity: boolean;
}

/** Applies the Service and finds out its address. */
export async function reconcileEndpoint(input: EndpointInput): Promise<EndpointOutcome> {
  const { tenantControlPlane } = input;
  try {
    const desired = controlPlaneService(tenantControlPlane, input.konnectivity);
    const service = await applyOwned(input, services, desired, input.service);
    const { resolved, pending } = addressOf(tenantControlPlane, service);
    if (pending !== undefined) return { finding: pendingFinding(pending) };
    return {
      finding: {
        type: 'EndpointReady',
        status: 'True',
        reason: 'EndpointReady',
        message: `the API server is published at ${resolved.advertisedEndpoint}`,
      },
      value: { address: resolved, service },
    };
  } catch (error) {
    return failed(error);
  }
}

const PENDING_REASONS = {
  ServicePending: 'Waiting',
  LoadBalancerPending: 'WaitingForLoadBalancer',
  LoadBalancerHasNoIP: 'AddressUnsupported',
  AddressRequired: 'AddressMissing',
} as const satisfies Record<AddressPending['reason'], Finding<'EndpointReady'>['reason']>;

function pendingFinding({ reason, message }: AddressPending): Finding<'EndpointReady'> {
  return { type: 'EndpointReady', status: 'False', reason: PENDING_REASONS[reason], message };
}

function failed(error: unknown): EndpointOutcome {
  if (error instanceof ForeignObjectError) return notReady(error.code, error.message);
  if (!(error instanceof ApiError) || !error.isInvalid) {
    return {
      finding: { type: 'EndpointReady', status: 'False', reason: 'InternalError', message: messageOf(error) },
      error: asError(error),
    };
  }
  // The API server has no code of its own for this cause (Kubernetes: pkg/registry/core/service/portallocator).
  if (error.message.includes('port is already allocated')) {
    return notReady(
      'PortOccupied',
      `a node port is taken by another Service: ${error.message}: free it, or choose another spec.networkProfile.port`,
    );
  }
  return notReady('ServiceRefused', `the API server refuses the Service: ${error.message}`);
}

function notReady(reason: Finding<'EndpointReady'>['reason'], message: string): EndpointOutcome {
  return { finding: { type: 'EndpointReady', status: 'False', reason, message }, requeueAfterMs: RECHECK_MS };
}
