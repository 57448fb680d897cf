import type { Docker } from '../docker/docker.ts';

const clusterLabel = 'io.x-k8s.kind.cluster';
const roleLabel = 'io.x-k8s.kind.role';

export interface WorkerContainer {
  readonly id: string;
  readonly name: string;
  /** Name of the tenant's Cluster. */
  readonly cluster: string;
  readonly running: boolean;
}

/**
 * The containers that CAPD made as worker machines of hosted control planes. They carry kind's labels; what sets them
 * apart from another kind cluster on the same host is that no container of their cluster has the control-plane role.
 */
export async function listWorkerContainers(docker: Docker): Promise<readonly WorkerContainer[]> {
  const format = `{{.ID}}\t{{.Names}}\t{{.Label "${clusterLabel}"}}\t{{.Label "${roleLabel}"}}\t{{.State}}`;
  const output = await docker(['ps', '--all', '--filter', `label=${clusterLabel}`, '--format', format]);
  const rows = output.split('\n').flatMap((line) => {
    const [id, name = '', cluster = '', role = '', state = ''] = line.split('\t');
    return id === undefined || id === '' ? [] : [{ id, name, cluster, role, running: state === 'running' }];
  });
  const foreign = new Set(rows.flatMap(({ cluster, role }) => (role === 'worker' ? [] : [cluster])));
  return rows
    .filter(({ cluster }) => !foreign.has(cluster))
    .map(({ id, name, cluster, running }) => Object.freeze({ id, name, cluster, running }));
}

/** Starts those that a dying engine left stopped; answers how many. */
export async function startWorkerContainers(docker: Docker): Promise<number> {
  const stopped = (await listWorkerContainers(docker)).filter(({ running }) => !running);
  if (stopped.length > 0) await docker(['start', ...stopped.map(({ id }) => id)]);
  return stopped.length;
}

/** Stops those that run. */
export async function stopWorkerContainers(docker: Docker): Promise<void> {
  const running = (await listWorkerContainers(docker)).filter(({ running }) => running);
  if (running.length > 0) await docker(['stop', '--time', '1', ...running.map(({ id }) => id)]);
}

/** Removes all of them with their volumes. */
export async function removeWorkerContainers(docker: Docker): Promise<void> {
  const workers = await listWorkerContainers(docker);
  if (workers.length > 0) await docker(['rm', '--force', '--volumes', ...workers.map(({ id }) => id)]);
}
