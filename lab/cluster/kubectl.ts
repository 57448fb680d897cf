import { execa } from 'execa';
import { stringify } from 'yaml';
import { LabError } from '../lab-error.ts';

export interface KubectlOptions {
  /** Path of the kubectl binary. */
  readonly binary: string;
  readonly kubeconfig: string;
  readonly signal: AbortSignal;
}

/**
 * Runs kubectl against one cluster; answers standard output.
 *
 * @throws LabError `KubectlFailed` with kubectl's own words
 */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

export function createKubectl({ binary, kubeconfig, signal }: KubectlOptions): Kubectl {
  return async (args, input) => {
    const { failed, stdout, stderr } = await execa(binary, ['--kubeconfig', kubeconfig, ...args], {
      cancelSignal: signal,
      reject: false,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    });
    signal.throwIfAborted();
    if (failed) throw new LabError('KubectlFailed', `kubectl ${args[0] ?? ''}: ${stderr.trim()}`);
    return stdout;
  };
}

/** Server-side apply of YAML text or of objects, as field manager `lab`. Objects that exist otherwise become the lab's. */
export async function apply(kubectl: Kubectl, manifests: string | readonly object[]): Promise<void> {
  const text = typeof manifests === 'string' ? manifests : manifests.map((object) => stringify(object)).join('---\n');
  await kubectl(['apply', '--server-side', '--force-conflicts', '--field-manager=lab', '-f', '-'], text);
}

/** Waits until Deployments and DaemonSets have rolled out. */
export async function waitForRollout(
  kubectl: Kubectl,
  namespace: string,
  workloads: readonly string[],
  timeoutSeconds: number,
): Promise<void> {
  for (const workload of workloads) {
    await kubectl(['rollout', 'status', '-n', namespace, workload, `--timeout=${timeoutSeconds}s`]);
  }
}
