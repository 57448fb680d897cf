import type { Kubectl } from '#lab/cluster/kubectl.ts';
import { listWorkerContainers } from '#lab/cluster/worker-containers.ts';
import type { Lab } from '#lab/up.ts';
import { type EtcdContents, readEtcdContents } from '#test/etcd-contents.ts';
import { forwardPort } from './port-forward.ts';

/** Everything that tenants could leave behind, as sorted lines. */
export interface Inventory {
  /** `Kind namespace/name` of the objects in the management cluster. */
  readonly objects: readonly string[];
  /** What the managed datastore holds; nothing while there is none. */
  readonly etcd: EtcdContents;
  /** Worker machines. */
  readonly containers: readonly string[];
}

/** Kinds that come and go by themselves; the last is MetalLB's note on a Service, under a random name. */
const volatile = new Set(['Event', 'Lease', 'PodMetrics', 'NodeMetrics', 'ComponentStatus', 'ServiceL2Status']);

/** Takes stock of the management cluster, of the managed datastore `default` and of the engine. */
export async function takeInventory(lab: Lab, signal: AbortSignal): Promise<Inventory> {
  const workers = await listWorkerContainers(lab.engine.docker);
  return {
    objects: await listObjects(lab.kubectl),
    etcd: await listEtcd(lab, signal),
    containers: workers.map(({ name }) => name).toSorted(),
  };
}

/** Lines of `after` that `before` does not have. */
export function added(before: readonly string[], after: readonly string[]): readonly string[] {
  const known = new Set(before);
  return after.filter((line) => !known.has(line));
}

/**
 * Whether the line names an object of the managed datastore, which the first tenant brings into being and which stays
 * when the last one goes.
 */
export function belongsToDataStore(line: string): boolean {
  return /^DataStore \/default$|\bkamaji-system\/(?:data-)?default-etcd\b/.test(line);
}

async function listObjects(kubectl: Kubectl): Promise<readonly string[]> {
  const resources = (await kubectl(['api-resources', '--verbs=list', '--output=name'])).trim().split('\n');
  const columns = 'K:.kind,NS:.metadata.namespace,N:.metadata.name,CNS:.spec.claimRef.namespace,C:.spec.claimRef.name';
  const everything = ['get', resources.join(','), '--all-namespaces', '--ignore-not-found', '--no-headers'];
  const output = await kubectl([...everything, '--output', `custom-columns=${columns}`]);
  const lines = output.split('\n').flatMap((line) => {
    const [kind = '', namespace = '', name = '', claimNamespace = '', claim = ''] = line.trim().split(/\s+/);
    if (name === '' || volatile.has(kind)) return [];
    // Volumes have random names; their claims do not.
    if (kind === 'PersistentVolume') return [`${kind} ${claimNamespace}/${claim}`];
    return [`${kind} ${namespace === '<none>' ? '' : namespace}/${name}`];
  });
  return [...new Set(lines)].toSorted();
}

async function listEtcd(lab: Lab, signal: AbortSignal): Promise<EtcdContents> {
  const namespace = 'kamaji-system';
  const service = ['service', 'default-etcd', '-n', namespace];
  if ((await lab.kubectl(['get', ...service, '--ignore-not-found', '-o', 'name'])) === '') {
    return { keys: [], users: [], roles: [] };
  }
  const secret = async (key: string) => {
    const path = `jsonpath={.data.${key.replace('.', '\\.')}}`;
    const data = await lab.kubectl(['get', 'secret', 'default-etcd-root-client', '-n', namespace, '-o', path]);
    return Buffer.from(data, 'base64').toString();
  };
  const ca = await secret('ca.crt');
  const client = { certificate: await secret('tls.crt'), key: await secret('tls.key') };
  await using forward = await forwardPort(lab, namespace, 'service/default-etcd', 2379);
  return await readEtcdContents({ endpoints: [`localhost:${forward.port}`], tls: { ca, client } }, signal);
}
