import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { recipeOf } from '#lab/binaries/ensure-binaries.ts';
import { moduleSource } from '#lab/binaries/go-module.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import { testBinaries } from '../binaries.ts';
import { freePorts, guard, startProgram, waitUntil } from '../child-processes.ts';
import type { ControlPlane } from '../control-plane.ts';

interface Definition {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly versions: readonly { readonly name: string; readonly storage: boolean }[] };
}

/** Cluster API's own CustomResourceDefinitions, in the version that is stored and without webhooks for the others. */
export async function clusterApiDefinitions(): Promise<readonly object[]> {
  const { signal } = new AbortController();
  const options = { signal, report: () => undefined };
  const module = await moduleSource(recipeOf('cluster-api-controller'), 'sigs.k8s.io/cluster-api', options);
  const folder = join(module, 'core', 'config', 'crd', 'bases');
  return Promise.all(
    (await readdir(folder)).map(async (file) => {
      const definition: Definition = parse(await readFile(join(folder, file), 'utf8'));
      const { metadata, spec } = definition;
      const labels = { ...metadata.labels, 'cluster.x-k8s.io/v1beta2': 'v1beta2' };
      const versions = spec.versions.filter(({ storage }) => storage);
      return { ...definition, metadata: { ...metadata, labels }, spec: { ...spec, versions, conversion: undefined } };
    }),
  );
}

/** The real core of Cluster API as a process. */
export interface Core extends AsyncDisposable {
  log(lines?: number): Promise<string>;
}

/** Starts core as an administrator; resolves when it is healthy. */
export async function startCore(controlPlane: ControlPlane): Promise<Core> {
  const { signal } = new AbortController();
  const now = new Date();
  const [binaries, [webhook, health, diagnostics], directory, authority] = await Promise.all([
    testBinaries(['cluster-api-controller'], signal),
    freePorts(3),
    mkdtemp(join(tmpdir(), 'cluster-api-')),
    createAuthority({ commonName: 'webhooks', now }),
  ]);
  // Nobody calls its webhooks here, but it does not start without a certificate for them.
  const { certificatePem, privateKeyPem } = await issue({
    authority,
    subject: { commonName: 'webhooks' },
    usages: ['serverAuth'],
    dnsNames: ['localhost'],
    validityMs: 24 * 3_600_000,
    now,
  });
  await writeFile(join(directory, 'tls.crt'), certificatePem);
  await writeFile(join(directory, 'tls.key'), privateKeyPem, { mode: 0o600 });
  const args = [
    `--kubeconfig=${controlPlane.kubeconfigPath}`,
    `--webhook-cert-dir=${directory}`,
    `--webhook-port=${webhook}`,
    `--health-addr=127.0.0.1:${health}`,
    `--diagnostics-address=127.0.0.1:${diagnostics}`,
    '--insecure-diagnostics',
    '--skip-crd-migration-phases=StorageVersionMigration,CleanupManagedFields',
    '--feature-gates=ClusterTopology=false,RuntimeSDK=false,MachinePool=true',
  ];
  const program = await startProgram('core', binaries['cluster-api-controller'], args, join(directory, 'log'));
  const release = guard([program.pid], directory);
  const stop = async (): Promise<void> => {
    await program.end();
    await rm(directory, { recursive: true, force: true });
    release();
  };
  const isHealthy = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${health}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  try {
    await waitUntil(program, isHealthy, { timeoutMs: 120_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { log: (lines) => program.log(lines), [Symbol.asyncDispose]: stop };
}
