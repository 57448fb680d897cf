import { createHash } from 'node:crypto';
import type { PersistentVolumeClaim, Pod, StatefulSet } from '#runtime/client/builtin.ts';
import { persistentVolumeClaims, pods, statefulSets, storageClasses } from '#runtime/client/builtin.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Actor, ClusterView } from './cluster-view.ts';
import { isReady } from './pod-state.ts';

const TEMPLATE = 'simulation/template';
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/** The controller of StatefulSets, and the provisioner of the volumes that they claim; volumes outlive them. */
export class StatefulSetController implements Actor {
  readonly name = 'stateful sets';
  readonly #view: ClusterView;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  async step(): Promise<undefined> {
    for (const set of await this.#view.list(statefulSets)) {
      if (set.metadata?.deletionTimestamp === undefined) await this.#reconcile(set);
    }
    for (const claim of await this.#view.list(persistentVolumeClaims)) await this.#bind(claim);
  }

  async #reconcile(set: StatefulSet): Promise<void> {
    const { client } = this.#view;
    const template = createHash('sha256').update(JSON.stringify(set.spec?.template)).digest('hex').slice(0, 8);
    const members = await this.#view.controlledBy(pods, set);
    const outdated = members.find(({ metadata }) => metadata?.annotations?.[TEMPLATE] !== template);
    const upToDate = members.filter((pod) => pod !== outdated);
    // One after the other, each when the others are well.
    if (outdated !== undefined && upToDate.every(isReady)) await client.delete(pods, keyOf(outdated));
    const wanted = set.spec?.replicas ?? 1;
    for (let ordinal = 0; ordinal < wanted; ordinal += 1) {
      const name = `${set.metadata?.name ?? ''}-${ordinal}`;
      if (members.some(({ metadata }) => metadata?.name === name)) continue;
      for (const claim of claimsOf(set, name)) {
        const found = await this.#view.find(
          persistentVolumeClaims,
          set.metadata?.namespace ?? '',
          claim.metadata?.name ?? '',
        );
        if (found === undefined) await client.create(persistentVolumeClaims, claim);
      }
      await client.create(pods, memberOf(set, name, template));
    }
    const present = await this.#view.controlledBy(pods, set);
    const ready = present.filter(isReady).length;
    await this.#view.status(statefulSets, set, {
      observedGeneration: set.metadata?.generation ?? 0,
      replicas: present.length,
      readyReplicas: ready,
      availableReplicas: ready,
    });
  }

  async #bind(claim: PersistentVolumeClaim): Promise<void> {
    if (claim.status?.phase === 'Bound') return;
    const classes = await this.#view.list(storageClasses);
    const byDefault = classes.find(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === 'true');
    const name = claim.spec?.storageClassName ?? byDefault?.metadata?.name;
    if (!classes.some(({ metadata }) => metadata?.name === name)) return;
    await this.#view.status(persistentVolumeClaims, claim, { phase: 'Bound' });
  }
}

function claimsOf(set: StatefulSet, member: string): readonly PersistentVolumeClaim[] {
  const { namespace = '' } = set.metadata ?? {};
  return (set.spec?.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    metadata: {
      name: `${metadata?.name ?? ''}-${member}`,
      namespace,
      labels: { ...metadata?.labels, ...set.spec?.selector.matchLabels },
      annotations: { ...metadata?.annotations },
    },
    ...(spec === undefined ? {} : { spec }),
  }));
}

function memberOf(set: StatefulSet, name: string, template: string): Pod {
  const { namespace = '', uid = '', name: owner = '' } = set.metadata ?? {};
  const { metadata, spec } = set.spec?.template ?? {};
  return {
    metadata: {
      name,
      namespace,
      labels: { ...metadata?.labels },
      annotations: { ...metadata?.annotations, [TEMPLATE]: template },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: owner, uid, controller: true }],
    },
    ...(spec === undefined ? {} : { spec }),
  };
}
