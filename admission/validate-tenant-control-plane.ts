import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { apiPortOf } from '#controlplane/address.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { AdmissionResponse } from '#runtime/server/admission-review.ts';
import type { AdmissionHandler } from '#runtime/server/admission.ts';
import { overrideFlaws } from './data-store-overrides.ts';
import type { Places } from './place.ts';
import { storeFlaw } from './store-of-one-tenant.ts';
import type { TrialOptions } from './trial.ts';
import { tryOut } from './trial.ts';

export interface ValidationOptions extends TrialOptions, Places {
  readonly nodePorts: PortRange;
}

/** Both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Judges what neither schema nor CEL can: names in a store that another control plane has, and what the API server would say
 * to the objects of this one. What cannot be found out in time is let through with a warning: the controller will meet it.
 */
export function validateTenantControlPlane(options: ValidationOptions): AdmissionHandler {
  return async ({ object, oldObject }, signal) => {
    if (!isTenantControlPlane(object)) return { allowed: true };
    if (!options.tenantControlPlanes.hasSynced() || !options.dataStores.hasSynced()) return justStarted;
    const old = isTenantControlPlane(oldObject) ? oldObject : undefined;
    const flaws = [
      nameCollision(object, options),
      storeFlaw(object, old, options),
      nodePortFlaw(object, options),
      ...overrideFlaws(object, old, options.dataStores.list()),
    ].filter((one) => one !== undefined);
    if (flaws.length > 0) return refused(flaws);
    const { refusals, warnings } = await tryOut(object, options, signal);
    return refusals.length > 0 ? refused(refusals) : { allowed: true, warnings };
  };
}

/** Judges nothing but whether the store that a new control plane names has room for it. */
export function validateStore(options: Places): AdmissionHandler {
  return async ({ object, oldObject }) => {
    // What is not known yet is the controller's to say: nobody has to wait for the manager to name a store.
    if (!options.tenantControlPlanes.hasSynced() || !options.dataStores.hasSynced()) return { allowed: true };
    if (!isTenantControlPlane(object)) return { allowed: true };
    const flaw = storeFlaw(object, isTenantControlPlane(oldObject) ? oldObject : undefined, options);
    return flaw === undefined ? { allowed: true } : refused([flaw]);
  };
}

/** Without the name of the other one, which may be none of this user's business. */
function nameCollision(
  tenantControlPlane: TenantControlPlane,
  { tenantControlPlanes: informer, placeOf }: ValidationOptions,
): string | undefined {
  const own = placeOf(tenantControlPlane);
  for (const other of informer.list()) {
    if (other.metadata.uid === tenantControlPlane.metadata.uid) continue;
    const taken = placeOf(other);
    const store = taken.stores.find((name) => own.stores.includes(name));
    if (store === undefined) continue;
    const where = `is that of another control plane on DataStore ${store}: choose another one, or leave it out`;
    if (taken.schema === own.schema) return `spec.dataStoreSchema ${own.schema} ${where}`;
    if (taken.user === own.user) return `spec.dataStoreUsername ${own.user} ${where}`;
  }
  return undefined;
}

// The API server itself looks at the range only when it really allocates (Kubernetes: PortAllocationOperation).
function nodePortFlaw(tenantControlPlane: TenantControlPlane, { nodePorts }: ValidationOptions): string | undefined {
  const port = apiPortOf(tenantControlPlane);
  const { serviceType } = tenantControlPlane.spec.controlPlane.service;
  if (serviceType !== 'NodePort' || (nodePorts.from <= port && port <= nodePorts.to)) return undefined;
  return (
    `spec.networkProfile.port ${port} is none of this cluster's node ports, ${nodePorts.from} to ${nodePorts.to}: choose ` +
    'one of them, or another service type (where the cluster has others, its manager is told by --service-node-port-range)'
  );
}

const justStarted: AdmissionResponse = {
  allowed: false,
  code: 503,
  reason: 'ServiceUnavailable',
  message: 'the manager has just started and does not know all control planes yet: try again',
};

function refused(reasons: readonly string[]): AdmissionResponse {
  return { allowed: false, code: 422, reason: 'Invalid', message: reasons.join('; ') };
}

// The API server has validated the object against our schema.
function isTenantControlPlane(object: KubeObject | undefined): object is TenantControlPlane {
  return object?.kind === tenantControlPlanes.kind;
}
