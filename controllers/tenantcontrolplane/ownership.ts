import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels, PROJECT } from '#api/labels.ts';
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
 * somebody else's is left as it is; with `adopt`, what nobody controls is taken all the same. Throws ForeignObjectError, and as
 * `Applier.apply` does.
 */
export async function applyOwned<T extends KubeObject>(
  { tenantControlPlane, applier, client, signal }: OwnedWriting,
  resource: Resource<T>,
  desired: T,
  known: T | undefined,
  { adopt = false }: { readonly adopt?: boolean } = {},
): Promise<T> {
  const live = known ?? (await client.get(resource, keyOf(desired), { signal }));
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
  // What somebody makes at this very moment is not taken either.
  const { object } = await applier.apply(client, resource, desired, live, { signal, force: live !== undefined });
  return object;
}

/** The other object that controls this one, or undefined when nobody or `owner` itself does. */
export function foreignController(
  object: KubeObject | undefined,
  owner: TenantControlPlane,
): OwnerReference | undefined {
  return object?.metadata?.ownerReferences?.find(
    (reference) => reference.controller === true && reference.uid !== owner.metadata.uid,
  );
}

/** Whether the object belongs to `owner`, so that it may be removed when it is no longer wanted. */
export function isOwnedBy(object: KubeObject, owner: TenantControlPlane): boolean {
  return object.metadata?.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;
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
