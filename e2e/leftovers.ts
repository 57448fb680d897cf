import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import type { Kubectl } from '#lab/cluster/kubectl.ts';
import { listWorkerContainers } from '#lab/cluster/worker-containers.ts';
import type { Lab } from '#lab/up.ts';
import { type EtcdContents, readEtcdContents } from '#test/etcd-contents.ts';

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

async function forwardPort(
  lab: Lab,
  namespace: string,
  target: string,
  port: number,
): Promise<AsyncDisposable & { readonly port: number }> {
  const args = ['--kubeconfig', lab.paths.kubeconfig, 'port-forward', '-n', namespace, target, `:${port}`];
  const child = spawn(lab.binaries.kubectl, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const [, local = ''] = /127\.0\.0\.1:(\d+)/.exec(line) ?? [];
  return {
    port: Number(local),
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, 'exit');
    },
  };
}
