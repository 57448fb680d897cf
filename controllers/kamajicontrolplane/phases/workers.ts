import { compare } from 'semver';
import type { MachineDeployment } from '#api/core/machine-deployment.ts';
import { machineDeployments } from '#api/kinds.ts';
import { annotations, labels } from '#api/labels.ts';
import type { Client } from '#runtime/client/client.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { Finding, Outcome } from '../finding.ts';
import type { InfrastructureKinds } from '../infrastructure-kinds.ts';
import { isMissingRight, isRefusal } from '../refusal.ts';

export interface WorkersInput {
  /** Those that ask to follow. */
  readonly followers: readonly MachineDeployment[];
  /** What they may be moved to; undefined while the control plane is not settled. */
  readonly version: string | undefined;
  readonly kinds: InfrastructureKinds;
  readonly client: Client;
  readonly signal: AbortSignal;
}

type WorkersOutcome = Outcome<never, 'WorkersFollow'>;

/**
 * Moves MachineDeployments that ask for it to the control plane's version, once that is settled and there is an
 * infrastructure template for it: Cluster API then replaces their machines. None is ever moved back.
 */
export async function reconcileWorkers(input: WorkersInput): Promise<WorkersOutcome> {
  const { followers, version } = input;
  if (followers.length === 0) return is('True', 'NotRequested', 'no MachineDeployment asks to follow');
  if (version === undefined) {
    return is('False', 'WaitingForControlPlane', 'MachineDeployments follow when the control plane is settled');
  }
  const behind = followers.filter((follower) => isOlder(follower, version));
  for (const follower of behind) {
    const problem = await moveTo(follower, version, input);
    if (problem !== undefined) return problem;
  }
  return is('True', 'Following', `${followers.length} MachineDeployments have version ${version}`);
}

function isOlder({ spec }: MachineDeployment, version: string): boolean {
  const present = spec?.template?.spec?.version;
  try {
    return present !== undefined && compare(present, version) < 0;
  } catch {
    // What is no version is somebody's own affair.
    return false;
  }
}

async function moveTo(
  follower: MachineDeployment,
  version: string,
  { kinds, client, signal }: WorkersInput,
): Promise<WorkersOutcome | undefined> {
  const { name = '', namespace = '', resourceVersion } = follower.metadata;
  const reference = follower.spec?.template?.spec?.infrastructureRef;
  const pattern = follower.metadata.annotations?.[annotations.followControlPlane] ?? '';
  if (reference === undefined || !pattern.includes('{version}')) {
    return later(
      'InfrastructureTemplateMissing',
      `annotation ${annotations.followControlPlane} of MachineDeployment ${name} has to name the infrastructure template ` +
        'for a version, such as workers-{version}',
    );
  }
  const template = pattern.replaceAll('{version}', version);
  try {
    const { found, ...missing } = await kinds.resolve(client, reference, signal);
    if (found === undefined)
      return later('KindUnsupported', `the kind ${reference.kind} cannot be read: ${JSON.stringify(missing)}`);
    const { resource } = found;
    const present = await client.get(resource, { namespace, name: template }, { signal }).catch((error: unknown) => {
      if (!isMissingRight(error)) throw error;
      return error;
    });
    if (present instanceof Error) {
      const role = JSON.stringify(clusterRoleFor(resource.group, resource.plural));
      return later('Forbidden', `${present.message}: apply this ClusterRole: ${role}`);
    }
    if (present === undefined) {
      return later(
        'InfrastructureTemplateMissing',
        `MachineDeployment ${name} follows to ${version} as soon as there is ${reference.kind} ${template}`,
      );
    }
    const spec = { template: { spec: { version, infrastructureRef: { ...reference, name: template } } } };
    await client.mergePatch(machineDeployments, keyOf(follower), { metadata: { resourceVersion }, spec }, { signal });
    return undefined;
  } catch (error) {
    if (isRefusal(error)) return later('Refused', error.message);
    return { ...is('False', 'InternalError', messageOf(error)), error: asError(error) };
  }
}

/** The right to see whether there is a template; roles with this label are part of the manager's. */
function clusterRoleFor(group: string, plural: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `kamaji-manager-${plural}`, labels: { [labels.aggregateToManager]: 'true' } },
    rules: [{ apiGroups: [group], resources: [plural], verbs: ['get'] }],
  };
}

function later(reason: Finding<'WorkersFollow'>['reason'], message: string): WorkersOutcome {
  return { ...is('False', reason, message), requeueAfterMs: RECHECK_MS };
}

function is(status: Finding['status'], reason: Finding<'WorkersFollow'>['reason'], message: string): WorkersOutcome {
  return { finding: { type: 'WorkersFollow', status, reason, message } };
}
