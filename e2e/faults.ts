import type { Docker } from '#lab/docker/docker.ts';
import { onNode, type PodProcess } from '#test/lab/pod-process.ts';

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
