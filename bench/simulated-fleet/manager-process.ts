import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { freePorts, startProgram, waitUntil } from '#test/child-processes.ts';

/** What a process has used and holds. */
export interface Usage {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  readonly residentMiB: number;
  /** Since it was last asked for. */
  readonly peakMiB: number;
}

/** The manager as its image runs it. */
export interface ManagerProcess {
  readonly pid: number;
  usage(): Promise<Usage>;
  /** The sum of all series of that name whose labels are these. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
}

export interface ManagerProcessOptions {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  /** For its log. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

const bundle = fileURLToPath(new URL('../../dist/manager.mjs', import.meta.url));
/** Of a tick, in seconds (proc_pid_stat(5): utime; Linux on every architecture that Node runs on). */
const tick = 0.01;

/** Starts the bundle of `npm run build` and resolves when it is ready. The caller ends it. */
export async function startManager(options: ManagerProcessOptions): Promise<ManagerProcess> {
  const { kubeconfigPath, namespace, directory, signal } = options;
  const [metricsPort = 0, healthPort = 0, webhookPort = 0] = await freePorts(3);
  const args = [
    bundle,
    `--kubeconfig=${kubeconfigPath}`,
    `--pod-namespace=${namespace}`,
    `--metrics-bind-address=127.0.0.1:${metricsPort}`,
    `--health-probe-bind-address=127.0.0.1:${healthPort}`,
    `--webhook-bind-address=127.0.0.1:${webhookPort}`,
    '--log-level=warn',
  ];
  const program = await startProgram('manager', execPath, args, join(directory, 'manager.log'));
  try {
    await waitUntil(program, () => isReady(healthPort), { timeoutMs: 120_000, signal });
  } catch (error) {
    await program.end({ signal: 'SIGKILL' });
    throw error;
  }
  const { pid } = program;
  return {
    pid,
    usage: () => usageOf(pid),
    async metric(name, labels = {}) {
      const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
      return sumOf(await response.text(), name, labels);
    },
    stop: () => program.end({ graceMs: 30_000 }),
  };
}

async function usageOf(pid: number): Promise<Usage> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  // Behind the name, which may hold anything but ends at the last bracket: field 3, the state, and so on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kilobytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  const usage = {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) * tick,
    residentMiB: kilobytes('VmRSS') / 1024,
    peakMiB: kilobytes('VmHWM') / 1024,
  };
  // From here on a new peak (proc_pid_clear_refs(5)).
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  return usage;
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

function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
