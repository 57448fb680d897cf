import { tenantControlPlanes } from '#api/kinds.ts';
import type { Gateway } from '#api/core/gateway.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import { writeLimitOf } from '#controlplane/write-limit.ts';
import { dataStoresOf } from '#datastore/scheduling.ts';
import type { Cache, InformerEvent } from '#runtime/cache/informer.ts';
import { createApplier } from '#runtime/client/applier.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { ControllerOptions } from '#runtime/controller/reconciler.ts';
import { ownedBy, watchSource } from '#runtime/controller/sources.ts';
import { createOwnedObjects } from '#tenant/owned-objects.ts';
import { declareInformers } from './gather.ts';
import { TENANT_NAMESPACES, TENANT_TURNS } from './phases/tenant-objects.ts';
import type { ReconcileOptions } from './reconcile.ts';
import { createReconcile } from './reconcile.ts';

export interface TenantControlPlaneControllerOptions extends Omit<
  ReconcileOptions,
  'informers' | 'applier' | 'ownedObjects'
> {
  readonly cache: Cache;
  readonly concurrency?: number;
}

/** Under which objects of control planes, and inside of them, are applied. */
export const FIELD_MANAGER = 'kamaji-tenantcontrolplane';
const HASH_ANNOTATION = 'kamaji.clastix.io/applied';

/** The controller of TenantControlPlanes. Declares its informers on the cache: call before the cache starts. */
export function setupTenantControlPlaneController(options: TenantControlPlaneControllerOptions): ControllerOptions {
  const informers = declareInformers(options.cache, options.managerNamespace);
  const tenantsOf = (dataStore: DataStore): readonly ObjectKey[] =>
    informers.tenantControlPlanes
      .list()
      .filter((tenant) => concerns(tenant, dataStore))
      .map(keyOf);
  const allTenants = (): readonly ObjectKey[] => informers.tenantControlPlanes.list().map(keyOf);
  const limitedTenants = (): readonly ObjectKey[] =>
    informers.tenantControlPlanes
      .list()
      .filter((tenant) => writeLimitOf(tenant) !== undefined)
      .map(keyOf);
  const tenantsBehind = (gateway: Gateway): readonly ObjectKey[] =>
    informers.tenantControlPlanes
      .list()
      .filter((tenant) => isBehind(tenant, gateway))
      .map(keyOf);
  return {
    name: 'tenantcontrolplane',
    // A Deployment that comes up reports every step of each pod: a burst of them is one look, and one status write.
    minIntervalMs: 250,
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    reconcile: createReconcile({
      ...options,
      informers,
      applier: createApplier({ fieldManager: FIELD_MANAGER, hashAnnotation: HASH_ANNOTATION }),
      ownedObjects: createOwnedObjects({
        fieldManager: FIELD_MANAGER,
        hashAnnotation: HASH_ANNOTATION,
        namespaces: TENANT_NAMESPACES,
        turns: TENANT_TURNS,
      }),
    }),
    sources: [
      watchSource(informers.tenantControlPlanes, { predicate: changedByOthers }),
      ...(options.startTurns === undefined ? [] : [options.startTurns.source]),
      ownedBy(informers.secrets, tenantControlPlanes),
      ownedBy(informers.configMaps, tenantControlPlanes),
      ownedBy(informers.services, tenantControlPlanes),
      ownedBy(informers.deployments, tenantControlPlanes),
      ownedBy(informers.podDisruptionBudgets, tenantControlPlanes),
      ownedBy(informers.networkPolicies, tenantControlPlanes),
      ownedBy(informers.ingresses, tenantControlPlanes),
      ownedBy(informers.tlsRoutes, tenantControlPlanes),
      watchSource(informers.addonVersions, { map: allTenants }),
      watchSource(informers.managerCertificate, { map: limitedTenants }),
      watchSource(informers.gateways, { map: tenantsBehind, predicate: reachabilityChanged }),
      watchSource(informers.pods, { map: controlPlaneOf, predicate: podTroubleChanged }),
      watchSource(informers.dataStores, { map: tenantsOf, predicate: usabilityChanged }),
    ],
  };
}

// Our own status writes come back as events; only spec, metadata and deletion are somebody else's doing.
function changedByOthers(event: InformerEvent<TenantControlPlane>): boolean {
  if (event.type !== 'updated') return true;
  const { metadata: now } = event.object;
  const { metadata: before } = event.old;
  return (
    now.generation !== before.generation ||
    now.deletionTimestamp !== before.deletionTimestamp ||
    JSON.stringify([now.labels, now.annotations, now.finalizers]) !==
      JSON.stringify([before.labels, before.annotations, before.finalizers])
  );
}

// Readiness reaches us by the Deployment; a pod itself only tells why it does not start.
function podTroubleChanged(event: InformerEvent<Pod>): boolean {
  return event.type === 'updated' && troubleOf(event.object) !== troubleOf(event.old);
}

function troubleOf({ status }: Pod): string {
  const waiting = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map(
    ({ restartCount, state }) => [restartCount, state?.waiting?.reason],
  );
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return JSON.stringify([waiting, scheduled?.status, scheduled?.message]);
}

function controlPlaneOf({ metadata }: Pod): readonly ObjectKey[] {
  const name = metadata?.labels?.[labels.name];
  const namespace = metadata?.namespace;
  return name === undefined || namespace === undefined ? [] : [{ namespace, name }];
}

function isBehind({ metadata, spec }: TenantControlPlane, { metadata: gateway }: Gateway): boolean {
  return (spec.controlPlane.gateway?.parentRefs ?? []).some(
    ({ namespace = metadata.namespace, name }) => namespace === gateway.namespace && name === gateway.name,
  );
}

// A Gateway's status counts the routes on each listener: that changes with every tenant behind it and means nothing to the others.
function reachabilityChanged(event: InformerEvent<Gateway>): boolean {
  if (event.type !== 'updated') return true;
  const relevant = ({ metadata, status }: Gateway): string =>
    JSON.stringify([metadata.generation, findCondition(status?.conditions, 'Programmed')?.status]);
  return relevant(event.object) !== relevant(event.old);
}

// Tenants that have a store care for that one; tenants without one care for every one that appears.
function concerns(tenant: TenantControlPlane, { metadata }: DataStore): boolean {
  const isPlaced = [tenant.status?.storage?.dataStoreName, tenant.spec.dataStore].some(Boolean);
  return !isPlaced || dataStoresOf(tenant).includes(metadata.name ?? '');
}

// A tenant is not woken, still less written to, by what a store's status says beside whether it can be used.
function usabilityChanged(event: InformerEvent<DataStore>): boolean {
  if (event.type !== 'updated') return true;
  const relevant = ({ metadata, status }: DataStore): string => {
    const reasons = ['Ready', 'Reachable'].map((type) => {
      const condition = findCondition(status?.conditions, type);
      return [condition?.status, condition?.reason];
    });
    return JSON.stringify([metadata.generation, metadata.annotations, status?.ready, status?.identity, reasons]);
  };
  return relevant(event.object) !== relevant(event.old);
}
