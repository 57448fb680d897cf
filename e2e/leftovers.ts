import { listWorkerContainers } from '#lab/cluster/worker-containers.ts';
import type { Lab } from '#lab/up.ts';
import { type EtcdContents, readEtcdContents } from '#test/etcd-contents.ts';
import { listObjects } from '#test/listed-objects.ts';
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

/** Takes stock of the management cluster, of the managed datastore `default` and of the engine. */
export async function takeInventory(lab: Lab, signal: AbortSignal): Promise<Inventory> {
  const workers = await listWorkerContainers(lab.engine.docker);
  return {
    objects: await listObjects(lab.kubectl),
    etcd: await listEtcd(lab, signal),
    containers: workers.map(({ name }) => name).toSorted(),
  };
}

/**
 * Whether the line names an object of the managed datastore, which the first tenant brings into being and which stays
 * when the last one goes.
 */
export function belongsToDataStore(line: string): boolean {
  return /^DataStore \/default$|\bkamaji-system\/(?:data-)?default-etcd\b/.test(line);
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
