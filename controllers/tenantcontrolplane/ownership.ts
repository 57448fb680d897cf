import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
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
