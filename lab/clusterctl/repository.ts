import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { LabPaths } from '../paths.ts';

/** One version of one provider as clusterctl's local repository holds it. */
export interface ProviderRelease {
  readonly name: string;
  readonly type: 'CoreProvider' | 'BootstrapProvider' | 'ControlPlaneProvider' | 'InfrastructureProvider';
  /** With the leading "v". */
  readonly version: string;
  /** File name → content: components YAML, `metadata.yaml`, templates. */
  readonly files: Readonly<Record<string, string>>;
}

const prefixes = {
  CoreProvider: '',
  BootstrapProvider: 'bootstrap-',
  ControlPlaneProvider: 'control-plane-',
  InfrastructureProvider: 'infrastructure-',
} as const;

const componentsFiles = {
  CoreProvider: 'core-components.yaml',
  BootstrapProvider: 'bootstrap-components.yaml',
  ControlPlaneProvider: 'control-plane-components.yaml',
  InfrastructureProvider: 'infrastructure-components.yaml',
} as const;

/** The provider's folder in a repository and its label in the cluster: `control-plane-kamaji`. */
export function providerLabel({ name, type }: Pick<ProviderRelease, 'name' | 'type'>): string {
  return `${prefixes[type]}${name}`;
}

/** The name of the components file that clusterctl expects for the provider's type. */
export function componentsFile({ type }: Pick<ProviderRelease, 'type'>): string {
  return componentsFiles[type];
}

/** Writes one release, in the layout of clusterctl's provider contract: `<repository>/<label>/<version>/<file>`. */
export async function writeRelease(paths: LabPaths, release: ProviderRelease): Promise<void> {
  const directory = releaseDirectory(paths, release);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const [file, content] of Object.entries(release.files)) await writeFile(join(directory, file), content);
}

/** Writes the clusterctl.yaml that names the releases. Other providers keep clusterctl's built-in addresses. */
export async function writeClusterctlConfig(paths: LabPaths, releases: readonly ProviderRelease[]): Promise<void> {
  const providers = releases.map((release) => ({
    name: release.name,
    type: release.type,
    url: join(releaseDirectory(paths, release), componentsFile(release)),
  }));
  await writeFile(paths.clusterctlConfig, stringify({ providers, CLUSTER_TOPOLOGY: 'true', EXP_MACHINE_POOL: 'true' }));
}

function releaseDirectory(paths: LabPaths, release: ProviderRelease): string {
  return join(paths.repository, providerLabel(release), release.version);
}

/** This provider's release: the files of the checkout, with the image that the lab made of it. */
export async function ownRelease(checkout: string, image: string): Promise<ProviderRelease> {
  const components = await readFile(join(checkout, 'config', 'control-plane-components.yaml'), 'utf8');
  const metadata = await readFile(join(checkout, 'metadata.yaml'), 'utf8');
  const version = await checkoutVersion(checkout);
  const files = { 'control-plane-components.yaml': withImage(components, image), 'metadata.yaml': metadata };
  return { name: 'kamaji', type: 'ControlPlaneProvider', version, files };
}

/** The version in the checkout's package.json, with the leading "v". */
export async function checkoutVersion(checkout: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return `v${String(version)}`;
}

/** Sets the image of every Deployment's containers, and lets the node use what was loaded into it. */
export function withImage(components: string, image: string): string {
  // CRDs mention fields of the same names; only whole documents of the right kind are touched.
  const documents = components
    .split(/^---$/m)
    .map((document) =>
      /^kind: Deployment$/m.test(document)
        ? document
            .replaceAll(/^(\s*(?:- )?image:) .+$/gm, `$1 ${image}`)
            .replaceAll(/^(\s*(?:- )?imagePullPolicy:) .+$/gm, '$1 IfNotPresent')
        : document,
    );
  return documents.join('---');
}
