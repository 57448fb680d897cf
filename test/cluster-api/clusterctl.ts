import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { recipeOf } from '#lab/binaries/ensure-binaries.ts';
import { moduleSource } from '#lab/binaries/go-module.ts';
import { versions } from '#lab/versions.ts';
import { testBinaries } from '../binaries.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Runs the real clusterctl, with values for the variables of a template; a failure throws with its standard error. */
export async function clusterctl(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const binaries = await testBinaries(['clusterctl'], new AbortController().signal);
  const directory = await mkdtemp(join(tmpdir(), 'clusterctl-'));
  try {
    const config = join(directory, 'clusterctl.yaml');
    await writeFile(config, '{}\n');
    const own = { XDG_CONFIG_HOME: directory, CLUSTERCTL_DISABLE_VERSIONCHECK: 'true' };
    const env = { ...process.env, ...variables, ...own };
    const { stdout, stderr } = await promisify(execFile)(binaries.clusterctl, ['--config', config, ...args], { env });
    return stdout + stderr;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Leaves what `clusterctl init` would: its inventory, in which the providers stand, and its label on every definition, by
 * which it knows what to move.
 */
export async function declareProviders(management: ControlPlane): Promise<void> {
  const { signal } = new AbortController();
  const module = await moduleSource(recipeOf('clusterctl'), 'sigs.k8s.io/cluster-api', {
    signal,
    report: () => undefined,
  });
  const inventory = join(module, 'cmd', 'clusterctl', 'config', 'manifest', 'clusterctl-api.yaml');
  await management.kubectl(['apply', '--server-side', '-f', '-'], await readFile(inventory, 'utf8'));
  await management.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  const providers = [
    provider('cluster-api', 'cluster-api', 'CoreProvider', `v${versions.clusterApi}`),
    provider('control-plane-kamaji', 'kamaji', 'ControlPlaneProvider', 'v0.1.0'),
  ];
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: providers });
  await management.kubectl(['apply', '--server-side', '-f', '-'], list);
  await management.kubectl(['label', 'crd', '--all', 'clusterctl.cluster.x-k8s.io=']);
}

function provider(name: string, providerName: string, type: string, version: string): object {
  return {
    apiVersion: 'clusterctl.cluster.x-k8s.io/v1alpha3',
    kind: 'Provider',
    metadata: {
      namespace: 'kamaji-system',
      name,
      labels: {
        'clusterctl.cluster.x-k8s.io': '',
        'clusterctl.cluster.x-k8s.io/core': 'inventory',
        'cluster.x-k8s.io/provider': name,
      },
    },
    providerName,
    type,
    version,
  };
}
