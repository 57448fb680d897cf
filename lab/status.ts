import { binaryPath } from './binaries/ensure-binaries.ts';
import { createKubectl, type Kubectl } from './cluster/kubectl.ts';
import { listWorkerContainers } from './cluster/worker-containers.ts';
import { createDocker } from './docker/docker.ts';
import { labPaths, nodeContainer } from './paths.ts';
import { table } from './table.ts';

type Row = readonly [part: string, name: string, state: string];

const unreachable = 'not reachable';

/** Prints what of the lab runs. Changes nothing, installs nothing and waits for nothing. */
export async function labStatus(signal: AbortSignal): Promise<void> {
  const docker = createDocker(signal);
  const { kubeconfig } = labPaths();
  const kubectl = createKubectl({ binary: binaryPath('kubectl'), kubeconfig, signal });
  const engine = await docker(['info', '--format', '{{.ServerVersion}}']).catch(() => unreachable);
  const rows: Row[] = [['engine', 'docker', engine]];
  if (engine !== unreachable) {
    const node = await docker(['inspect', '--format', '{{.State.Status}}', nodeContainer]).catch(() => 'absent');
    rows.push(['management cluster', nodeContainer, node]);
    if (node === 'running') rows.push(...(await clusterRows(kubectl).catch((): Row[] => [['', 'API', unreachable]])));
    for (const { name, cluster, running } of await listWorkerContainers(docker)) {
      rows.push([`machine of ${cluster}`, name, running ? 'running' : 'stopped']);
    }
  }
  console.log(table(['part', 'name', 'state'], rows));
}

async function clusterRows(kubectl: Kubectl): Promise<readonly Row[]> {
  const list = async (kind: string, template: string) => {
    const text = await kubectl(['get', kind, '-A', '-o', `jsonpath={range .items[*]}${template}{"\\n"}{end}`]).catch(
      () => '',
    );
    return text.split('\n').flatMap((line): (readonly [string, string])[] => {
      const [name = '', state = ''] = line.split('\t');
      return name === '' ? [] : [[name, state]];
    });
  };
  const providers = await list('providers.clusterctl.cluster.x-k8s.io', '{.metadata.name}{"\\t"}{.version}');
  const workloads = await list(
    'deployments',
    '{.metadata.namespace}/{.metadata.name}{"\\t"}{.status.availableReplicas} of {.spec.replicas} available',
  );
  const clusters = await list(
    'clusters.cluster.x-k8s.io',
    '{.metadata.namespace}/{.metadata.name}{"\\t"}{.status.phase}',
  );
  return [
    ...providers.map(([name, state]): Row => ['provider', name, state]),
    ...workloads.map(([name, state]): Row => ['deployment', name, state.replace(/^ of/, '0 of')]),
    ...clusters.map(([name, state]): Row => ['tenant cluster', name, state]),
  ];
}
