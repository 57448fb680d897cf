import { annotations, MANAGED_BY_KAMAJI } from '#api/labels.ts';
import type { Contract, InfrastructureCluster } from './infrastructure-kinds.ts';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** What to do to an infrastructure cluster. */
export type InfrastructurePlan =
  /** Merge patches of spec and status; absent where nothing is missing. */
  | { readonly action: 'patch'; readonly spec?: object; readonly status?: object }
  /** It has an endpoint of its own, which may not be changed from here. */
  | { readonly action: 'mismatch'; readonly present: HostAndPort }
  /** Its provider takes the endpoint from the Cluster, as the contract has it. */
  | { readonly action: 'leave' };

/** `spec.controlPlaneEndpoint` and what goes with it. */
type Treatment = 'Fill' | 'FillAndReady' | 'Check' | 'FillOrCheck' | 'FixedAddress';

/** Infrastructure providers that need the endpoint from here, by kind: what upstream does for each. */
const TREATMENTS: Readonly<Record<string, Treatment>> = {
  AWSCluster: 'Fill',
  AzureCluster: 'Fill',
  HetznerCluster: 'Fill',
  IonosCloudCluster: 'Fill',
  KubevirtCluster: 'FillAndReady',
  NutanixCluster: 'FillAndReady',
  PacketCluster: 'FillAndReady',
  Metal3Cluster: 'Check',
  MetalStackCluster: 'Check',
  ProxmoxCluster: 'FillOrCheck',
  TinkerbellCluster: 'FillOrCheck',
  VSphereCluster: 'FillOrCheck',
  OpenStackCluster: 'FixedAddress',
};

/** Decides what an infrastructure cluster lacks. Pure. */
export function planInfrastructure(
  infrastructure: InfrastructureCluster,
  contract: Contract,
  endpoint: HostAndPort,
): InfrastructurePlan {
  const { spec = {}, status = {}, metadata } = infrastructure;
  const { host = '', port = 0 } = spec.controlPlaneEndpoint ?? {};
  const present = { host, port };
  const equal = host === endpoint.host && port === endpoint.port;
  const fill = equal ? {} : { spec: { controlPlaneEndpoint: { host: endpoint.host, port: endpoint.port } } };

  // Its own provider keeps away from such a cluster, whatever its kind: all that the contract asks for is up to us.
  if (metadata?.annotations?.[annotations.infrastructureManagedBy] === MANAGED_BY_KAMAJI) {
    return { action: 'patch', ...fill, ...provisioned(status, contract === 'v1beta1') };
  }
  const treatment = TREATMENTS[infrastructure.kind ?? ''];
  if (treatment === undefined) return { action: 'leave' };
  switch (treatment) {
    case 'Fill':
      return { action: 'patch', ...fill };
    case 'FillAndReady':
      return { action: 'patch', ...fill, ...provisioned(status, true) };
    case 'Check':
      return equal ? { action: 'patch' } : { action: 'mismatch', present };
    case 'FillOrCheck':
      return equal || host === '' ? { action: 'patch', ...fill } : { action: 'mismatch', present };
    case 'FixedAddress': {
      const set = spec.apiServerFixedIP === endpoint.host && spec.apiServerPort === endpoint.port;
      const fixed = { apiServerFixedIP: endpoint.host, apiServerPort: endpoint.port };
      return { action: 'patch', ...(set ? {} : { spec: fixed }) };
    }
  }
}

function provisioned(status: NonNullable<InfrastructureCluster['status']>, alsoReady: boolean): { status?: object } {
  const missing = {
    ...(status.initialization?.provisioned === true ? {} : { initialization: { provisioned: true } }),
    ...(!alsoReady || status.ready === true ? {} : { ready: true }),
  };
  return Object.keys(missing).length === 0 ? {} : { status: missing };
}
