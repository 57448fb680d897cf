import { validatingWebhooks, WEBHOOK_CONFIGURATION } from '#admission/webhooks.ts';
import { customResourceDefinitions as ownCrds } from '#api/crds.ts';
import { clusters, machineDeployments } from '#api/kinds.ts';
import type { EtcdCalls, EtcdChannelOptions } from '#datastore/etcd/channel.ts';
import {
  storageClasses,
  type ValidatingWebhookConfiguration,
  validatingWebhookConfigurations,
} from '#runtime/client/builtin.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { Transport, TransportOptions } from '#runtime/client/transport.ts';
import type { Clock } from '#runtime/clock.ts';
import { createApiServer } from '../../api-server/api-server.ts';
import type { Surroundings } from '../process/manager-process.ts';
import { MANAGER_NAMESPACE } from '../process/manager-process.ts';
import { ClusterApiCore, InfrastructureProvider } from './cluster-api.ts';
import type { Actor } from './cluster-view.ts';
import { ClusterView } from './cluster-view.ts';
import { definitionOf } from './definition.ts';
import { DeploymentController } from './deployments.ts';
import { GatewayController } from './gateways.ts';
import { infrastructureKinds } from './infrastructure-kinds.ts';
import { Kubelet } from './kubelet.ts';
import { LoadBalancer } from './load-balancer.ts';
import { StatefulSetController } from './stateful-sets.ts';
import { Stores } from './stores.ts';
import { Tenants } from './tenants.ts';

const REACTION_MS = 20;

/** Everything around the manager: the management cluster with those who work in it, the stores, the tenants. */
export class World implements Surroundings {
  readonly clock: Clock;
  readonly management: ClusterView;
  readonly stores: Stores;
  readonly tenants: Tenants;
  readonly kubelet: Kubelet;
  readonly #actors: readonly Actor[];
  #isReacting = false;
  #cancelReaction: (() => void) | undefined;
  #reactionAt = Number.POSITIVE_INFINITY;
  /** What went wrong inside the world itself. */
  failure: unknown;

  constructor(clock: Clock, random: () => number) {
    this.clock = clock;
    const management = new ClusterView(createApiServer({ clock, random, crds, namespaces: [MANAGER_NAMESPACE] }));
    this.management = management;
    this.stores = new Stores(management, clock);
    this.kubelet = new Kubelet(management, clock, this.stores);
    this.tenants = new Tenants({ management, kubelet: this.kubelet, stores: this.stores, clock, random });
    this.#actors = [
      new DeploymentController(management),
      new StatefulSetController(management),
      this.kubelet,
      new LoadBalancer(management, clock),
      new ClusterApiCore(management),
      new InfrastructureProvider(management),
      new GatewayController(management),
      this.tenants,
    ];
  }

  /** What a management cluster has before the manager comes. */
  async prepare(): Promise<void> {
    const { client } = this.management;
    await client.create(storageClasses, {
      metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'simulation',
    });
    const validating: ValidatingWebhookConfiguration = JSON.parse(
      JSON.stringify({
        metadata: { name: WEBHOOK_CONFIGURATION },
        webhooks: validatingWebhooks(MANAGER_NAMESPACE),
      }),
    );
    await client.create(validatingWebhookConfigurations, validating);
    this.management.notice();
  }

  connectManagement(): Transport {
    return this.management.server.transport({ user: 'manager', userAgent: 'manager' });
  }

  connectTenant(options: TransportOptions): Transport {
    return this.tenants.connect(options);
  }

  connectStore(options: EtcdChannelOptions): EtcdCalls {
    return this.stores.connect(options);
  }

  /** A number that is another one after every change in the management cluster, a tenant or a store. */
  get state(): number {
    const stores = [...this.stores.all.values()].map(({ revision }) => revision);
    const servers = [this.management, ...this.tenants.all.values()].map(({ changes }) => changes);
    return [...stores, ...servers].reduce((sum, count) => sum + count, 0);
  }

  /** Whether something changed since the last call; those who work in the cluster will react to it. */
  notice(): boolean {
    const changed = [this.management.notice(), this.tenants.notice()].includes(true);
    if (changed) this.#reactIn(REACTION_MS);
    return changed;
  }

  #reactIn(ms: number): void {
    const at = this.clock.monotonic() + ms;
    if (at >= this.#reactionAt) return;
    this.#cancelReaction?.();
    this.#reactionAt = at;
    this.#cancelReaction = this.clock.setTimeout(() => {
      this.#reactionAt = Number.POSITIVE_INFINITY;
      void this.#react();
    }, ms);
  }

  async #react(): Promise<void> {
    if (this.#isReacting) throw new TypeError('the world is slower than its clock');
    this.#isReacting = true;
    try {
      this.management.collectGarbage();
      for (const actor of this.#actors) {
        const ms = await actor.step();
        if (ms !== undefined) this.#reactIn(Math.max(1, ms));
      }
    } catch (error) {
      // Somebody else was faster: look again.
      if (error instanceof ApiError && (error.isNotFound || error.status === 409)) this.#reactIn(REACTION_MS);
      else this.failure ??= error;
    } finally {
      this.#isReacting = false;
    }
  }
}

const crds: readonly object[] = [
  ...ownCrds,
  ...[clusters, machineDeployments, ...infrastructureKinds].map((kind) => definitionOf(kind)),
];
