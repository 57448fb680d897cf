import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, OwnerReference } from '#runtime/client/resource.ts';

/** The other object that controls this one, or undefined when nobody or `owner` itself does. */
export function foreignController(
  object: KubeObject | undefined,
  owner: TenantControlPlane,
): OwnerReference | undefined {
  return object?.metadata?.ownerReferences?.find(
    (reference) => reference.controller === true && reference.uid !== owner.metadata.uid,
  );
}

/**
 * Whether to take over fields that somebody else has set: only in what is ours already. What our caches do not know may be
 * there all the same, without our label, and is somebody else's.
 */
export function takeOver(live: KubeObject | undefined): { readonly force: boolean } {
  return { force: live !== undefined };
}

/** Why an object was not applied, where `takeOver` stood in the way. */
export function foreignObject(error: unknown): string | undefined {
  if (!(error instanceof ApiError) || !error.isConflict) return undefined;
  return `an object that is not this control plane's has a name that it needs: ${error.message}: delete that one, or give the control plane another name`;
}

/** Whether the object belongs to `owner`, so that it may be removed when it is no longer wanted. */
export function isOwnedBy(object: KubeObject, owner: TenantControlPlane): boolean {
  return object.metadata?.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;
}
