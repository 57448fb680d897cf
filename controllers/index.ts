import { kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { labels } from '#api/labels.ts';
import type { DataStorePool } from '#datastore/pool.ts';
import type { KeyGenerator } from '#pki/key.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ControllerOptions } from '#runtime/controller/reconciler.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';
import type { TenantPool } from '#tenant/pool.ts';
import { setupDataStoreController } from './datastore/index.ts';
import { setupKamajiControlPlaneController } from './kamajicontrolplane/index.ts';
import { setupKubeconfigGeneratorController } from './kubeconfiggenerator/index.ts';
import { setupTenantControlPlaneController } from './tenantcontrolplane/index.ts';
import { createStartTurns } from './tenantcontrolplane/start-turns.ts';

/** What an installation chooses, by the flags of the manager. */
export interface Settings {
  /** Name of the DataStore of control planes that name none. */
  readonly defaultDataStore?: string;
  /** Make the default DataStore when the first control plane needs it. */
  readonly managedDataStore: boolean;
  /** Whether control planes that do not say get a tunnel to their nodes. */
  readonly konnectivityDefault: boolean;
  readonly kineImage: string;
  readonly maxConcurrentTenantControlPlanes: number;
  readonly maxConcurrentKamajiControlPlanes: number;
  /** Certificates are renewed when less than this is left. */
  readonly renewBeforeMs: number;
  readonly bootstrapTokenTtlMs: number;
  /** What a published token always has left. */
  readonly bootstrapTokenMinimumMs: number;
  /** Never touch infrastructure clusters. */
  readonly skipInfraClusterPatch: boolean;
  /** Kubeconfigs of other clusters may be in other namespaces than the control planes that name them. Default false. */
  readonly crossNamespaceKubeconfigs?: boolean;
  /** The cache holds one namespace: cluster-scoped kinds are another instance's. Default false. */
  readonly namespaced?: boolean;
  /** Only control planes whose label `cluster.x-k8s.io/watch-filter` has this value. Default: all. */
  readonly watchFilter?: string;
}

export interface ControllersOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly events: EventRecorder;
  readonly dataStorePool: DataStorePool;
  readonly tenantPool: TenantPool;
  /** Where the manager and managed stores run (POD_NAMESPACE). */
  readonly managerNamespace: string;
  /** Addresses of the management API server, which no tenant may dial. */
  readonly managementAddresses: readonly string[];
  readonly settings: Settings;
  /** Is told how long each phase of a pass over a TenantControlPlane took. */
  readonly phaseTook?: (phase: string, seconds: number) => void;
  /** Makes keys that take long to make. Default: real ones. */
  readonly generateKeyPair?: KeyGenerator;
}

const keyAlgorithm = 'ECDSA-P256';

/** Every controller of this provider, with its informers declared on the cache: call before the cache starts. */
export function setupControllers(options: ControllersOptions): readonly ControllerOptions[] {
  const { cache, clock, random, events, dataStorePool, tenantPool, managerNamespace, settings } = options;
  const shared = { cache, clock, random, events, dataStorePool, tenantPool, managerNamespace };
  const store = {
    makeDefaultDataStore: settings.managedDataStore && settings.namespaced !== true,
    ...(settings.defaultDataStore === undefined ? {} : { defaultDataStore: settings.defaultDataStore }),
  };
  const tenants = setupTenantControlPlaneController({
    ...shared,
    ...store,
    konnectivityDefault: settings.konnectivityDefault,
    kineImage: settings.kineImage,
    renewBeforeMs: settings.renewBeforeMs,
    keyAlgorithm,
    managementAddresses: options.managementAddresses,
    concurrency: settings.maxConcurrentTenantControlPlanes,
    startTurns: createStartTurns(clock),
    ...(options.generateKeyPair === undefined ? {} : { generateKeyPair: options.generateKeyPair }),
    ...(options.phaseTook === undefined ? {} : { phaseTook: options.phaseTook }),
  });
  const clusters = setupKamajiControlPlaneController({
    ...shared,
    concurrency: settings.maxConcurrentKamajiControlPlanes,
    tokenLifetime: { ttlMs: settings.bootstrapTokenTtlMs, minimumRemainingMs: settings.bootstrapTokenMinimumMs },
    skipInfraClusterPatch: settings.skipInfraClusterPatch,
    crossNamespaceKubeconfigs: settings.crossNamespaceKubeconfigs ?? false,
  });
  const filtered = [
    onlyLabelled(tenants, cache.informer(tenantControlPlanes), settings.watchFilter),
    onlyLabelled(clusters, cache.informer(kamajiControlPlanes), settings.watchFilter),
  ];
  if (settings.namespaced === true) return filtered;
  return [
    setupDataStoreController({ ...shared, ...store, pool: dataStorePool }),
    ...filtered,
    setupKubeconfigGeneratorController({ ...shared, renewBeforeMs: settings.renewBeforeMs, keyAlgorithm }),
  ];
}

/** Leaves alone what belongs to another instance of this provider (Cluster API contract: `--watch-filter`). */
function onlyLabelled(
  controller: ControllerOptions,
  informer: Informer<KubeObject>,
  value: string | undefined,
): ControllerOptions {
  if (value === undefined) return controller;
  return {
    ...controller,
    async reconcile(key, context) {
      const ours = informer.get(key)?.metadata?.labels?.[labels.watchFilter] === value;
      return ours ? controller.reconcile(key, context) : {};
    },
  };
}
