import { BootstrapError } from '#bootstrap/errors.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import { tenantAccess } from '#tenant/access.ts';
import type { DesiredObject, OwnedObjects } from '#tenant/owned-objects.ts';
import type { TenantPool } from '#tenant/pool.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Finding } from '../finding.ts';
import { asError, messageOf } from '#runtime/controller/finding.ts';
import type { CoreDnsNotes } from './core-dns-notes.ts';
import { readCoreDns } from './core-dns-notes.ts';
import type { TenantObjectsInput } from './tenant-objects.ts';
import { desiredAddons, desiredBootstrap } from './tenant-objects.ts';
import { removeUpstreamWebhooks } from './upstream-leftovers.ts';

export interface TenantSideInput extends Omit<TenantObjectsInput, 'existingCoreDns'> {
  /** Kubeconfig of an administrator inside the tenant. */
  readonly adminKubeconfig: string;
  /** Nothing that the objects inside the tenant depend on has changed since the last look into it. */
  readonly isUnchanged: boolean;
  readonly pool: TenantPool;
  readonly ownedObjects: OwnedObjects<CoreDnsNotes>;
  readonly signal: AbortSignal;
}

export interface TenantSideOutcome {
  readonly bootstrap: Finding<'BootstrapReady'>;
  readonly addons: Finding<'AddonsReady'>;
  readonly error?: Error;
}

/** Brings what `kubeadm init` would have left, and the addons, into the tenant; heals what was changed there. */
export async function reconcileTenantSide(input: TenantSideInput): Promise<TenantSideOutcome> {
  const { tenantControlPlane, ownedObjects, signal } = input;
  const access = tenantAccess(tenantControlPlane, input.endpoint.service, parseKubeconfig(input.adminKubeconfig));
  if (access === undefined) return bothFailed('TenantUnreachable', 'the Service has no cluster IP');
  const client = input.pool.client(access);
  try {
    await removeUpstreamWebhooks(tenantControlPlane, client, signal);
    let bootstrap: readonly DesiredObject[] = [];
    let addons: readonly DesiredObject[] = [];
    const { failures } = await ownedObjects.ensure(
      tenantControlPlane.metadata.uid ?? '',
      client,
      async (look) => {
        const notes = await readCoreDns(tenantControlPlane, client, look, signal);
        bootstrap = desiredBootstrap(input);
        addons = desiredAddons({ ...input, existingCoreDns: notes?.existing });
        return { desired: [...bootstrap, ...addons], notes, keepOthers: input.addonVersions.problem !== undefined };
      },
      signal,
      input.isUnchanged ? 'unchanged' : hasServed(tenantControlPlane) ? 'known' : 'new',
    );
    const failedOf = (group: readonly DesiredObject[]): string | undefined => {
      const first = failures.find(({ object }) => group.some((entry) => entry.object === object));
      return first === undefined
        ? undefined
        : `${first.object.kind ?? ''} ${first.object.metadata?.name ?? ''}: ${messageOf(first.error)}`;
    };
    const bootstrapFailure = failedOf(bootstrap);
    const [failure] = failures;
    return {
      bootstrap:
        bootstrapFailure === undefined
          ? { type: 'BootstrapReady', status: 'True', reason: 'BootstrapReady', message: 'nodes can join' }
          : { type: 'BootstrapReady', status: 'False', reason: 'ApplyFailed', message: bootstrapFailure },
      addons: addonsFinding(failedOf(addons), input.addonVersions.problem),
      ...(failure === undefined ? {} : { error: asError(failure.error) }),
    };
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof NetworkError)) return refused(error);
    const message = `the tenant's API server does not answer: ${messageOf(error)}`;
    return { ...bothFailed('TenantUnreachable', message), error: asError(error) };
  }
}

// One that was moved or restored without its status counts as new: then it is written to what it has already.
function hasServed({ status }: TenantControlPlane): boolean {
  return status?.kubernetesResources?.version?.version !== undefined;
}

function addonsFinding(failure: string | undefined, versionsProblem: string | undefined): Finding<'AddonsReady'> {
  const type = 'AddonsReady';
  if (failure !== undefined) return { type, status: 'False', reason: 'ApplyFailed', message: failure };
  if (versionsProblem !== undefined) {
    return { type, status: 'False', reason: 'AddonVersionsInvalid', message: versionsProblem };
  }
  return { type, status: 'True', reason: 'AddonsReady', message: 'all addons are applied' };
}

/** While there is no API server to talk to. */
export function tenantSideWaiting(tenantControlPlane: TenantControlPlane): TenantSideOutcome {
  const asleep = tenantControlPlane.spec.controlPlane.deployment?.replicas === 0;
  return asleep
    ? bothFailed('Asleep', 'replicas is 0: the control plane sleeps')
    : bothFailed('Waiting', 'waiting for an API server');
}

function refused(error: unknown): TenantSideOutcome {
  const message = messageOf(error);
  if (error instanceof BootstrapError && error.code === 'ConfigurationPatchFailed') {
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
