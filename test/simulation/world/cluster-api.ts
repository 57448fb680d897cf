import type { Cluster } from '#api/core/cluster.ts';
import { clusters, kamajiControlPlanes } from '#api/kinds.ts';
import { annotations, labels } from '#api/labels.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf, keyOf } from '#runtime/client/resource.ts';
import type { Actor, ClusterView } from './cluster-view.ts';
import type { InfrastructureCluster } from './infrastructure-kinds.ts';
import { infrastructureKinds, isProvisionedByManager } from './infrastructure-kinds.ts';

const FINALIZER = 'cluster.cluster.x-k8s.io';

/** Cluster API's core, as far as a control plane provider meets it (Cluster API: internal/controllers/cluster). */
export class ClusterApiCore implements Actor {
  readonly name = 'Cluster API';
  readonly #view: ClusterView;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  async step(): Promise<undefined> {
    for (const cluster of await this.#view.list(clusters)) {
      await (cluster.metadata.deletionTimestamp === undefined ? this.#reconcile(cluster) : this.#delete(cluster));
    }
  }

  async #reconcile(cluster: Cluster): Promise<void> {
    const { client } = this.#view;
    if (!(cluster.metadata.finalizers ?? []).includes(FINALIZER)) {
      await client.mergePatch(clusters, keyOf(cluster), { metadata: { finalizers: [FINALIZER] } });
    }
    const { controlPlane, infrastructure } = await this.#partsOf(cluster);
    // Core reads nothing of a paused Cluster.
    if (cluster.spec?.paused === true) return;
    if (controlPlane !== undefined) await this.#own(cluster, kamajiControlPlanes, controlPlane);
    if (infrastructure !== undefined) await this.#own(cluster, infrastructure.resource, infrastructure.object);
    const provisioned = infrastructure?.object.status?.initialization?.provisioned === true;
    const initialized = controlPlane?.status?.initialization?.controlPlaneInitialized === true;
    const before = cluster.status?.initialization ?? {};
    await this.#view.status(clusters, cluster, {
      initialization: {
        infrastructureProvisioned: before.infrastructureProvisioned === true || provisioned,
        controlPlaneInitialized: before.controlPlaneInitialized === true || initialized,
      },
    });
    const known = cluster.spec?.controlPlaneEndpoint;
    if (known?.host !== undefined && known.host !== '') return;
    const own = provisioned ? infrastructure.object.spec?.controlPlaneEndpoint : undefined;
    const { host = '', port = 0 } = own ?? controlPlane?.spec.controlPlaneEndpoint ?? {};
    if (host === '') return;
    await client.mergePatch(clusters, keyOf(cluster), { spec: { controlPlaneEndpoint: { host, port } } });
  }

  async #delete(cluster: Cluster): Promise<void> {
    const { client } = this.#view;
    const { controlPlane, infrastructure } = await this.#partsOf(cluster);
    if (controlPlane !== undefined) {
      if (controlPlane.metadata.deletionTimestamp === undefined)
        await client.delete(kamajiControlPlanes, keyOf(controlPlane));
    } else if (infrastructure !== undefined) {
      await client.delete(infrastructure.resource, keyOf(infrastructure.object));
    } else if ((cluster.metadata.finalizers ?? []).includes(FINALIZER)) {
      await client.mergePatch(clusters, keyOf(cluster), { metadata: { finalizers: null } });
    }
  }

  async #partsOf({ metadata: { namespace = '' }, spec }: Cluster) {
    const { controlPlaneRef, infrastructureRef } = spec ?? {};
    const controlPlane = await this.#view.find(kamajiControlPlanes, namespace, controlPlaneRef?.name ?? '');
    const resource = infrastructureKinds.find(({ kind }) => kind === infrastructureRef?.kind);
    const object = resource && (await this.#view.find(resource, namespace, infrastructureRef?.name ?? ''));
    return { controlPlane, infrastructure: resource && object && { resource, object } };
  }

  async #own(cluster: Cluster, resource: Resource, object: KubeObject): Promise<void> {
    const { name = '', uid = '' } = cluster.metadata;
    const present = object.metadata?.ownerReferences ?? [];
    if (object.metadata?.deletionTimestamp !== undefined || present.some((reference) => reference.uid === uid)) return;
    const reference = { apiVersion: apiVersionOf(clusters), kind: clusters.kind, name, uid, blockOwnerDeletion: true };
    await this.#view.client.mergePatch(resource, keyOf(object), {
      metadata: {
        ownerReferences: [...present, reference],
        labels: { [labels.clusterName]: name },
      },
    });
  }
}

/** Infrastructure providers: an infrastructure cluster is provisioned once it knows its endpoint. */
export class InfrastructureProvider implements Actor {
  readonly name = 'infrastructure';
  readonly #view: ClusterView;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  async step(): Promise<undefined> {
    for (const resource of infrastructureKinds) {
      for (const object of await this.#view.list(resource)) await this.#provision(resource, object);
    }
  }

  async #provision(resource: Resource<InfrastructureCluster>, object: InfrastructureCluster): Promise<void> {
    const { metadata = {}, spec, status } = object;
    if (metadata.annotations?.[annotations.infrastructureManagedBy] !== undefined) return;
    if (metadata.deletionTimestamp !== undefined || status?.initialization?.provisioned === true) return;
    const owner = metadata.ownerReferences?.find(({ kind }) => kind === clusters.kind)?.name ?? '';
    const cluster = await this.#view.find(clusters, metadata.namespace ?? '', owner);
    // Most providers have to be told; this one looks at the Cluster.
    const looksAtCluster = resource.kind === 'DevCluster';
    if (isProvisionedByManager(resource) && !looksAtCluster) return;
    const told = spec?.controlPlaneEndpoint?.host || spec?.apiServerFixedIP;
    if (!told && !(looksAtCluster && cluster?.spec?.controlPlaneEndpoint?.host)) return;
    await this.#view.status(resource, object, { ...status, initialization: { provisioned: true } });
  }
}
