import type { Kubectl } from '#lab/cluster/kubectl.ts';
import { type AuditedRequest, readAuditLog } from '#lab/cluster/audit.ts';
import type { Tools } from '#lab/tools.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import type { Lease, Pod } from '#runtime/client/builtin.ts';

/** Where the manager runs, and under which name everything of it goes. */
export const managerNamespace = 'kamaji-system';
const deployment = 'kamaji-controller-manager';
const user = `system:serviceaccount:${managerNamespace}:${deployment}`;
export const managerSelector = 'control-plane=kamaji-controller-manager';
export const leaseName = 'kamaji.controlplane.cluster.x-k8s.io';

/** The verbs of the audit log that change something. */
const writing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Scales the manager and waits until exactly so many of its pods are there, all ready. */
export async function scaleManager(kubectl: Kubectl, replicas: number, signal: AbortSignal): Promise<readonly Pod[]> {
  await kubectl(['scale', 'deployment', deployment, '-n', managerNamespace, `--replicas=${replicas}`]);
  return readyManagers(kubectl, replicas, signal);
}

/** Waits until exactly so many pods of the manager are there, all ready. */
export function readyManagers(kubectl: Kubectl, replicas: number, signal: AbortSignal): Promise<readonly Pod[]> {
  const look = async (): Promise<Look<readonly Pod[]>> => {
    const pods = await managerPods(kubectl);
    const ready = pods.filter((pod) => isReady(pod) && pod.metadata?.deletionTimestamp === undefined);
    if (ready.length === replicas && pods.length === replicas) return { value: pods };
    return { missing: `${ready.length} of ${pods.length} pods ready, ${replicas} wanted` };
  };
  return waitFor(`${replicas} pods of the manager`, 90, look, { signal, report: () => undefined });
}

export async function managerPods(kubectl: Kubectl): Promise<readonly Pod[]> {
  const { items } = JSON.parse(
    await kubectl(['get', 'pods', '-n', managerNamespace, '-l', managerSelector, '-o', 'json']),
  ) as { items: readonly Pod[] };
  return items;
}

/** The identity that the Lease names; empty when nobody leads. */
export function holderOf(lease: Lease): string {
  return lease.spec?.holderIdentity ?? '';
}

/** Name of the pod whose process has that identity (`<pod>_<random>`). */
export function podOf(identity: string): string {
  return identity.split('_')[0] ?? '';
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** How often the containers of a pod were started anew. */
export function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** All requests of the manager to the management API server since then, oldest first. */
export async function managerRequests(lab: Pick<Tools, 'paths'>, since: Date): Promise<readonly AuditedRequest[]> {
  const requests: AuditedRequest[] = [];
  for await (const request of readAuditLog(lab.paths.auditDirectory, since)) {
    if (request.user === user) requests.push(request);
  }
  return requests;
}

/** Those that change something, but for the election itself and for Events. */
export async function managerWrites(lab: Pick<Tools, 'paths'>, since: Date): Promise<readonly AuditedRequest[]> {
  return (await managerRequests(lab, since)).filter(
    ({ verb, resource }) => writing.has(verb) && resource !== 'leases' && resource !== 'events',
  );
}

/** `verb resource[/subresource] namespace/name code`, for messages and comparisons. */
export function describeRequest({ verb, resource, subresource, namespace, name, code }: AuditedRequest): string {
  return `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace}/${name} ${code}`;
}

/** The lines that all pods of the manager have logged since then, in containers that still run. */
export async function managerLog(kubectl: Kubectl, since: Date): Promise<readonly string[]> {
  const selection = ['-n', managerNamespace, '-l', managerSelector, '--tail=-1'];
  const text = await kubectl(['logs', ...selection, `--since-time=${since.toISOString()}`]);
  return text.split('\n').filter((line) => line !== '');
}
