import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlanes } from '#api/kinds.ts';
import { labels, PROJECT } from '#api/labels.ts';
import type { KubeObject, OwnerReference } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';

/** The reference by which objects of a control plane go with it, and move with it to another management cluster. */
export function ownerReference({ metadata }: KamajiControlPlane): OwnerReference {
  return {
    apiVersion: apiVersionOf(kamajiControlPlanes),
    kind: kamajiControlPlanes.kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/**
 * Why an object is not this control plane's, or undefined when it is. One that carries our labels and has lost its owner
 * references is ours, and so is one that came out of a backup with the UID that the control plane had then; the reference
 * is put right when the object is written.
 */
export function foreignness(object: KubeObject, controlPlane: KamajiControlPlane): string | undefined {
  const controller = object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
  if (controller === undefined) return isMarked(object, controlPlane) ? undefined : 'was made by somebody else';
  return controller.uid === controlPlane.metadata.uid || isStale(object, controlPlane)
    ? undefined
    : `belongs to ${controller.kind} ${controller.name}`;
}

/** Whether the object is ours and names as its controller a UID that the control plane had in another life. */
export function isStale(object: KubeObject, controlPlane: KamajiControlPlane): boolean {
  return (
    isMarked(object, controlPlane) &&
    // One that is going goes with the control plane that had that UID.
    object.metadata?.deletionTimestamp === undefined &&
    (object.metadata?.ownerReferences ?? []).some((reference) => isFormerSelf(reference, controlPlane))
  );
}

/** The owner references of a stale object as they should be: in an apply, the former one would stay beside the new. */
export function renewedOwners(object: KubeObject, controlPlane: KamajiControlPlane): readonly OwnerReference[] {
  const others = (object.metadata?.ownerReferences ?? []).filter(
    (reference) => !isFormerSelf(reference, controlPlane) && reference.uid !== controlPlane.metadata.uid,
  );
  return [...others, ownerReference(controlPlane)];
}

function isFormerSelf(reference: OwnerReference, { metadata }: KamajiControlPlane): boolean {
  const { apiVersion, kind, name, uid, controller } = reference;
  return (
    controller === true &&
    kind === kamajiControlPlanes.kind &&
    apiVersion.startsWith(`${kamajiControlPlanes.group}/`) &&
    name === metadata.name &&
    uid !== metadata.uid
  );
}

function isMarked({ metadata }: KubeObject, controlPlane: KamajiControlPlane): boolean {
  const { labels: carried = {} } = metadata ?? {};
  // In another cluster control planes of several namespaces may stand side by side.
  const namespace = carried[labels.capiNamespace] ?? controlPlane.metadata.namespace;
  return (
    carried[labels.project] === PROJECT &&
    carried[labels.capiTenantControlPlane] === controlPlane.metadata.name &&
    namespace === controlPlane.metadata.namespace
  );
}
