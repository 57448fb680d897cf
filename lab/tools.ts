import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinaries } from './binaries/ensure-binaries.ts';
import { type Clusterctl, createClusterctl } from './clusterctl/init.ts';
import { createKubectl, type Kubectl } from './cluster/kubectl.ts';
import { labPaths, type LabPaths } from './paths.ts';
import type { StepOptions } from './progress.ts';

/** The command lines that the lab is driven with, pointed at the management cluster. */
export interface Tools {
  readonly paths: LabPaths;
  readonly kubectl: Kubectl;
  readonly clusterctl: Clusterctl;
  /** Paths of the binaries, for users of their own. */
  readonly binaries: Readonly<Record<'kind' | 'kubectl' | 'clusterctl', string>>;
}

export async function openTools(options: StepOptions): Promise<Tools> {
  const binaries = await ensureBinaries(['kind', 'kubectl', 'clusterctl'], options);
  const paths = labPaths();
  await rm(paths.binDirectory, { recursive: true, force: true });
  await mkdir(paths.binDirectory, { recursive: true });
  for (const [name, path] of Object.entries(binaries)) await symlink(path, join(paths.binDirectory, name));
  const { signal } = options;
  return Object.freeze({
    paths,
    binaries,
    kubectl: createKubectl({ binary: binaries.kubectl, kubeconfig: paths.kubeconfig, signal }),
    clusterctl: createClusterctl(binaries.clusterctl, paths, signal),
  });
}
