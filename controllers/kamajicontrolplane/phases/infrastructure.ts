import type { Cluster } from '#api/core/cluster.ts';
import { annotations, labels, MANAGED_BY_KAMAJI } from '#api/labels.ts';
import { hostPort } from '#controlplane/address.ts';
import type { Client } from '#runtime/client/client.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type {
  InfrastructureCluster,
  InfrastructureKind,
  InfrastructureKinds,
  KindResolution,
} from '../infrastructure-kinds.ts';
import type { HostAndPort } from '../infrastructure-plan.ts';
import { planInfrastructure } from '../infrastructure-plan.ts';
import { isMissingRight, isRefusal } from '../refusal.ts';
import { sameEndpoint } from './endpoint.ts';

export interface InfrastructureInput {
  readonly cluster: Cluster;
  readonly endpoint: HostAndPort | undefined;
  readonly kinds: InfrastructureKinds;
  /** The gate SkipInfraClusterPatch. */
  readonly skip: boolean;
  readonly client: Client;
  readonly signal: AbortSignal;
}

type InfrastructureOutcome = Outcome<never, 'InfrastructureClusterPatched'>;

/** Gives the infrastructure cluster the endpoint, where its provider does not take it from the Cluster. */
export async function reconcileInfrastructure(input: InfrastructureInput): Promise<InfrastructureOutcome> {
  const { cluster, endpoint, kinds, skip, client, signal } = input;
  const reference = cluster.spec?.infrastructureRef;
  if (reference === undefined) return is('True', 'NotNeeded', 'the Cluster has no infrastructure cluster');
  if (skip) return is('True', 'NotNeeded', 'the gate SkipInfraClusterPatch leaves infrastructure clusters alone');
  if (endpoint === undefined) return is('False', 'WaitingForEndpoint', 'the control plane has no endpoint yet');
  // Then there is nothing left that it could lack, and a settled Cluster costs no request.
  const provisioned = cluster.status?.initialization?.infrastructureProvisioned === true;
  if (provisioned && sameEndpoint(cluster.spec?.controlPlaneEndpoint, endpoint)) {
    return is(
      'True',
      'Succeeded',
      `${reference.kind} ${reference.name} is provisioned and the Cluster has the endpoint`,
    );
  }
  let kind: InfrastructureKind | undefined;
  try {
    const resolution = await kinds.resolve(client, reference, signal);
    if (resolution.found === undefined) return unresolved(resolution);
    kind = resolution.found;
    const key = {
      ...(kind.resource.namespaced ? { namespace: cluster.metadata.namespace ?? '' } : {}),
      name: reference.name,
    };
    const infrastructure = await client.get(kind.resource, key, { signal });
    if (infrastructure === undefined) {
      return later('WaitingForInfrastructureCluster', `${reference.kind} ${reference.name} does not exist yet`);
    }
    return await patch(input, kind, infrastructure, endpoint);
  } catch (error) {
    return failed(error, kind);
  }
}

function unresolved({
  missing,
  crdName,
}: Extract<KindResolution, { readonly missing: unknown }>): InfrastructureOutcome {
  return missing === 'Definition'
    ? later('WaitingForInfrastructureCluster', `CustomResourceDefinition ${crdName} is not installed`)
    : later(
        'KindUnsupported',
        `CustomResourceDefinition ${crdName} has no label that names the Cluster API contract it keeps`,
      );
}

async function patch(
  { client, signal }: InfrastructureInput,
  { resource, contract }: InfrastructureKind,
  infrastructure: InfrastructureCluster,
  endpoint: HostAndPort,
): Promise<InfrastructureOutcome> {
  const plan = planInfrastructure(infrastructure, contract, endpoint);
  const { name = '', namespace } = infrastructure.metadata ?? {};
  const what = `${resource.kind} ${name}`;
  const wanted = hostPort(endpoint.host, endpoint.port);
  switch (plan.action) {
    case 'leave':
      return {
        ...is(
          'True',
          'NotNeeded',
          `${what} is left to its provider, which takes the endpoint from the Cluster; to have it filled in from here, ` +
            `annotate it with ${annotations.infrastructureManagedBy}=${MANAGED_BY_KAMAJI}`,
        ),
        requeueAfterMs: RECHECK_MS,
      };
    case 'mismatch': {
      const { host, port } = plan.present;
      const present = host === '' ? 'no controlPlaneEndpoint' : `controlPlaneEndpoint ${hostPort(host, port)}`;
      return later(
        'EndpointMismatch',
        `${what} has ${present}, but the API server is published at ${wanted}: choose one address up front, for both`,
      );
    }
    case 'patch': {
      const key = { ...(namespace === undefined ? {} : { namespace }), name };
      if (plan.spec !== undefined) await client.mergePatch(resource, key, { spec: plan.spec }, { signal });
      if (plan.status !== undefined) {
        await client.mergePatch(resource, key, { status: plan.status }, { signal, subresource: 'status' });
      }
      return is('True', 'Succeeded', `${what} has the endpoint ${wanted}`);
    }
  }
}

function failed(error: unknown, kind: InfrastructureKind | undefined): InfrastructureOutcome {
  if (isRefusal(error)) return later('PatchRefused', error.message);
  if (isMissingRight(error)) {
    const remedy = kind === undefined ? '' : `: apply this ClusterRole: ${JSON.stringify(clusterRoleFor(kind))}`;
    return later('Forbidden', `${error.message}${remedy}`);
  }
  return { ...is('False', 'InternalError', messageOf(error)), error: asError(error) };
}

/** The rights on one kind; roles with this label are part of the manager's. */
function clusterRoleFor({ resource: { group, plural } }: InfrastructureKind): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `kamaji-manager-${plural}`, labels: { [labels.aggregateToManager]: 'true' } },
    rules: [
      { apiGroups: [group], resources: [plural], verbs: ['get', 'patch'] },
      { apiGroups: [group], resources: [`${plural}/status`], verbs: ['patch'] },
    ],
  };
}

function later(reason: Finding<'InfrastructureClusterPatched'>['reason'], message: string): InfrastructureOutcome {
  return { ...is('False', reason, message), requeueAfterMs: RECHECK_MS };
}

function is(
  status: Finding['status'],
  reason: Finding<'InfrastructureClusterPatched'>['reason'],
  message: string,
): InfrastructureOutcome {
  return { finding: { type: 'InfrastructureClusterPatched', status, reason, message } };
}
