import type { Docker } from '#lab/docker/docker.ts';
import { nodeContainer } from '#lab/paths.ts';
import { parseProcessUsage, type ProcessUsage } from '../process-usage.ts';

/** A running container of a pod, seen from the node that it runs on. */
export interface PodProcess {
  /** Of its first process, among the node's. */
  readonly pid: number;
  /** Of the process that holds the pod's network, which outlives the container. */
  readonly sandboxPid: number;
}

/** Finds the process of a pod's container on the management cluster's node. */
export async function findProcess(docker: Docker, pod: string, container: string): Promise<PodProcess> {
  const crictl = (...args: readonly string[]) => onNode(docker, ['crictl', ...args]);
  const id = await crictl('ps', '--quiet', '--name', container, '--label', `io.kubernetes.pod.name=${pod}`);
  const { info } = JSON.parse(await crictl('inspect', id)) as { info: { pid: number; sandboxID: string } };
  const sandbox = JSON.parse(await crictl('inspectp', info.sandboxID)) as { info: { pid: number } };
  return { pid: info.pid, sandboxPid: sandbox.info.pid };
}

/** Reads what the process has used so far. */
export async function readUsage(docker: Docker, { pid }: PodProcess): Promise<ProcessUsage> {
  return parseProcessUsage(await onNode(docker, ['cat', `/proc/${pid}/stat`, `/proc/${pid}/status`]));
}

/** Lets the peak of the resident memory begin anew (Linux: proc_pid_clear_refs(5)). */
export async function restartPeak(docker: Docker, { pid }: PodProcess): Promise<void> {
  await onNode(docker, ['sh', '-c', `echo 5 > /proc/${pid}/clear_refs`]);
}

/** Runs a command on the management cluster's node. */
export function onNode(docker: Docker, command: readonly string[]): Promise<string> {
  return docker(['exec', nodeContainer, ...command]);
}
