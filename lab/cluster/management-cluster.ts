import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Docker } from '../docker/docker.ts';
import { LabError } from '../lab-error.ts';
import { clusterName, dockerNetwork, type LabPaths, nodeContainer } from '../paths.ts';
import type { StepOptions } from '../progress.ts';
import { auditPolicy } from './audit.ts';
import type { Kubectl } from './kubectl.ts';
import { waitFor } from '../wait.ts';
import { waitForFreshPods } from './fresh-pods.ts';
import { removeWorkerContainers, startWorkerContainers, stopWorkerContainers } from './worker-containers.ts';

export interface ManagementClusterInput {
  readonly docker: Docker;
  readonly kubectl: Kubectl;
  /** Path of the kind binary. */
  readonly kind: string;
  readonly paths: LabPaths;
  /** kind's configuration. */
  readonly config: string;
  /** Changes whenever this checkout would make another cluster. */
  readonly hash: string;
}

/** `kept`: it was there and answered. `healed`: its containers had to be started. `created`: new, or made anew. */
export type ManagementClusterOutcome = 'kept' | 'healed' | 'created';

/** What the running cluster was made of; lets a stopped node come back under its old address. */
interface ClusterRecord {
  readonly hash: string;
  readonly container: string;
  readonly address: string;
}

const apiTimeoutSeconds = 90;

/**
 * Makes sure that the management cluster runs and is the one this checkout would make. One that differs, or that does not
 * come back after its containers were killed, is replaced together with the worker machines made from it.
 *
 * @throws LabError `ClusterFailed` with kind's last lines
 */
export async function ensureManagementCluster(
  input: ManagementClusterInput,
  options: StepOptions,
): Promise<ManagementClusterOutcome> {
  const { docker, kubectl, paths, hash } = input;
  const record = await readRecord(paths);
  const container = await inspectNode(docker);
  if (record !== undefined && container !== undefined && record.container === container.id && record.hash === hash) {
    const inPlace = container.running && container.address === record.address;
    if (!inPlace) {
      options.report('starting the management cluster again');
      await startAt(docker, record.address);
    }
    await exportKubeconfig(input, options);
    if (await apiAnswers(kubectl, options)) {
      await waitForFreshPods(kubectl, await startTime(docker), options);
      const started = await startWorkerContainers(docker);
      return inPlace && started === 0 ? 'kept' : 'healed';
    }
  }
  if (container !== undefined) options.report('replacing a management cluster that is not what this checkout makes');
  await deleteManagementCluster(input, options);
  await createManagementCluster(input, options);
  return 'created';
}

/** Removes the management cluster and every worker machine made from it. Does nothing when there is none. */
export async function deleteManagementCluster(
  input: Pick<ManagementClusterInput, 'docker' | 'kind' | 'paths'>,
  options: StepOptions,
): Promise<void> {
  // First the cluster: as long as CAPD runs it makes lost machines anew.
  await runKind(input, ['delete', 'cluster', '--name', clusterName], options);
  await removeWorkerContainers(input.docker);
  await rm(input.paths.clusterRecord, { force: true });
  await rm(input.paths.kubeconfig, { force: true });
}

async function createManagementCluster(input: ManagementClusterInput, options: StepOptions): Promise<void> {
  const { docker, paths, config, hash } = input;
  options.report('creating the management cluster');
  await rm(paths.auditDirectory, { recursive: true, force: true });
  await mkdir(paths.auditDirectory, { recursive: true });
  await writeFile(join(paths.auditDirectory, 'policy.yaml'), auditPolicy());
  await writeFile(paths.kindConfig, config);
  await runKind(input, ['create', 'cluster', '--config', paths.kindConfig, '--wait', '180s'], options);
  const node = await inspectNode(docker);
  if (node === undefined) throw new LabError('ClusterFailed', `kind made no container ${nodeContainer}`);
  const record: ClusterRecord = { hash, container: node.id, address: node.address };
  await writeFile(paths.clusterRecord, JSON.stringify(record));
}

async function exportKubeconfig(input: ManagementClusterInput, options: StepOptions): Promise<void> {
  await runKind(input, ['export', 'kubeconfig', '--name', clusterName], options);
}

async function runKind(
  input: Pick<ManagementClusterInput, 'kind' | 'paths'>,
  args: readonly string[],
  { signal }: StepOptions,
): Promise<void> {
  const env = { KUBECONFIG: input.paths.kubeconfig, KIND_EXPERIMENTAL_DOCKER_NETWORK: dockerNetwork };
  const { failed, all } = await execa(input.kind, args, { env, cancelSignal: signal, all: true, reject: false });
  signal.throwIfAborted();
  if (!failed) return;
  const lines = all.trim().split('\n').slice(-20).join('\n');
  throw new LabError('ClusterFailed', `kind ${args.join(' ')} failed:\n${lines}`);
}

interface NodeContainer {
  readonly id: string;
  readonly running: boolean;
  readonly address: string;
}

async function inspectNode(docker: Docker): Promise<NodeContainer | undefined> {
  const format = `{{.Id}} {{.State.Running}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}`;
  const filter = ['--all', '--quiet', '--filter', `name=^${nodeContainer}$`];
  if ((await docker(['ps', ...filter])) === '') return undefined;
  const [id = '', running, address = ''] = (await docker(['inspect', '--format', format, nodeContainer])).split(' ');
  return { id, running: running === 'true', address };
}

/**
 * Starts the node under the address that its certificates and its etcd member name. An engine that comes back starts some
 * containers by itself, in any order, and so may have given that address to a worker machine.
 */
async function startAt(docker: Docker, address: string): Promise<void> {
  await stopWorkerContainers(docker);
  await docker(['stop', '--time', '1', nodeContainer]);
  await docker(['network', 'disconnect', '--force', dockerNetwork, nodeContainer]).catch(() => '');
  await docker(['network', 'connect', '--ip', address, dockerNetwork, nodeContainer]);
  await docker(['start', nodeContainer]);
}

async function startTime(docker: Docker): Promise<Date> {
  return new Date(await docker(['inspect', '--format', '{{.State.StartedAt}}', nodeContainer]));
}

async function apiAnswers(kubectl: Kubectl, options: StepOptions): Promise<boolean> {
  const look = async () => {
    await kubectl(['get', '--raw', '/readyz', '--request-timeout=5s']);
    return { value: true };
  };
  return waitFor('management API server', apiTimeoutSeconds, look, options).catch(() => {
    options.signal.throwIfAborted();
    return false;
  });
}

async function readRecord(paths: LabPaths): Promise<ClusterRecord | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(paths.clusterRecord, 'utf8'));
    return isClusterRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isClusterRecord(value: unknown): value is ClusterRecord {
  if (typeof value !== 'object' || value === null) return false;
  const fields = ['hash', 'container', 'address'] as const;
  return fields.every((field) => field in value && typeof Reflect.get(value, field) === 'string');
}
