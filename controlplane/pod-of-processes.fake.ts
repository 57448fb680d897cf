import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { testBinaries } from '#test/binaries.ts';
import { guard, type Program, startProgram } from '#test/child-processes.ts';
import type { Container, PodSpec, Volume } from './pod.ts';

/** What the Secrets and ConfigMaps hold that a pod mounts, by object and key. */
export type Contents = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The containers of a pod as processes of this machine, each over the files that its own mounts give it. */
export interface PodOfProcesses extends AsyncDisposable {
  readonly directory: string;
  program(container: string): Program;
}

/** Programs of the containers that this can run. */
type ContainerName = 'kine' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'konnectivity-server';

const BINARIES = {
  kine: 'kine',
  'kube-apiserver': 'kube-apiserver',
  'kube-controller-manager': 'kube-controller-manager',
  'kube-scheduler': 'kube-scheduler',
  'konnectivity-server': 'proxy-server',
} as const;

type BinaryOfPod = (typeof BINARIES)[ContainerName];

/** Finds the programs of containers. */
export type ProgramsOf = (names: readonly BinaryOfPod[]) => Promise<Readonly<Record<BinaryOfPod, string>>>;

/**
 * Runs every container of the pod with exactly its arguments, but that paths lead into a directory of the container's own and
 * fixed ports are exchanged for free ones. A file that a container needs and does not mount is therefore missing. The programs are
 * those of the tests unless `programsOf` finds others.
 */
export async function runPod(
  pod: PodSpec,
  contents: Contents,
  ports: Readonly<Record<string, number>>,
  programsOf: ProgramsOf = (names) => testBinaries(names, new AbortController().signal),
): Promise<PodOfProcesses> {
  const directory = await mkdtemp(join(tmpdir(), 'pod-'));
  const programs = new Map<string, Program>();
  let release = guard([], directory);
  const stop = async (): Promise<void> => {
    for (const program of [...programs.values()].toReversed()) await program.end({ signal: 'SIGKILL' });
    await rm(directory, { recursive: true, force: true });
    release();
  };
  try {
    const names = pod.containers.map(({ name }) => binaryOf(name));
    const binaries = await programsOf(names);
    for (const container of pod.containers) {
      const paths = await mount(directory, container, pod.volumes, contents);
      const args = (container.args ?? []).map((argument) =>
        expand(exchange(argument, paths, ports), environmentOf(container, contents)),
      );
      const log = join(directory, `${container.name}.log`);
      programs.set(container.name, await startProgram(container.name, binaries[binaryOf(container.name)], args, log));
      const before = release;
      release = guard(
        [...programs.values()].map(({ pid }) => pid),
        directory,
      );
      before();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    directory,
    program: (container) => {
      const found = programs.get(container);
      if (found === undefined) throw new Error(`no container ${container}`);
      return found;
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** What the container has from whole Secrets. */
function environmentOf({ envFrom = [] }: Container, contents: Contents): Readonly<Record<string, string>> {
  return Object.assign({}, ...envFrom.map(({ secretRef }) => contents[secretRef.name] ?? {}));
}

/** What the kubelet makes of references to variables (Kubernetes: Container, args). */
function expand(argument: string, environment: Readonly<Record<string, string>>): string {
  return argument.replaceAll(/\$\((\w+)\)/gu, (reference, name: string) => environment[name] ?? reference);
}

function isKnown(name: string): name is ContainerName {
  return name in BINARIES;
}

function binaryOf(container: string): BinaryOfPod {
  if (!isKnown(container)) throw new Error(`no program for container ${container}`);
  return BINARIES[container];
}

/** Writes what the container's mounts hold; returns where each mount path is on this machine. */
async function mount(
  directory: string,
  container: Container,
  volumes: readonly Volume[],
  contents: Contents,
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>();
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = volumes.find((one) => one.name === name);
    if (volume === undefined) throw new Error(`${container.name} mounts ${name}, which is no volume`);
    const shared = volume.emptyDir !== undefined;
    paths.set(mountPath, shared ? join(directory, 'volumes', name) : join(directory, container.name, mountPath));
  }
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const target = paths.get(mountPath) ?? '';
    await mkdir(target, { recursive: true });
    const { projected } = volumes.find((one) => one.name === name) ?? {};
    for (const source of projected?.sources ?? []) {
      const object = 'secret' in source ? source.secret : source.configMap;
      for (const { key, path } of object.items ?? everyKey(contents[object.name])) {
        const text = contents[object.name]?.[key];
        if (text === undefined) throw new Error(`${container.name} mounts key ${key} of ${object.name}: there is none`);
        await mkdir(dirname(join(target, path)), { recursive: true });
        // A configuration may itself name a file.
        const content = 'configMap' in source || path.endsWith('.yaml') ? exchange(text, paths, {}) : text;
        await writeFile(join(target, path), content, { mode: projected?.defaultMode ?? 0o600 });
      }
    }
  }
  return paths;
}

function everyKey(data: Readonly<Record<string, string>> = {}): readonly { key: string; path: string }[] {
  return Object.keys(data).map((key) => ({ key, path: key }));
}

function exchange(text: string, paths: ReadonlyMap<string, string>, ports: Readonly<Record<string, number>>): string {
  // The longest mount path first: one may lie within another.
  const byLength = [...paths].toSorted(([a], [b]) => b.length - a.length);
  for (const [from, to] of byLength) {
    const at = text.indexOf(`${from}/`);
    if (at >= 0) return `${text.slice(0, at)}${to}${text.slice(at + from.length)}`;
  }
  const [flag = '', value = ''] = text.split('=', 2);
  const port = ports[value];
  return flag.endsWith('-port') && port !== undefined ? `${flag}=${port}` : text;
}
