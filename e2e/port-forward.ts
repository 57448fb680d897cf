import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Lab } from '#lab/up.ts';

/** Reaches a port of a pod or Service of the management cluster at a free port of this machine until disposed. */
export async function forwardPort(
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
