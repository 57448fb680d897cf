import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, guard, startProgram, waitUntil } from './child-processes.ts';
import type { ControlPlane } from './control-plane.ts';
import { kubeconfigText } from './control-plane.ts';
import { parseProcessUsage, type ProcessUsage } from './process-usage.ts';

export interface ManagerOptions {
  /** Where its ServiceAccount is, whose rights it has. */
  readonly namespace: string;
  readonly flags?: readonly string[];
  /** Further groups that it is in. */
  readonly groups?: readonly string[];
  /** What is run. Default: the sources, or the bundle that MANAGER names, which takes less memory. */
  readonly main?: string;
  /** Ends a start under way. */
  readonly signal?: AbortSignal;
}

/** The manager as it is shipped, as a process of its own. */
export interface Manager extends AsyncDisposable {
  /** Who it is to the API server. */
  readonly user: string;
  /** What it has used so far. */
  usage(): Promise<ProcessUsage>;
  /** Lets the peak of the resident memory begin anew (Linux: proc_pid_clear_refs(5)). */
  restartPeak(): Promise<void>;
  /** The sum of all its series of that name whose labels are these. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  log(lines?: number): Promise<string>;
  stop(): Promise<void>;
}

const sources = process.env['MANAGER'] ?? fileURLToPath(new URL('../main.ts', import.meta.url));

/** Starts the manager as the ServiceAccount `kamaji-controller-manager` of a namespace; resolves when it is ready. */
export async function startManager(controlPlane: ControlPlane, options: ManagerOptions): Promise<Manager> {
  const user = `system:serviceaccount:${options.namespace}:kamaji-controller-manager`;
  const [[metrics, health, webhook, authorization], directory, identity] = await Promise.all([
    freePorts(4),
    mkdtemp(join(tmpdir(), 'manager-')),
    controlPlane.identity(user, [
      'system:serviceaccounts',
      `system:serviceaccounts:${options.namespace}`,
      ...(options.groups ?? []),
    ]),
  ]);
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigText(controlPlane.server, controlPlane.caCertificatePem, identity), {
    mode: 0o600,
  });
  const args = [
    options.main ?? sources,
    `--kubeconfig=${kubeconfig}`,
    `--pod-namespace=${options.namespace}`,
    '--leader-elect',
    `--metrics-bind-address=127.0.0.1:${metrics}`,
    `--health-probe-bind-address=127.0.0.1:${health}`,
    `--webhook-bind-address=127.0.0.1:${webhook}`,
    `--authorization-bind-address=127.0.0.1:${authorization}`,
    ...(options.flags ?? []),
  ];
  const { signal } = options;
  const program = await startProgram('manager', process.execPath, args, join(directory, 'log'));
  const release = guard([program.pid], directory);
  const stop = async (): Promise<void> => {
    await program.end();
    await rm(directory, { recursive: true, force: true });
    release();
  };
  const ofProcess = (file: string): Promise<string> => readFile(`/proc/${program.pid}/${file}`, 'utf8');
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${health}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  try {
    await waitUntil(program, isReady, { timeoutMs: 120_000, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    user,
    usage: async () => parseProcessUsage((await ofProcess('stat')) + (await ofProcess('status'))),
    restartPeak: () => writeFile(`/proc/${program.pid}/clear_refs`, '5'),
    async metric(name, labels = {}) {
      const response = await fetch(`http://127.0.0.1:${metrics}/metrics`);
      return sumOf(await response.text(), name, labels);
    },
    log: (lines) => program.log(lines),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Sums samples of Prometheus' text format. */
function sumOf(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
