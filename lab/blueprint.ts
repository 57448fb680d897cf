import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinaries, recipeOf } from './binaries/ensure-binaries.ts';
import { moduleSource } from './binaries/go-module.ts';
import { certManager } from './cluster/cert-manager.ts';
import { kindConfig } from './cluster/kind-config.ts';
import { loadBalancer } from './cluster/load-balancer.ts';
import type { ClusterService } from './cluster/service.ts';
import { storage } from './cluster/storage.ts';
import { checkoutVersion, type ProviderRelease } from './clusterctl/repository.ts';
import { upstreamReleases } from './clusterctl/upstream.ts';
import type { Engine } from './docker/engine.ts';
import type { LabImages } from './images/ensure-images.ts';
import { LabError } from './lab-error.ts';
import { checkout } from './paths.ts';
import type { StepOptions } from './progress.ts';
import type { Tools } from './tools.ts';
import { versions } from './versions.ts';

/** Everything of the lab but this provider, decided before anything is made. */
export interface Blueprint {
  /** kind's configuration of the management cluster. */
  readonly kindConfig: string;
  /** What the cluster needs besides Cluster API, in order. */
  readonly services: readonly ClusterService[];
  /** Cluster API's own releases; empty where clusterctl fetches them. */
  readonly releases: readonly ProviderRelease[];
  /** Changes whenever this checkout would make another cluster. */
  readonly hash: string;
}

export async function drawBlueprint(
  engine: Engine,
  images: LabImages,
  tools: Tools,
  options: StepOptions,
): Promise<Blueprint> {
  const config = kindConfig({
    nodeImage: images.managementNode,
    auditDirectory: tools.paths.auditDirectory,
    dockerSocket: engine.socket,
    ownPodNetwork: images.source === 'build',
    cgroupVersion: engine.cgroupVersion,
  });
  const parts = images.source === 'build' ? await builtParts(images, tools, options) : await pulledParts(options);
  const imageId = await engine.docker(['image', 'inspect', '--format', '{{.Id}}', images.managementNode]);
  // Another version of this provider is clusterctl's business (upgrade), not a reload's.
  const content = JSON.stringify([config, imageId, parts, await checkoutVersion(checkout)]);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return Object.freeze({ kindConfig: config, ...parts, hash });
}

type Parts = Pick<Blueprint, 'services' | 'releases'>;

async function builtParts(images: LabImages, tools: Tools, options: StepOptions): Promise<Parts> {
  const { signal } = options;
  const clusterApi = recipeOf('clusterctl');
  const certManagerRecipe = recipeOf('cert-manager-controller');
  const metallb = recipeOf('metallb-controller');
  const { helm } = await ensureBinaries(['helm'], options);
  const releases = await upstreamReleases({
    kubectl: tools.binaries.kubectl,
    clusterApi: await moduleSource(clusterApi, 'sigs.k8s.io/cluster-api', options),
    clusterApiTest: await moduleSource(clusterApi, 'sigs.k8s.io/cluster-api/test', options),
    images: {
      core: images.components['cluster-api-controller'],
      bootstrap: images.components['kubeadm-bootstrap-controller'],
      infrastructure: images.components['capd-manager'],
    },
    signal,
  });
  const certManagerSource = await moduleSource(certManagerRecipe, 'github.com/cert-manager/cert-manager', options);
  const metallbSource = await moduleSource(metallb, 'go.universe.tf/metallb', options);
  const metallbManifest = await readFile(join(metallbSource, metallbManifestPath), 'utf8');
  const services = [
    storage({ provisioner: images.components['local-path-provisioner'], shell: images.components.busybox }),
    loadBalancer(metallbManifest),
    await certManager(helm, certManagerSource, signal),
  ];
  return { services, releases };
}

const metallbManifestPath = 'config/manifests/metallb-native.yaml';

/** kind's node image has a StorageClass, and clusterctl fetches cert-manager and Cluster API by itself. */
async function pulledParts({ signal, report }: StepOptions): Promise<Parts> {
  const url = `https://raw.githubusercontent.com/metallb/metallb/v${versions.metallb}/${metallbManifestPath}`;
  report(`fetching ${url}`);
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new LabError('DownloadFailed', `${url} answered ${answer.status}: try again`);
  return { services: [loadBalancer(await answer.text())], releases: [] };
}
