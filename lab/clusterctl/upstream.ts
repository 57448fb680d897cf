import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { versions } from '../versions.ts';
import { componentsFile, type ProviderRelease, withImage } from './repository.ts';

export interface UpstreamInput {
  readonly kubectl: string;
  /** Folders of the Go modules `sigs.k8s.io/cluster-api` and `sigs.k8s.io/cluster-api/test`. */
  readonly clusterApi: string;
  readonly clusterApiTest: string;
  readonly images: Readonly<Record<'core' | 'bootstrap' | 'infrastructure', string>>;
  readonly signal: AbortSignal;
}

/**
 * Cluster API core, the kubeadm bootstrap provider and CAPD as their modules' kustomizations make them, with the images
 * that the lab built. Only where nothing can be pulled: otherwise clusterctl fetches the published releases.
 */
export async function upstreamReleases(input: UpstreamInput): Promise<readonly ProviderRelease[]> {
  const { clusterApi, clusterApiTest, images } = input;
  const metadata = await readFile(join(clusterApi, 'metadata.yaml'), 'utf8');
  const release = async (
    provider: Pick<ProviderRelease, 'name' | 'type'>,
    kustomization: string,
    image: string,
  ): Promise<ProviderRelease> => {
    const { stdout } = await execa(input.kubectl, ['kustomize', kustomization], { cancelSignal: input.signal });
    const files = { [componentsFile(provider)]: withImage(stdout, image), 'metadata.yaml': metadata };
    return { ...provider, version: clusterApiVersion, files };
  };
  return [
    await release(core, join(clusterApi, 'core', 'config', 'default'), images.core),
    await release(bootstrap, join(clusterApi, 'bootstrap', 'kubeadm', 'config', 'default'), images.bootstrap),
    await release(
      infrastructure,
      join(clusterApiTest, 'infrastructure', 'docker', 'config', 'default'),
      images.infrastructure,
    ),
  ];
}

export const clusterApiVersion = `v${versions.clusterApi}`;
export const core = Object.freeze({ name: 'cluster-api', type: 'CoreProvider' });
export const bootstrap = Object.freeze({ name: 'kubeadm', type: 'BootstrapProvider' });
export const infrastructure = Object.freeze({ name: 'docker', type: 'InfrastructureProvider' });
