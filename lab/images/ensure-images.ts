import type { Engine } from '../docker/engine.ts';
import { detectHost } from '../host.ts';
import { withMachineLock } from '../machine-lock.ts';
import type { StepOptions } from '../progress.ts';
import { chooseSource, type Source } from '../source.ts';
import { kubernetesVersion } from '../versions.ts';
import { hashLabel } from './build-image.ts';
import { type ComponentName, components } from './catalog.ts';
import { ensureComponentImage } from './component-images.ts';
import { debianFiles } from './debian-files.ts';
import { nodePackages } from './node-files.ts';
import { ensureNodeImages } from './node-image.ts';
import { ensurePulledNode, kindNode } from './pulled-node.ts';

export type { ComponentName } from './catalog.ts';

export interface LabImages {
  readonly source: Source;
  /** Node image of worker machines, under the name that CAPD picks by itself. Its service `lab-cni` makes the pod network. */
  readonly node: string;
  /**
   * Node image of the management cluster. With source `build` the same, and every component is in its containerd already; with
   * source `pull` kind's own, which has no pod network until kind applies it.
   */
  readonly managementNode: string;
  /** Component → reference of its image. */
  readonly components: Readonly<Record<ComponentName, string>>;
}

const node = `kindest/node:${kubernetesVersion}`;
const managementNode = `kamaji-lab/management-node:${kubernetesVersion}`;

/**
 * Makes sure that the engine has the node images, and with source `build` those of all components but the ones on demand. Only
 * what changed is built again.
 *
 * @throws LabError `ImageBuildFailed`, or what making a binary throws
 */
export async function ensureImages(engine: Engine, options: StepOptions): Promise<LabImages> {
  const source = await chooseSource(options);
  const references = Object.fromEntries(componentNames.map((name) => [name, components[name].reference]));
  const result = { source, node, components: references as Record<ComponentName, string> };
  const waiting = () => options.report('waiting for another process that makes images');
  return withMachineLock('images', { signal: options.signal, waiting }, async () => {
    if (source === 'pull') {
      await ensurePulledNode(node, engine.docker, options);
      return Object.freeze({ ...result, managementNode: kindNode });
    }
    // Without the capability here an engine of ours has the stand-in, and so must the engines inside its containers.
    const shim = engine.ours && !(await detectHost()).sysResource;
    // Waits for the network while the components' binaries keep the processors busy.
    const debian = debianFiles('system', nodePackages, options);
    await Promise.all([debian, ensureComponentImages(engine, options)]);
    const onWorkers = componentNames.filter((name) => components[name].onWorkers === true);
    const nodes = [
      { reference: node, components: onWorkers },
      { reference: managementNode, components: preloaded },
    ];
    await ensureNodeImages(nodes, shim, engine.docker, options);
    await engine.docker(['image', 'prune', '--force', '--filter', `label=${hashLabel}`]);
    return Object.freeze({ ...result, managementNode });
  });
}

async function ensureComponentImages({ docker }: Engine, options: StepOptions): Promise<void> {
  for (const name of preloaded) await ensureComponentImage(name, docker, options);
}

const componentNames = Object.keys(components) as readonly ComponentName[];
const preloaded = componentNames.filter((name) => components[name].onDemand !== true);
