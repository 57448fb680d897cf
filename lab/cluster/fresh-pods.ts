import type { StepOptions } from '../progress.ts';
import { type Look, waitFor } from '../wait.ts';
import type { Kubectl } from './kubectl.ts';

/** What the lab installs once. Tenants' pods and this provider, which is being worked on, may have reasons not to be ready. */
const ownNamespace = /^(?:kube-system|local-path-storage|metallb-system|cert-manager|cap[a-z-]*-system)$/;
const timeoutSeconds = 240;

/**
 * Waits until every pod of the lab's own runs anew and is ready. After its node was stopped hard the cluster goes on
 * believing for a while that the pods of before run, and takes that back only one by one.
 */
export async function waitForFreshPods(kubectl: Kubectl, since: Date, options: StepOptions): Promise<void> {
  const look = async (): Promise<Look<true>> => {
    const stale = stalePods(JSON.parse(await kubectl(['get', 'pods', '-A', '-o', 'json'])), since);
    return stale.length === 0 ? { value: true } : { missing: `not running again yet: ${stale.join(', ')}` };
  };
  await waitFor('pods of the management cluster', timeoutSeconds, look, options);
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string; readonly name: string };
    readonly status: {
      readonly phase: string;
      readonly containerStatuses?: readonly {
        readonly ready: boolean;
        readonly state: { readonly running?: { readonly startedAt: string } };
      }[];
    };
  }[];
}

/** Names of the lab's pods of which a container is not ready or was started before. */
function stalePods({ items }: PodList, since: Date): readonly string[] {
  return items.flatMap(({ metadata, status }) => {
    if (!ownNamespace.test(metadata.namespace) || ['Succeeded', 'Failed'].includes(status.phase)) return [];
    const fresh = status.containerStatuses?.every(
      ({ ready, state }) => ready && state.running !== undefined && new Date(state.running.startedAt) >= since,
    );
    return fresh === true ? [] : [metadata.name];
  });
}
