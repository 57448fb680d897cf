import type { Docker } from '#lab/docker/docker.ts';
import { nodeContainer } from '#lab/paths.ts';

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

/** Sends a signal to it, as nobody inside the cluster could. */
export async function signalProcess(
  docker: Docker,
  { pid }: PodProcess,
  signal: 'KILL' | 'STOP' | 'CONT',
): Promise<void> {
  await onNode(docker, ['kill', `-${signal}`, String(pid)]);
}

/** Drops every packet from and to the pod; connections stay open and hear nothing. */
export async function cutNetwork(docker: Docker, { sandboxPid }: PodProcess): Promise<void> {
  for (const chain of ['INPUT', 'OUTPUT']) await inNetwork(docker, sandboxPid, ['-I', chain, '-j', 'DROP']);
}

/** Undoes `cutNetwork`. */
export async function restoreNetwork(docker: Docker, { sandboxPid }: PodProcess): Promise<void> {
  for (const chain of ['INPUT', 'OUTPUT']) await inNetwork(docker, sandboxPid, ['-D', chain, '-j', 'DROP']);
}

function inNetwork(docker: Docker, pid: number, rule: readonly string[]): Promise<string> {
  return onNode(docker, ['nsenter', '--target', String(pid), '--net', 'iptables', '--wait', ...rule]);
}

function onNode(docker: Docker, command: readonly string[]): Promise<string> {
  return docker(['exec', nodeContainer, ...command]);
}
