import type { TokenLifetime } from '#bootstrap/bootstrap-token.ts';
import type { MachineDeployment } from '#api/core/machine-deployment.ts';
import { kamajiControlPlanes } from '#api/kinds.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Cache } from '#runtime/cache/informer.ts';
import { createApplier } from '#runtime/client/applier.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ControllerOptions } from '#runtime/controller/reconciler.ts';
import { ownedBy, watchSource } from '#runtime/controller/sources.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';
import type { TenantPool } from '#tenant/pool.ts';
import { ContestedReplicas } from './contested-replicas.ts';
import { APPLIED_HASH, FIELD_MANAGER } from './field-manager.ts';
import { controlPlaneOf, controlPlaneOfPart, declareInformers, followedCluster, gather } from './gather.ts';
import { createInfrastructureKinds } from './infrastructure-kinds.ts';
import { createJoinTokens } from './join-tokens.ts';
import { changedByOthers, changesVersions, concernsControlPlane } from './predicates.ts';
import { reconcile } from './reconcile.ts';
import { StatusPace } from './status-pace.ts';

export interface KamajiControlPlaneControllerOptions {
  readonly cache: Cache;
  /** Shared with everything else that talks to tenants. */
  readonly tenantPool: Pick<TenantPool, 'client'>;
  readonly clock: Clock;
  readonly events: Pick<EventRecorder, 'record'>;
  /** How long bootstrap tokens last. Default: two hours, of which one is always left. */
  readonly tokenLifetime?: TokenLifetime;
  /** The gate SkipInfraClusterPatch: never touch infrastructure clusters. Default false. */
  readonly skipInfraClusterPatch?: boolean;
  /** The gate ExternalClusterReferenceCrossNamespace: kubeconfigs of other clusters may be in other namespaces. Default false. */
  readonly crossNamespaceKubeconfigs?: boolean;
  readonly concurrency?: number;
}

/**
 * The controller of KamajiControlPlanes. Declares its informers on the cache: call before the cache starts. Throws
 * BootstrapError when bootstrap tokens of that lifetime would not last.
 */
export function setupKamajiControlPlaneController(options: KamajiControlPlaneControllerOptions): ControllerOptions {
  const { clock, tokenLifetime: lifetime } = options;
  const informers = declareInformers(options.cache);
  const tools = {
    applier: createApplier({ fieldManager: FIELD_MANAGER, hashAnnotation: APPLIED_HASH }),
    tenantPool: options.tenantPool,
    tokens: createJoinTokens({ clock, ...(lifetime === undefined ? {} : { lifetime }) }),
    infrastructureKinds: createInfrastructureKinds(clock),
    skipInfraClusterPatch: options.skipInfraClusterPatch ?? false,
    crossNamespaceKubeconfigs: options.crossNamespaceKubeconfigs ?? false,
    clock,
    pace: new StatusPace(clock),
    contested: new ContestedReplicas(clock),
    events: options.events,
  };
  const controlPlaneOfFollower = (follower: MachineDeployment): readonly ObjectKey[] =>
    followedCluster(follower).flatMap(() => {
      const { namespace = '' } = follower.metadata;
      const cluster = informers.clusters.get({ namespace, name: follower.spec?.clusterName ?? '' });
      return cluster === undefined ? [] : controlPlaneOf(cluster);
    });
  return {
    name: 'kamajicontrolplane',
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    // A tenant that comes up changes its status in bursts; one look at the whole burst is enough.
    minIntervalMs: 500,
    sources: [
      watchSource(informers.controlPlanes, { predicate: changedByOthers }),
      watchSource(informers.clusters, { map: controlPlaneOf, predicate: concernsControlPlane }),
      watchSource(informers.machineDeployments, { map: controlPlaneOfFollower }),
      ownedBy(informers.tenantControlPlanes, kamajiControlPlanes),
      ownedBy(informers.secrets, kamajiControlPlanes),
      watchSource(informers.secrets, { map: controlPlaneOfSecret }),
      watchSource(informers.services, { map: controlPlaneOfPart }),
      watchSource(informers.pods, { map: controlPlaneOfPart, predicate: changesVersions }),
    ],
    async reconcile(key, context) {
      const gathered = gather(informers, key);
      return gathered === undefined ? {} : reconcile(gathered, tools, context);
    },
  };
}

/** Of a tenant's Secrets only those that are passed on. */
function controlPlaneOfSecret(secret: Secret): readonly ObjectKey[] {
  return controlPlaneOfPart(secret).filter(({ name }) => {
    const { adminKubeconfig, ca } = namesOfControlPlane(name);
    return secret.metadata?.name === adminKubeconfig || secret.metadata?.name === ca;
  });
}
