import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ensureOlderClusterApi, recipeOf } from '#lab/binaries/ensure-binaries.ts';
import { moduleSource } from '#lab/binaries/go-module.ts';
import { olderClusterApi } from '#lab/binaries/recipes.ts';
import { versions } from '#lab/versions.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import { testBinaries } from '../binaries.ts';
import type { ControlPlane } from '../control-plane.ts';
import { freePorts } from '../ports.ts';
import { startServer } from '../server-process.ts';

interface Definition {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly versions: readonly { readonly name: string; readonly storage: boolean }[] };
}

/** Cluster API's own CustomResourceDefinitions, in the version that is stored and without webhooks for the others. */
export async function clusterApiDefinitions(): Promise<readonly object[]> {
  return definitionsIn(await coreDefinitions());
}

/** Likewise those of its infrastructure of containers and of the kubeadm bootstrap provider. */
export async function workerDefinitions(): Promise<readonly object[]> {
  const recipe = recipeOf('capd-manager');
  const infrastructure = await moduleSource(recipe, 'sigs.k8s.io/cluster-api/test', options);
  const bootstrap = await moduleSource(recipe, 'sigs.k8s.io/cluster-api', options);
  const folders = [join(infrastructure, 'infrastructure', 'docker'), join(bootstrap, 'bootstrap', 'kubeadm')];
  return (await Promise.all(folders.map((folder) => definitionsIn(join(folder, 'config', 'crd', 'bases'))))).flat();
}

async function definitionsIn(folder: string): Promise<readonly object[]> {
  return Promise.all(
    (await readdir(folder)).map(async (file) => {
      const definition: Definition = parse(await readFile(join(folder, file), 'utf8'));
      const { metadata, spec } = definition;
      const labels = { ...metadata.labels, 'cluster.x-k8s.io/v1beta2': 'v1beta2' };
      const stored = { versions: spec.versions.filter(({ storage }) => storage), conversion: undefined };
      return { ...definition, metadata: { ...metadata, labels }, spec: { ...spec, ...stored } };
    }),
  );
}

/** Where `make test-matrix` says which version core is to be of. Default: the one that the lab has. */
export const CLUSTER_API_VERSION = 'CLUSTER_API_VERSION';

const older = process.env[CLUSTER_API_VERSION] === versions.olderClusterApi;
const options = { signal: new AbortController().signal, report: () => undefined };

async function coreDefinitions(): Promise<string> {
  const recipe = older ? olderClusterApi : recipeOf('cluster-api-controller');
  const module = await moduleSource(recipe, 'sigs.k8s.io/cluster-api', options);
  return join(module, ...(older ? [] : ['core']), 'config', 'crd', 'bases');
}

async function program(): Promise<string> {
  if (older) return ensureOlderClusterApi(options);
  return (await testBinaries(['cluster-api-controller'], options.signal))['cluster-api-controller'];
}

/** The real core of Cluster API as a process. */
export interface Core extends AsyncDisposable {
  log(lines?: number): Promise<string>;
}

export interface CoreOptions {
  /** Whether Clusters of a ClusterClass are taken care of. Default: false. */
  readonly topology?: boolean;
}

/** Starts core as an administrator; resolves when it is healthy. */
export async function startCore(controlPlane: ControlPlane, { topology = false }: CoreOptions = {}): Promise<Core> {
  const [path, [webhook, health, diagnostics]] = await Promise.all([program(), freePorts(3)]);
  const server = await startServer({
    name: 'cluster-api',
    command: (directory) => [
      path,
      [
        `--kubeconfig=${controlPlane.kubeconfigPath}`,
        `--webhook-cert-dir=${directory}`,
        `--webhook-port=${webhook}`,
        `--health-addr=127.0.0.1:${health}`,
        `--diagnostics-address=127.0.0.1:${diagnostics}`,
        '--insecure-diagnostics',
        '--skip-crd-migration-phases=StorageVersionMigration,CleanupManagedFields',
        `--feature-gates=ClusterTopology=${topology},RuntimeSDK=false,MachinePool=true`,
      ],
    ],
    prepare: writeWebhookCertificate,
    answers: () =>
      fetch(`http://127.0.0.1:${health}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    timeoutMs: 120_000,
  });
  return { log: (lines) => server.log(lines), [Symbol.asyncDispose]: () => server.stop() };
}

/** Nobody calls its webhooks here, but it does not start without a certificate for them. */
async function writeWebhookCertificate(directory: string): Promise<void> {
  const now = new Date();
  const authority = await createAuthority({ commonName: 'webhooks', now });
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
}
