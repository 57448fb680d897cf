import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ControlPlane, kubeconfigText } from './control-plane.ts';
import { freePorts } from './ports.ts';
import { parseProcessUsage, type ProcessUsage } from './process-usage.ts';
import { startServer } from './server-process.ts';

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

const image = readFile(new URL('../Dockerfile', import.meta.url), 'utf8');

/** The flags that the image gives to Node. */
async function nodeFlags(): Promise<readonly string[]> {
  const words: unknown = JSON.parse(/^ENTRYPOINT (\[.*\])$/mu.exec(await image)?.[1] ?? '[]');
  return Array.isArray(words) ? words.filter((word) => typeof word === 'string' && word.startsWith('--')) : [];
}

/** The environment that it gives, as `env` takes it. */
async function imageEnvironment(): Promise<readonly string[]> {
  return /^ENV (.*)$/mu.exec(await image)?.[1]?.split(' ') ?? [];
}

const sources = process.env['MANAGER'] ?? fileURLToPath(new URL('../main.ts', import.meta.url));

/** Starts the manager as the ServiceAccount `kamaji-controller-manager` of a namespace; resolves when it is ready. */
export async function startManager(controlPlane: ControlPlane, options: ManagerOptions): Promise<Manager> {
  const user = `system:serviceaccount:${options.namespace}:kamaji-controller-manager`;
  const [[metrics, health, webhook, authorization], flags, environment, identity] = await Promise.all([
    freePorts(4),
    nodeFlags(),
    imageEnvironment(),
    controlPlane.identity(user, [
      'system:serviceaccounts',
      `system:serviceaccounts:${options.namespace}`,
      ...(options.groups ?? []),
    ]),
  ]);
  const kubeconfig = kubeconfigText(controlPlane.server, controlPlane.caCertificatePem, identity);
  const server = await startServer({
    name: 'manager',
    command: (directory) => [
      '/usr/bin/env',
      [
        ...environment,
        process.execPath,
        ...flags,
        options.main ?? sources,
        `--kubeconfig=${join(directory, 'kubeconfig')}`,
        `--pod-namespace=${options.namespace}`,
        '--leader-elect',
        `--metrics-bind-address=127.0.0.1:${metrics}`,
        `--health-probe-bind-address=127.0.0.1:${health}`,
        `--webhook-bind-address=127.0.0.1:${webhook}`,
        `--authorization-bind-address=127.0.0.1:${authorization}`,
        ...(options.flags ?? []),
      ],
    ],
    prepare: (directory) => writeFile(join(directory, 'kubeconfig'), kubeconfig, { mode: 0o600 }),
    answers: () =>
      fetch(`http://127.0.0.1:${health}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    timeoutMs: 120_000,
    signal: options.signal,
  });
  const stop = async (): Promise<void> => {
    await server.end('SIGTERM');
    await server.stop();
  };
  const ofProcess = (file: string): Promise<string> => readFile(`/proc/${server.pid()}/${file}`, 'utf8');
  return {
    user,
    usage: async () => parseProcessUsage((await ofProcess('stat')) + (await ofProcess('status'))),
    restartPeak: () => writeFile(`/proc/${server.pid()}/clear_refs`, '5'),
    async metric(name, labels = {}) {
      const response = await fetch(`http://127.0.0.1:${metrics}/metrics`);
      return sumOf(await response.text(), name, labels);
    },
    log: (lines) => server.log(lines),
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
