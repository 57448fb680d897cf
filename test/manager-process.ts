import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, guard, startProgram, waitUntil } from './child-processes.ts';
import type { ControlPlane } from './control-plane.ts';
import { kubeconfigText } from './control-plane.ts';

export interface ManagerOptions {
  /** Where its ServiceAccount is, whose rights it has. */
  readonly namespace: string;
  readonly flags?: readonly string[];
}

/** The manager as it is shipped, as a process of its own. */
export interface Manager extends AsyncDisposable {
  /** Who it is to the API server. */
  readonly user: string;
  /** What it has used so far. */
  usage(): Promise<{ readonly cpuSeconds: number; readonly memoryMiB: number }>;
  log(lines?: number): Promise<string>;
  stop(): Promise<void>;
}

/** What is run: the sources, or the bundle that MANAGER names, which takes less memory. */
const main = process.env['MANAGER'] ?? fileURLToPath(new URL('../main.ts', import.meta.url));

/** Starts the manager as the ServiceAccount `kamaji-controller-manager` of a namespace; resolves when it is ready. */
export async function startManager(controlPlane: ControlPlane, options: ManagerOptions): Promise<Manager> {
  const user = `system:serviceaccount:${options.namespace}:kamaji-controller-manager`;
  const [[metrics, health, webhook, authorization], directory, identity] = await Promise.all([
    freePorts(4),
    mkdtemp(join(tmpdir(), 'manager-')),
    controlPlane.identity(user, ['system:serviceaccounts', `system:serviceaccounts:${options.namespace}`]),
  ]);
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigText(controlPlane.server, controlPlane.caCertificatePem, identity), {
    mode: 0o600,
  });
  const args = [
    main,
    `--kubeconfig=${kubeconfig}`,
    `--pod-namespace=${options.namespace}`,
    '--leader-elect',
    `--metrics-bind-address=127.0.0.1:${metrics}`,
    `--health-probe-bind-address=127.0.0.1:${health}`,
    `--webhook-bind-address=127.0.0.1:${webhook}`,
    `--authorization-bind-address=127.0.0.1:${authorization}`,
    ...(options.flags ?? []),
  ];
  const program = await startProgram('manager', process.execPath, args, join(directory, 'log'));
  const release = guard([program.pid], directory);
  const stop = async (): Promise<void> => {
    await program.end();
    await rm(directory, { recursive: true, force: true });
    release();
  };
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${health}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  try {
    await waitUntil(program, isReady, { timeoutMs: 120_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    user,
    usage: () => usageOf(program.pid),
    log: (lines) => program.log(lines),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

// Linux: proc_pid_stat(5), fields 14 and 15 in ticks of 10 ms, and proc_pid_status(5).
async function usageOf(pid: number): Promise<{ readonly cpuSeconds: number; readonly memoryMiB: number }> {
  const [stat, status] = await Promise.all(['stat', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')));
  const fields = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ');
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/mu.exec(status ?? '') ?? [];
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, memoryMiB: Number(kibibytes) / 1024 };
}
