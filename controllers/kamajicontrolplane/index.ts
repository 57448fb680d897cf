import type { TokenLifetime } from '#bootstrap/bootstrap-token.ts';
import { kamajiControlPlanes } from '#api/kinds.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Cache, InformerEvent } from '#runtime/cache/informer.ts';
import type { Applier } from '#runtime/client/applier.ts';
import type { Pod, Secret } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ControllerOptions } from '#runtime/controller/reconciler.ts';
import { ownedBy, watchSource } from '#runtime/controller/sources.ts';
import type { TenantPool } from '#tenant/pool.ts';
import { controlPlaneOf, controlPlaneOfPart, declareInformers, gather } from './gather.ts';
import { createInfrastructureKinds } from './infrastructure-kinds.ts';
import { createJoinTokens } from './join-tokens.ts';
import { reconcile } from './reconcile.ts';
import type { Report } from './state-changes.ts';
import { servesVersion } from './versions.ts';

export interface KamajiControlPlaneControllerOptions {
  readonly cache: Cache;
  /** With a field manager that no other controller has. */
  readonly applier: Applier;
  /** Shared with everything else that talks to tenants. */
  readonly pool: TenantPool;
  readonly clock: Clock;
  /** How long bootstrap tokens last. Default: two hours, of which one is always left. */
  readonly tokenLifetime?: TokenLifetime;
  /** The gate SkipInfraClusterPatch: never touch infrastructure clusters. Default false. */
  readonly skipInfraClusterPatch?: boolean;
  /** Told of every change of state. */
  readonly report?: Report;
  /** An integer below `max`, for tokens; default: a secure one. */
  readonly random?: (max: number) => number;
}

/**
 * The controller of KamajiControlPlanes. Declares its informers on the cache: call before the cache starts. Throws
 * BootstrapError when bootstrap tokens of that lifetime would not last.
 */
export function setupKamajiControlPlaneController(options: KamajiControlPlaneControllerOptions): ControllerOptions {
  const { clock, tokenLifetime, random } = options;
  const informers = declareInformers(options.cache);
  const tools = {
    applier: options.applier,
    pool: options.pool,
    tokens: createJoinTokens({
      clock,
      ...(tokenLifetime === undefined ? {} : { lifetime: tokenLifetime }),
      ...(random === undefined ? {} : { random }),
    }),
    infrastructureKinds: createInfrastructureKinds(clock),
    skipInfraClusterPatch: options.skipInfraClusterPatch ?? false,
    clock,
    report: options.report ?? (() => {}),
  };
  return {
    name: 'kamajicontrolplane',
    sources: [
      watchSource(informers.controlPlanes),
      watchSource(informers.clusters, { map: controlPlaneOf }),
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

function changesVersions(event: InformerEvent<Pod>): boolean {
  switch (event.type) {
    case 'added':
      return servesVersion(event.object) !== undefined;
    case 'updated':
      return servesVersion(event.old) !== servesVersion(event.object);
    case 'deleted':
      return servesVersion(event.object) !== undefined;
  }
}
