import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { cacheDirectory, ensureDirectory, stateDirectory } from '../cache-directory.ts';
import type { Host } from '../host.ts';

/** dockerd that this process started. */
export interface Daemon {
  /** Path of what it prints. */
  readonly log: string;
  /** Why it ended, once it has. */
  readonly failure: () => string | undefined;
}

/** Short: paths of sockets below it may not exceed 108 bytes. */
const execRoot = '/run/kamaji-lab';
const containerdPidFile = join(execRoot, 'containerd', 'containerd.pid');
const shim = new URL('runc-shim.sh', import.meta.url);
const stopTimeout = 40_000;

/**
 * Starts dockerd by itself, detached from this process, with its own data and without a default network. Whatever an earlier
 * one left when it was killed is cleared away first. Returns before it answers.
 */
export async function startDaemon(host: Host): Promise<Daemon> {
  const state = await ensureDirectory(stateDirectory());
  await clearRemains();
  const log = join(state, 'dockerd.log');
  const output = await open(log, 'w');
  try {
    const child = spawn('dockerd', await daemonArguments(host, state), {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    let failure: string | undefined;
    child.once('error', (error) => (failure = error.message));
    child.once('exit', (code, signal) => (failure = `dockerd ended with ${signal ?? `status ${code}`}`));
    child.unref();
    return { log, failure: () => failure };
  } finally {
    await output.close();
  }
}

/** Whether the dockerd that the lab started, now or in an earlier process, runs. */
export async function daemonIsRunning(): Promise<boolean> {
  return (await livingProcess(pidFile(), 'dockerd')) !== undefined;
}

/** Ends it, with all its containers, and what it left running. */
export async function endDaemon(signal: AbortSignal): Promise<void> {
  const pid = await livingProcess(pidFile(), 'dockerd');
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    const deadline = performance.now() + stopTimeout;
    while (performance.now() < deadline && (await commandOf(pid)) === 'dockerd') {
      await sleep(200, undefined, { signal });
    }
    if ((await commandOf(pid)) === 'dockerd') process.kill(pid, 'SIGKILL');
  }
  await clearRemains();
  // dockerd mounts its data onto itself, and one that is killed leaves that behind.
  const unmount = () => execa('umount', [join(cacheDirectory(), 'docker')], { cancelSignal: signal, reject: false });
  while (!(await unmount()).failed) signal.throwIfAborted();
  await rm(execRoot, { recursive: true, force: true });
}

function pidFile(): string {
  return join(stateDirectory(), 'dockerd.pid');
}

async function daemonArguments(host: Host, state: string): Promise<readonly string[]> {
  const data = await ensureDirectory(cacheDirectory(), 'docker');
  await mkdir(execRoot, { recursive: true });
  const runtime = host.sysResource ? [] : await shimRuntime(state);
  // No resolver: Docker's own still answers the names of containers, and nothing asks a server outside.
  const offline = ['--bridge=none', '--ip-masq=false', '--dns=127.0.0.1'];
  const places = ['--data-root', data, '--exec-root', execRoot, '--pidfile', pidFile()];
  return [...places, ...offline, ...runtime, '--host', 'unix:///var/run/docker.sock', '--storage-driver', 'overlay2'];
}

/** The shim must outlive this checkout: containers that run need it to be executed in. */
async function shimRuntime(state: string): Promise<readonly string[]> {
  const path = join(state, 'runc-shim');
  await copyFile(shim, path);
  await chmod(path, 0o755);
  return ['--add-runtime', `lab=${path}`, '--default-runtime', 'lab'];
}

/**
 * Pid files that name a process which is no longer theirs keep dockerd from starting, or make it wait for a containerd that is
 * not there. A containerd that outlived its dockerd holds the locks that the next one needs.
 */
async function clearRemains(): Promise<void> {
  if ((await livingProcess(pidFile(), 'dockerd')) === undefined) await rm(pidFile(), { force: true });
  const containerd = await livingProcess(containerdPidFile, 'containerd');
  if (containerd !== undefined && (await readText(`/proc/${containerd}/cmdline`)).includes(execRoot)) {
    process.kill(containerd, 'SIGTERM');
    while ((await commandOf(containerd)) === 'containerd') await sleep(100);
  }
  await rm(containerdPidFile, { force: true });
}

async function livingProcess(file: string, command: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readText(file), 10);
  return Number.isInteger(pid) && (await commandOf(pid)) === command ? pid : undefined;
}

async function commandOf(pid: number): Promise<string | undefined> {
  const status = await readText(`/proc/${pid}/status`);
  const [, name] = /^Name:\s*(\S+)$/m.exec(status) ?? [];
  // A zombie whose parent does not collect it keeps its name.
  return /^State:\s*Z/m.test(status) ? undefined : name;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
