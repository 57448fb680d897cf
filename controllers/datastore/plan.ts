import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { CREDENTIALS_PERIOD_ANNOTATION, credentialsPeriodMs } from '#datastore/scheduling.ts';
import { networkPolicies, podDisruptionBudgets, services, statefulSets } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { ManagedObjects } from './gather.ts';
import type { Finding } from './finding.ts';
import { clientService, disruptionBudget, networkPolicy, peersService } from './managed/network.ts';
import type { ManagedSettings } from './managed/settings.ts';
import { etcdStatefulSet } from './managed/stateful-set.ts';

/** An object that should exist, and the one that does. */
export interface Desired {
  readonly resource: Resource;
  readonly object: KubeObject;
  readonly live: KubeObject | undefined;
}

/** What is wrong with a spec that the API server lets pass; undefined when nothing. */
export function specProblem(dataStore: DataStore): string | undefined {
  const { metadata, spec } = dataStore;
  const period = metadata.annotations?.[CREDENTIALS_PERIOD_ANNOTATION];
  if (period !== undefined && credentialsPeriodMs(dataStore) === undefined) {
    return `the annotation ${CREDENTIALS_PERIOD_ANNOTATION} has ${JSON.stringify(period)}: write hours such as 720h, or remove it`;
  }
  const { ephemeral = false, replicas = 1 } = spec.managed ?? {};
  if (!ephemeral || replicas === 1) return undefined;
  // A member that comes back without its log breaks the promises it made to the others.
  return `spec.managed.ephemeral needs spec.managed.replicas 1, not ${replicas}: leave ephemeral out to run several members`;
}

/**
 * The objects of a managed store apart from its Secrets. The StatefulSet is among them only when its volumes can be made; what
 * stands against that is {@link storageObstacle}. `authorities` are the certificates that the members trust.
 */
export function plannedObjects(
  settings: ManagedSettings,
  objects: ManagedObjects,
  authorities: readonly string[],
): readonly Desired[] {
  const network: readonly Desired[] = [
    { resource: services, object: clientService(settings), live: objects.service },
    { resource: services, object: peersService(settings), live: objects.peersService },
    { resource: networkPolicies, object: networkPolicy(settings), live: objects.networkPolicy },
  ];
  if (storageObstacle(settings, objects) !== undefined) return network;
  return [
    ...network,
    ...(settings.replicas === 1
      ? []
      : [{ resource: podDisruptionBudgets, object: disruptionBudget(settings), live: objects.podDisruptionBudget }]),
    { resource: statefulSets, object: etcdStatefulSet(settings, authorities), live: objects.statefulSet },
  ];
}

/** Why no volume can be made, and so no member; undefined when nothing stands against it. Pure. */
export function storageObstacle(
  settings: ManagedSettings,
  objects: ManagedObjects,
): Finding<'ManagedReady'> | undefined {
  if (settings.ephemeral || settings.storageClassName !== undefined) return undefined;
  if (objects.statefulSet !== undefined || objects.claims.length > 0) return undefined;
  const hasDefault = objects.storageClasses.some(
    ({ metadata }) => metadata?.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  );
  if (hasDefault) return undefined;
  const known = objects.storageClasses.map(({ metadata }) => metadata?.name ?? '').sort();
  return notReady(
    'NoStorageClass',
    `the cluster has no default StorageClass${known.length === 0 ? '' : ` (it has: ${known.join(', ')})`}: mark one as the default, ` +
      'or name one in spec.managed.storage.storageClassName (for a trial without lasting data: spec.managed.ephemeral)',
  );
}

/** How far the members of a managed store are, from what Kubernetes says about them. Pure. */
export function membersFinding(settings: ManagedSettings, objects: ManagedObjects): Finding<'ManagedReady'> {
  const { replicas, names } = settings;
  const ready = objects.statefulSet?.status?.readyReplicas ?? 0;
  const quorum = Math.floor(replicas / 2) + 1;
  const count = `${ready} of ${replicas} members ready`;
  if (ready === replicas) return { type: 'ManagedReady', status: 'True', reason: 'ManagedReady', message: count };
  const problem = volumeProblem(settings, objects) ?? podProblem(objects);
  if (ready >= quorum) {
    const message = problem === undefined ? count : `${count}; ${problem.message}`;
    return { type: 'ManagedReady', status: 'True', reason: 'ManagedReady', message };
  }
  return (
    problem ??
    notReady('WaitingForMembers', `${count}, at least ${quorum} needed: StatefulSet ${names.base} is starting them`)
  );
}

function volumeProblem(settings: ManagedSettings, { claims, storageClasses }: ManagedObjects) {
  const waiting = claims.find(({ status }) => status?.phase !== 'Bound');
  if (waiting === undefined) return undefined;
  const claim = waiting.metadata?.name ?? '';
  const className = waiting.spec?.storageClassName;
  if (
    className !== undefined &&
    className !== '' &&
    !storageClasses.some(({ metadata }) => metadata?.name === className)
  ) {
    return notReady(
      'StorageClassNotFound',
      `PersistentVolumeClaim ${claim} wants StorageClass ${className}, which does not exist: create it, or a fitting volume`,
    );
  }
  return notReady(
    'WaitingForVolumes',
    `PersistentVolumeClaim ${claim} in namespace ${settings.namespace} has no volume yet`,
  );
}

function podProblem({ pods }: ManagedObjects): Finding<'ManagedReady'> | undefined {
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const scheduled = findCondition(pod.status?.conditions, 'PodScheduled');
    if (scheduled?.status === 'False') {
      return notReady('WaitingForMembers', `pod ${name} has no node: ${scheduled.message ?? 'no reason given'}`);
    }
    for (const { state, lastState } of pod.status?.containerStatuses ?? []) {
      const { reason = '', message = '' } = state?.waiting ?? {};
      if (/^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)$/u.test(reason)) {
        return notReady('ImageUnavailable', `pod ${name}: ${message === '' ? reason : message}`);
      }
      if (reason === 'CrashLoopBackOff') {
        const { exitCode, reason: how = 'no reason given' } = lastState?.terminated ?? {};
        return notReady(
          'MembersFailing',
          `pod ${name} ends again and again (exit code ${exitCode ?? '?'}, ${how}): see its log`,
        );
      }
    }
  }
  return undefined;
}

function notReady(reason: Finding<'ManagedReady'>['reason'], message: string): Finding<'ManagedReady'> {
  return { type: 'ManagedReady', status: 'False', reason, message };
}
