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
 * references is ours; they are put back when it is applied.
 */
export function foreignness(object: KubeObject, controlPlane: KamajiControlPlane): string | undefined {
  const { ownerReferences = [], labels: carried = {} } = object.metadata ?? {};
  const controller = ownerReferences.find((reference) => reference.controller === true);
  if (controller !== undefined) {
    return controller.uid === controlPlane.metadata.uid
      ? undefined
      : `belongs to ${controller.kind} ${controller.name}`;
  }
  const marked =
    carried[labels.project] === PROJECT && carried[labels.capiTenantControlPlane] === controlPlane.metadata.name;
  return marked ? undefined : 'was made by somebody else';
}
