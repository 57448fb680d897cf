import { execa } from 'execa';
import { stringify } from 'yaml';

export interface KubectlOptions {
  /** Path of the kubectl binary. */
  readonly binary: string;
  readonly kubeconfig: string;
  readonly signal: AbortSignal;
}

/**
 * Runs kubectl against one cluster.
 *
 * @returns standard output
 * @throws ExecaError with kubectl's own words in `stderr`
 */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

export function createKubectl({ binary, kubeconfig, signal }: KubectlOptions): Kubectl {
  return async (args, input) => {
    const { stdout } = await execa(binary, ['--kubeconfig', kubeconfig, ...args], {
      cancelSignal: signal,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    });
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
