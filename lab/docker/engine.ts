import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureDebianPackages } from '../debian-packages.ts';
import { detectHost, type Host } from '../host.ts';
import { LabError } from '../lab-error.ts';
import { withMachineLock } from '../machine-lock.ts';
import type { StepOptions } from '../progress.ts';
import { createDocker, type Docker } from './docker.ts';
import { daemonIsRunning, endDaemon, startDaemon } from './daemon.ts';
import { prepareHostSettings, recordedHostSettings, restoreHostSettings } from './host-settings.ts';
import { removeEngineRules } from './packet-filter.ts';
import { ensureIsolatedNetwork, isolateNetwork, removeNetwork } from './network.ts';

export interface Engine {
  readonly docker: Docker;
  /** Whether the lab started it. Then its containers can send nothing off the machine. */
  readonly ours: boolean;
  /** Path of its API socket on the machine (or virtual machine) where containers run, for bind mounts. */
  readonly socket: string;
  /** cgroup version that its containers see. */
  readonly cgroupVersion: 1 | 2;
}

const packages = ['docker.io', 'iptables', 'iproute2', 'jq'];

/**
 * Makes sure that a Docker engine answers. One that runs is used as it is. Where there is none and no service manager that
 * would run it, as in a sandbox or in CI, Debian's is installed and started with nothing that reaches off the machine; one of
 * ours that was killed comes back with its images and, stopped, its containers.
 *
 * @throws LabError `EngineUnavailable` (someone else's to start), `EngineStartFailed`, `UnsupportedHost`
 */
export async function ensureEngine(options: StepOptions): Promise<Engine> {
  const { signal, report } = options;
  const docker = createDocker(signal);
  const waiting = () => report('waiting for another process that starts the engine');
  return withMachineLock('engine', { signal, waiting }, async () => {
    let cgroupVersion = await engineCgroupVersion(docker, signal);
    if (cgroupVersion === undefined) {
      await startOwnEngine(options);
      cgroupVersion = await engineCgroupVersion(docker, signal);
    }
    if (cgroupVersion === undefined) {
      throw new LabError('EngineStartFailed', 'the Docker engine runs, but the docker command does not reach it');
    }
    const ours = await daemonIsRunning();
    if (ours) {
      await isolateNetwork(signal);
      await ensureIsolatedNetwork(docker);
    }
    return Object.freeze({ docker, ours, socket: '/var/run/docker.sock', cgroupVersion });
  });
}

/**
 * The engine in which something of the lab may lie: one that answers, or one of ours that was killed, started again so that what
 * is in it can be removed. `undefined` when there is none.
 */
export async function existingEngine(options: StepOptions): Promise<Engine | undefined> {
  const answers = (await engineCgroupVersion(createDocker(options.signal), options.signal)) !== undefined;
  const ours = (await recordedHostSettings()) !== undefined;
  return answers || ours ? ensureEngine(options) : undefined;
}

/**
 * Ends the engine that the lab started and takes away what it changed of the machine's network. Its images stay in the cache.
 * Someone else's engine is not touched.
 */
export async function stopEngine(options: StepOptions): Promise<void> {
  const { signal, report } = options;
  const waiting = () => report('waiting for another process that starts the engine');
  await withMachineLock('engine', { signal, waiting }, async () => {
    if ((await recordedHostSettings()) === undefined) return;
    // One that was killed left its containers running; it ends them when it starts.
    if (!(await daemonIsRunning())) await startOwnEngine(options);
    report('stopping the Docker engine');
    await removeNetwork(createDocker(signal));
    await endDaemon(signal);
    await removeEngineRules(signal);
    await restoreHostSettings(signal);
  });
}

async function startOwnEngine(options: StepOptions): Promise<void> {
  const { signal, report } = options;
  const host = await detectHost();
  refuseWhereNotOurs(host);
  await ensureDebianPackages(packages, options);
  await prepareHostSettings(signal);
  // Before containers that the engine starts again by itself.
  await isolateNetwork(signal);
  report('starting the Docker engine');
  const daemon = await startDaemon(host);
  const docker = createDocker(signal);
  while ((await engineCgroupVersion(docker, signal)) === undefined) {
    const failure = daemon.failure();
    if (failure !== undefined) {
      const lines = (await readFile(daemon.log, 'utf8')).trim().split('\n').slice(-10).join('\n');
      throw new LabError('EngineStartFailed', `${failure}:\n${lines}`);
    }
    await sleep(200, undefined, { signal });
  }
}

function refuseWhereNotOurs({ systemd, root }: Host): void {
  const refuse = (remedy: string) => {
    throw new LabError('EngineUnavailable', `no Docker engine answers: ${remedy}`);
  };
  if (process.platform !== 'linux') refuse('start Docker Desktop or another engine and try again');
  if (process.env['DOCKER_HOST'] !== undefined) refuse('DOCKER_HOST is set; start the engine it names, or unset it');
  if (systemd) refuse('install Docker, start it (systemctl start docker), and let this user reach it (docker info)');
  if (!root) refuse('start one, or run as root so that the lab can');
}

async function engineCgroupVersion(docker: Docker, signal: AbortSignal): Promise<1 | 2 | undefined> {
  try {
    return (await docker(['info', '--format', '{{.CgroupVersion}}'])) === '1' ? 1 : 2;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
