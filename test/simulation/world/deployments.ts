import { createHash } from 'node:crypto';
import type { Deployment, Pod } from '#runtime/client/builtin.ts';
import { deployments, pods } from '#runtime/client/builtin.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Actor, ClusterView } from './cluster-view.ts';
import { isReady } from './pod-state.ts';

/** On pods: which template of their owner they were made from. */
const TEMPLATE = 'simulation/template';

/**
 * The controller of Deployments: brings up pods of the newest template beside the old ones, and takes those away when the new
 * ones are ready. Pods belong to the Deployment itself: nobody here reads ReplicaSets.
 */
export class DeploymentController implements Actor {
  readonly name = 'deployments';
  readonly #view: ClusterView;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  async step(): Promise<undefined> {
    for (const deployment of await this.#view.list(deployments)) {
      if (deployment.metadata?.deletionTimestamp === undefined) await this.#reconcile(deployment);
    }
  }

  async #reconcile(deployment: Deployment): Promise<void> {
    const { client } = this.#view;
    const wanted = deployment.spec?.replicas ?? 1;
    const template = templateOf(deployment);
    const owned = await this.#view.controlledBy(pods, deployment);
    const current = owned.filter((pod) => pod.metadata?.annotations?.[TEMPLATE] === template);
    const old = owned.filter((pod) => !current.includes(pod));
    for (let missing = wanted - current.length, number = 0; missing > 0; number += 1) {
      const name = `${deployment.metadata?.name ?? ''}-${template}-${number}`;
      if (owned.some(({ metadata }) => metadata?.name === name)) continue;
      await client.create(pods, podOf(deployment, name, template));
      missing -= 1;
    }
    const replaced = current.filter(isReady).length >= wanted;
    for (const pod of [...current.slice(wanted), ...(replaced ? old : [])]) await client.delete(pods, keyOf(pod));
    await this.#report(deployment, template, wanted);
  }

  async #report(deployment: Deployment, template: string, wanted: number): Promise<void> {
    const owned = await this.#view.controlledBy(pods, deployment);
    const ready = owned.filter(isReady).length;
    await this.#view.status(deployments, deployment, {
      observedGeneration: deployment.metadata?.generation ?? 0,
      replicas: owned.length,
      updatedReplicas: owned.filter(({ metadata }) => metadata?.annotations?.[TEMPLATE] === template).length,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: Math.max(0, wanted - ready),
    });
  }
}

function podOf(deployment: Deployment, name: string, template: string): Pod {
  const { namespace = '', uid = '', name: owner = '' } = deployment.metadata ?? {};
  const { metadata, spec } = deployment.spec?.template ?? {};
  return {
    metadata: {
      name,
      namespace,
      labels: { ...metadata?.labels },
      annotations: { ...metadata?.annotations, [TEMPLATE]: template },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid, controller: true }],
    },
    ...(spec === undefined ? {} : { spec }),
  };
}

// Short enough for a name.
function templateOf({ spec }: Deployment): string {
  return createHash('sha256').update(JSON.stringify(spec?.template)).digest('hex').slice(0, 8);
}
