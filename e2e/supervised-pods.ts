import { labels } from '#api/labels.ts';
import type { Kubectl } from '#lab/cluster/kubectl.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import * as manager from '#test/lab/manager.ts';

/**
 * The pods in which no container should ever be started anew: of the managed datastore, of the manager unless its ends are intended,
 * and of control planes that are to stay. A control plane that is deleted loses its store before its pods are told to stop, and a
 * kube-controller-manager that is still starting ends in between.
 */
export async function supervisedPods(kubectl: Kubectl, endsManagers: boolean): Promise<readonly Pod[]> {
  const list = async <T>(kinds: string, ...selection: readonly string[]): Promise<readonly T[]> => {
    const { items } = JSON.parse(await kubectl(['get', kinds, ...selection, '-o', 'json'])) as { items: T[] };
    return items;
  };
  const others = endsManagers ? manager.managerSelector.replace('=', '!=') : '';
  const tenants = await list<Pod>('pods', '--all-namespaces', '-l', labels.name);
  // After the pods: what is deleted between the two looks is taken for deleted.
  const owners = await list<KubeObject>('replicasets,deployments,tenantcontrolplanes', '--all-namespaces');
  return [...podsThatStay(tenants, owners), ...(await list<Pod>('pods', '-n', manager.managerNamespace, '-l', others))];
}

/** Those of the pods whose controller, its controller and so on are all there, and none is being deleted. */
export function podsThatStay(pods: readonly Pod[], owners: readonly KubeObject[]): readonly Pod[] {
  const byUid = new Map(owners.map((owner) => [owner.metadata?.uid, owner]));
  const stays = ({ metadata }: KubeObject): boolean => {
    const controller = metadata?.ownerReferences?.find((reference) => reference.controller === true);
    if (controller === undefined || controller.kind === 'KamajiControlPlane') return true;
    const owner = byUid.get(controller.uid);
    return owner !== undefined && owner.metadata?.deletionTimestamp === undefined && stays(owner);
  };
  return pods.filter(stays);
}

/** For each container of the pod that was started anew, how it ended before. */
export function endsOfContainers({ metadata, status }: Pod): readonly string[] {
  return (status?.containerStatuses ?? [])
    .filter(({ restartCount }) => restartCount > 0)
    .map(({ name, restartCount, lastState }) => {
      const { exitCode, reason, message = '' } = lastState?.terminated ?? {};
      const lastWords = message.trim().split('\n').at(-1);
      return `${metadata?.namespace}/${metadata?.name} ${name}, ${restartCount} times: ${reason} ${exitCode}, ${lastWords}`;
    });
}
