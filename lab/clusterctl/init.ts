import { execa } from 'execa';
import { LabError } from '../lab-error.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import type { LabPaths } from '../paths.ts';
import { type ProviderRelease, providerLabel } from './repository.ts';

type Provider = Pick<ProviderRelease, 'name' | 'type' | 'version'>;

const flags = {
  CoreProvider: '--core',
  BootstrapProvider: '--bootstrap',
  ControlPlaneProvider: '--control-plane',
  InfrastructureProvider: '--infrastructure',
} as const;

/**
 * Runs clusterctl with the lab's configuration against the management cluster; answers standard output.
 *
 * @param variables values for the `${VARIABLES}` of templates
 * @throws LabError `ClusterctlFailed`
 */
export type Clusterctl = (args: readonly string[], variables?: Readonly<Record<string, string>>) => Promise<string>;

export function createClusterctl(binary: string, paths: LabPaths, signal: AbortSignal): Clusterctl {
  const env = { KUBECONFIG: paths.kubeconfig, CLUSTERCTL_DISABLE_VERSIONCHECK: 'true' };
  return async (args, variables) => {
    const { failed, stdout, stderr } = await execa(binary, ['--config', paths.clusterctlConfig, ...args], {
      env: { ...env, ...variables },
      cancelSignal: signal,
      stdin: 'ignore',
      reject: false,
    });
    signal.throwIfAborted();
    if (!failed) return stdout;
    throw new LabError('ClusterctlFailed', `clusterctl ${args.join(' ')} failed:\n${stderr.trim()}`);
  };
}

/**
 * `clusterctl init` with the providers, unless the cluster has all of them; clusterctl itself passes over those that are
 * there, so a run that was cut short goes on where it ended.
 *
 * @throws LabError `ClusterctlFailed`
 */
export async function initProviders(
  clusterctl: Clusterctl,
  kubectl: Kubectl,
  providers: readonly Provider[],
): Promise<'kept' | 'initialised'> {
  const installed = await installedProviders(kubectl);
  if (providers.every((provider) => installed.has(`${providerLabel(provider)}:${provider.version}`))) return 'kept';
  const named = providers.flatMap(({ type, name, version }) => [flags[type], `${name}:${version}`]);
  await clusterctl(['init', ...named, '--wait-providers', '--wait-provider-timeout', '300']);
  return 'initialised';
}

/** `label:version` of each provider in clusterctl's inventory; empty on a cluster that was never initialised. */
async function installedProviders(kubectl: Kubectl): Promise<ReadonlySet<string>> {
  const resource = 'providers.clusterctl.cluster.x-k8s.io';
  const known = await kubectl(['get', 'crd', resource, '--ignore-not-found', '-o', 'name']);
  if (known === '') return new Set();
  const entries = 'jsonpath={range .items[*]}{.metadata.name}:{.version} {end}';
  return new Set((await kubectl(['get', resource, '-A', '-o', entries])).trim().split(' '));
}
