import type { Engine } from '../docker/engine.ts';
import type { StepOptions } from '../progress.ts';
import type { Source } from '../source.ts';

/** Names of the component images; see `catalog.ts` for what each is. */
export type ComponentName = string;

export interface LabImages {
  readonly source: Source;
  /** Node image of worker machines: `kindest/node:v1.35.4`. It makes its own pod network (see `node/lab-cni`). */
  readonly node: string;
  /** Node image of the management cluster: the same with every component image already in containerd. */
  readonly managementNode: string;
  /** Component → reference of its image. With source `build` all of them are inside `managementNode`. */
  readonly components: Readonly<Record<ComponentName, string>>;
}

/** Makes sure that the engine has every image the lab needs. */
export declare function ensureImages(engine: Engine, options: StepOptions): Promise<LabImages>;
