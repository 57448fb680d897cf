import type { Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { InformerEvent } from '#runtime/cache/informer.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { servesVersion } from './versions.ts';

/** Not our own status writes, which come back as events. */
export function changedByOthers(event: InformerEvent<KamajiControlPlane>): boolean {
  return event.type !== 'updated' || wasEdited(event.old, event.object);
}

/** Of a Cluster's status, in which core tells of every machine, nothing else counts for its control plane. */
export function concernsControlPlane(event: InformerEvent<Cluster>): boolean {
  if (event.type !== 'updated') return true;
  const { old, object } = event;
  const isProvisioned = ({ status }: Cluster): boolean => status?.initialization?.infrastructureProvisioned === true;
  return wasEdited(old, object) || isProvisioned(old) !== isProvisioned(object);
}

/** Another version is served, by more or by fewer pods. */
export function changesVersions(event: InformerEvent<Pod>): boolean {
  switch (event.type) {
    case 'added':
      return servesVersion(event.object) !== undefined;
    case 'updated':
      return servesVersion(event.old) !== servesVersion(event.object);
    case 'deleted':
      return servesVersion(event.object) !== undefined;
  }
}

/** Whether the spec or what the metadata say has changed. */
function wasEdited({ metadata: before }: KubeObject, { metadata: now }: KubeObject): boolean {
  return (
    now?.generation !== before?.generation ||
    now?.deletionTimestamp !== before?.deletionTimestamp ||
    JSON.stringify([now?.labels, now?.annotations, now?.finalizers, now?.ownerReferences]) !==
      JSON.stringify([before?.labels, before?.annotations, before?.finalizers, before?.ownerReferences])
  );
}
