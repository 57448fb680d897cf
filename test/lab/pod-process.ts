import type { Docker } from '#lab/docker/docker.ts';
import { nodeContainer } from '#lab/paths.ts';

/** A running container of a pod, seen from the node that it runs on. */
export interface PodProcess {
  /** Of its first process, among the node's. */
  readonly pid: number;
  /** Of the process that holds the pod's network, which outlives the container. */
  readonly sandboxPid: number;
}

/** What a process has used. */
export interface Usage {
  /** User and system time of all its threads since it began; the kernel counts hundredths. */
  readonly cpuSeconds: number;
  /** The peak of its resident memory since it began, or since `restartPeak`. */
  readonly peakMiB: number;
}

/** Finds the process of a pod's container on the management cluster's node. */
export async function findProcess(docker: Docker, pod: string, container: string): Promise<PodProcess> {
  const crictl = (...args: readonly string[]) => onNode(docker, ['crictl', ...args]);
  const id = await crictl('ps', '--quiet', '--name', container, '--label', `io.kubernetes.pod.name=${pod}`);
  const { info } = JSON.parse(await crictl('inspect', id)) as { info: { pid: number; sandboxID: string } };
  const sandbox = JSON.parse(await crictl('inspectp', info.sandboxID)) as { info: { pid: number } };
  return { pid: info.pid, sandboxPid: sandbox.info.pid };
}

/** Reads what the process has used so far (Linux: proc_pid_stat(5), proc_pid_status(5)). */
export async function readUsage(docker: Docker, { pid }: PodProcess): Promise<Usage> {
  const text = await onNode(docker, ['cat', `/proc/${pid}/stat`, `/proc/${pid}/status`]);
  // After the name, which may hold anything but is in brackets, the state is field 3.
  const [, , ...fields] = text.slice(text.indexOf('(')).split(/\) /, 2)[1]?.split(' ') ?? [];
  const ticks = Number(fields[9]) + Number(fields[10]);
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(text) ?? [];
  return { cpuSeconds: ticks / 100, peakMiB: Number(kilobytes) / 1_024 };
}

/** Lets the peak of the resident memory begin anew (Linux: proc_pid_clear_refs(5)). */
export async function restartPeak(docker: Docker, { pid }: PodProcess): Promise<void> {
  await onNode(docker, ['sh', '-c', `echo 5 > /proc/${pid}/clear_refs`]);
}

/** Runs a command on the management cluster's node. */
export function onNode(docker: Docker, command: readonly string[]): Promise<string> {
  return docker(['exec', nodeContainer, ...command]);
}
