import { mkdir } from 'node:fs/promises';
import { drawBlueprint } from './blueprint.ts';
import { ensureAddressPool } from './cluster/load-balancer.ts';
import { ensureManagementCluster } from './cluster/management-cluster.ts';
import { ensureService } from './cluster/service.ts';
import { ensureEngine, type Engine } from './docker/engine.ts';
import { ensureImages, type LabImages } from './images/ensure-images.ts';
import { installProviders, loadProvider } from './provider/install.ts';
import { checkout } from './paths.ts';
import { buildProviderImage } from './provider/image.ts';
import { chooseSource } from './source.ts';
import type { Stage } from './stages.ts';
import { openTools, type Tools } from './tools.ts';

/** A lab that is up. */
export interface Lab extends Tools {
  readonly engine: Engine;
  readonly images: LabImages;
}

/**
 * Brings the lab up, or what of it is missing, stopped or other than this checkout makes it. Does little when all is well.
 *
 * @throws LabError that says what to do
 */
export async function labUp(stage: Stage): Promise<Lab> {
  const tools = await stage('Command lines', openTools);
  await mkdir(tools.paths.directory, { recursive: true });
  const engine = await stage('Docker engine', ensureEngine);
  const { docker } = engine;
  const images = await stage('Images', (options) => ensureImages(engine, options));
  const blueprint = await stage('Blueprint', (options) => drawBlueprint(engine, images, tools, options));
  const cluster = { docker, kubectl: tools.kubectl, kind: tools.binaries.kind, paths: tools.paths };
  await stage('Management cluster', (options) =>
    ensureManagementCluster({ ...cluster, config: blueprint.kindConfig, hash: blueprint.hash }, options),
  );
  await stage('Storage, load balancer, cert-manager', async (options) => {
    await Promise.all(blueprint.services.map((service) => ensureService(tools.kubectl, service)));
    options.report(`LoadBalancer addresses ${await ensureAddressPool(tools.kubectl, docker, options)}`);
  });
  const image = await stage('Provider image', (options) =>
    buildProviderImage(checkout, docker, images.source, options),
  );
  await stage('Cluster API providers', (options) =>
    installProviders({ checkout, image, tools, docker }, blueprint.releases, options),
  );
  return Object.freeze({ ...tools, engine, images });
}

/** Rebuilds this provider from the working tree and reloads it, and nothing else, into a lab that is up. */
export async function labLoad(stage: Stage): Promise<void> {
  const tools = await stage('Command lines', openTools);
  const { docker } = await stage('Docker engine', ensureEngine);
  const image = await stage('Provider image', async (options) =>
    buildProviderImage(checkout, docker, await chooseSource(options), options),
  );
  await stage('Provider', (options) => loadProvider({ checkout, image, tools, docker }, options));
}
