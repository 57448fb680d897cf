import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels, PROJECT } from '#api/labels.ts';
import { defaultTenantNames } from '#datastore/naming.ts';
import { tenantNamesOf } from '#datastore/scheduling.ts';
import type { Applier } from '#runtime/client/applier.ts';
import type { Client } from '#runtime/client/client.ts';
import type { KubeObject, OwnerReference, Resource } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';

/**
 * Under which upstream's programs are known as writers: by their file names, those of older builds too. Objects of theirs are taken
 * over with all that they hold, or volumes, mounts and finalizers would stay that nobody wants any more.
 */
const UPSTREAM_MANAGERS = ['kamaji', 'manager'];

/** What the objects of one control plane are written with. */
export interface OwnedWriting {
  readonly tenantControlPlane: TenantControlPlane;
  readonly applier: Applier;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/** An object of somebody else has a name that a control plane needs; the message says which, and what to do. */
export class ForeignObjectError extends Error {
  override readonly name = 'ForeignObjectError';
  readonly code = 'ForeignObject';
}

/**
 * Brings an object of a control plane to its desired state. `known` is what the caches have of it: they hold only what carries
 * our label, so that where they have nothing the API server is asked, once, before the object is made. What turns out to be
 * somebody else's is left as it is; with `adopt`, what nobody controls is taken all the same. With `isAbsent`, the API server has been
 * asked in this pass. Throws ForeignObjectError, and as `Applier.apply` does.
 */
export async function applyOwned<T extends KubeObject>(
  { tenantControlPlane, applier, client, signal }: OwnedWriting,
  resource: Resource<T>,
  desired: T,
  known: T | undefined,
  { adopt = false, isAbsent = false }: { readonly adopt?: boolean; readonly isAbsent?: boolean } = {},
): Promise<T> {
  const live = known ?? (isAbsent ? undefined : await client.get(resource, keyOf(desired), { signal }));
  const other = live === undefined ? undefined : foreignness(live, tenantControlPlane, adopt);
  if (other !== undefined) {
    const name = desired.metadata?.name ?? '';
    throw new ForeignObjectError(
      `${resource.kind} ${name} ${other}: delete it, or give the control plane another name`,
    );
  }
  if (live !== undefined && isLabelled(live, tenantControlPlane)) {
    await applier.succeed(client, resource, live, UPSTREAM_MANAGERS, { signal });
  }
  const owned =
    live === undefined ? undefined : await renewed(resource, live, desired, tenantControlPlane, client, signal);
  // What somebody makes at this very moment is not taken either.
  const { object } = await applier.apply(client, resource, desired, owned, { signal, force: live !== undefined });
  return object;
}

/** The object without references to an earlier life: an apply would put ours beside them, and there may be one controller. */
async function renewed<T extends KubeObject>(
  resource: Resource<T>,
  live: T,
  desired: T,
  owner: TenantControlPlane,
  client: Client,
  signal: AbortSignal,
): Promise<T> {
  const references = live.metadata?.ownerReferences ?? [];
  const others = references.filter((reference) => !isFormerSelf(reference, live, owner));
  if (others.length === references.length) return live;
  const ours = desired.metadata?.ownerReferences ?? [];
  const ownerReferences = [...others.filter(({ uid }) => uid !== owner.metadata.uid), ...ours];
  const metadata = { resourceVersion: live.metadata?.resourceVersion, ownerReferences };
  return client.mergePatch(resource, keyOf(live), { metadata }, { signal });
}

/** The other object that controls this one, or undefined when nobody or `owner` itself does, in whichever life. */
export function foreignController(
  object: KubeObject | undefined,
  owner: TenantControlPlane,
): OwnerReference | undefined {
  return object?.metadata?.ownerReferences?.find(
    (reference) =>
      reference.controller === true && reference.uid !== owner.metadata.uid && !isFormerSelf(reference, object, owner),
  );
}

/** Whether the object belongs to `owner`, so that it may be removed when it is no longer wanted. */
export function isOwnedBy(object: KubeObject, owner: TenantControlPlane): boolean {
  return (
    object.metadata?.ownerReferences?.some(
      (reference) => reference.uid === owner.metadata.uid || isFormerSelf(reference, object, owner),
    ) === true
  );
}

/**
 * Whether the reference names the UID that the control plane had before it was moved or restored. There can be no other of
 * its name, so that UID is gone. What one of the same name has left that was deleted is no such thing: by its authority
 * whoever could log in there could log in here. The two are told apart by what they are called in their store: a control
 * plane that is new by its own UID, unless the user says otherwise.
 */
function isFormerSelf(
  { apiVersion, kind, name, uid, controller }: OwnerReference,
  object: KubeObject,
  owner: TenantControlPlane,
): boolean {
  return (
    controller === true &&
    kind === tenantControlPlanes.kind &&
    apiVersion.startsWith(`${tenantControlPlanes.group}/`) &&
    name === owner.metadata.name &&
    uid !== owner.metadata.uid &&
    isLabelled(object, owner) &&
    // One that is going goes with the control plane that had that UID.
    object.metadata?.deletionTimestamp === undefined &&
    tenantNamesOf(owner).schema !== defaultTenantNames(owner.metadata.uid ?? '').schema
  );
}

// Labels count where no reference says anything: one that somebody took away comes back.
function foreignness(object: KubeObject, owner: TenantControlPlane, adopt: boolean): string | undefined {
  const controller = foreignController(object, owner);
  if (controller !== undefined) return belonging(controller, owner);
  const known = adopt || isLabelled(object, owner) || isOwnedBy(object, owner);
  return known ? undefined : 'was not made for this control plane';
}

function isLabelled({ metadata }: KubeObject, owner: TenantControlPlane): boolean {
  const has = metadata?.labels;
  return has?.[labels.project] === PROJECT && has[labels.name] === owner.metadata.name;
}

/** Says whose an object is. */
export function belonging({ kind, name }: OwnerReference, owner: TenantControlPlane): string {
  return kind === tenantControlPlanes.kind && name === owner.metadata.name
    ? 'belongs to an earlier control plane of the same name, and goes with that'
    : `belongs to ${kind} ${name}`;
}
