import { createHash } from 'node:crypto';
import { type Kubectl, waitForRollout } from '../cluster/kubectl.ts';
import { ensureNodeImages } from '../cluster/node-images.ts';
import { readMark, writeMark } from '../cluster/service.ts';
import { initProviders } from '../clusterctl/init.ts';
import { ownRelease, type ProviderRelease, writeClusterctlConfig, writeRelease } from '../clusterctl/repository.ts';
import { bootstrap, clusterApiVersion, core, infrastructure } from '../clusterctl/upstream.ts';
import type { Docker } from '../docker/docker.ts';
import type { StepOptions } from '../progress.ts';
import type { Tools } from '../tools.ts';

export interface ProviderInput {
  readonly checkout: string;
  /** This provider's image in the engine. */
  readonly image: string;
  readonly tools: Tools;
  readonly docker: Docker;
}

const mark = 'provider';
const namespace = 'kamaji-system';
const rolloutTimeoutSeconds = 120;

/**
 * `clusterctl init` with Cluster API core, the kubeadm bootstrap provider, CAPD and this provider. Where they are there
 * already, this provider's objects and image are made what the checkout says.
 *
 * @param upstream Cluster API's own releases where they were built; empty where clusterctl fetches them
 */
export async function installProviders(
  input: ProviderInput,
  upstream: readonly ProviderRelease[],
  options: StepOptions,
): Promise<void> {
  const { kubectl, clusterctl, paths } = input.tools;
  const own = await ownRelease(input.checkout, input.image);
  for (const release of [...upstream, own]) await writeRelease(paths, release);
  await writeClusterctlConfig(paths, [...upstream, own]);
  await ensureNodeImages(input.docker, [input.image], options);
  options.report('clusterctl init');
  const version = clusterApiVersion;
  const providers = [core, bootstrap, infrastructure].map((provider) => ({ ...provider, version }));
  if ((await initProviders(clusterctl, kubectl, [...providers, own])) === 'initialised') {
    await writeMark(kubectl, mark, contentHash(own));
  }
  await ensureContent(input.tools, own, options);
}

/** Reloads this provider, and nothing else, where it is not what the checkout says. */
export async function loadProvider(input: ProviderInput, options: StepOptions): Promise<void> {
  const own = await ownRelease(input.checkout, input.image);
  await writeRelease(input.tools.paths, own);
  await ensureNodeImages(input.docker, [input.image], options);
  await ensureContent(input.tools, own, options);
}

async function ensureContent(tools: Tools, own: ProviderRelease, options: StepOptions): Promise<void> {
  const { kubectl, clusterctl } = tools;
  if ((await readMark(kubectl, mark)) !== contentHash(own)) {
    options.report('replacing the provider');
    await replaceObjects(
      kubectl,
      await clusterctl(['generate', 'provider', '--control-plane', `kamaji:${own.version}`]),
    );
    await writeMark(kubectl, mark, contentHash(own));
  }
  options.report('waiting for the provider');
  const deployments = await kubectl(['get', 'deployments', '-n', namespace, '-o', 'name']);
  await waitForRollout(kubectl, namespace, deployments.split('\n'), rolloutTimeoutSeconds);
}

function contentHash(release: ProviderRelease): string {
  return createHash('sha256').update(JSON.stringify(release)).digest('hex').slice(0, 12);
}

/**
 * Makes the objects exactly what the text says, whoever wrote their fields before: apply would leave what other field
 * managers, such as clusterctl, once set.
 */
async function replaceObjects(kubectl: Kubectl, manifests: string): Promise<void> {
  const documents = manifests.split(/^---$/m).filter((document) => document.trim() !== '');
  const known = await Promise.all(
    documents.map((document) => kubectl(['get', '--ignore-not-found', '-o', 'name', '-f', '-'], document)),
  );
  for (const verb of ['create', 'replace'] as const) {
    const chosen = documents.filter((_document, index) => (known[index] === '') === (verb === 'create'));
    if (chosen.length > 0) await kubectl([verb, '-f', '-'], chosen.join('---\n'));
  }
}
