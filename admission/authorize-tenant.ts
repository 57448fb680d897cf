import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { WriteLimitField } from '#controlplane/write-limit.ts';
import { refusingField, writeLimitOf } from '#controlplane/write-limit.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import type { Clock } from '#runtime/clock.ts';
import type { AuthorizationHandler } from '#runtime/server/authorization.ts';
import { TokenBuckets } from '#runtime/telemetry/token-buckets.ts';

const UID = 'uid';

/** The informer that `authorizeTenant` reads from. Call before the cache starts. */
export function tenantsByUid(cache: Cache): Informer<TenantControlPlane> {
  return cache.informer(tenantControlPlanes, { indexes: { [UID]: uidOf } });
}

/**
 * Judges what a user of a tenant wants to write, by the tenant's `spec.writePermissions` as it is now: what was lifted is so at
 * once, and what has never been limited is left to the tenant's own authorization. Who asks is known by the common name of the
 * client certificate, the UID of the TenantControlPlane; what the review says of users counts for nothing.
 */
export function authorizeTenant(
  tenants: Pick<Informer<TenantControlPlane>, 'byIndex'>,
  clock: Clock,
): AuthorizationHandler {
  const pace = new TokenBuckets(BURST, REFILL_MS, clock);
  return async (asked, signal, client) => {
    if (pace.take(client) !== 'taken') await clock.sleep(SLOWED_MS, signal);
    const [tenant] = tenants.byIndex(UID, client);
    if (tenant === undefined) return { refusal: 'the control plane of this cluster is not known to its manager' };
    const limit = writeLimitOf(tenant);
    const field = limit === undefined ? undefined : refusingField(limit, asked);
    return field === undefined ? {} : { refusal: refusal(tenant, field) };
  };
}

// A tenant whose users go on trying waits, and with it the places that its API server has for writes: the others do not.
const BURST = 100;
const REFILL_MS = 20;
/** Well below the time-out of the one who asks. */
const SLOWED_MS = 1_500;

const KINDS: Readonly<Record<WriteLimitField, string>> = {
  blockCreation: 'creating',
  blockUpdate: 'changing',
  blockDeletion: 'deleting',
};

function refusal({ metadata }: TenantControlPlane, field: WriteLimitField): string {
  const name = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  return (
    `${KINDS[field]} objects is blocked by spec.writePermissions.${field} of TenantControlPlane ${name}: ` +
    'whoever manages that object can lift it'
  );
}

function uidOf({ metadata }: TenantControlPlane): readonly string[] {
  return metadata.uid === undefined ? [] : [metadata.uid];
}
