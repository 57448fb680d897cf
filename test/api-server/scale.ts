import { at, textAt, withValue } from './object.ts';
import type { ApiObject } from './object.ts';
import type { ServedKind } from './served-kind.ts';
import { badRequest } from './status.ts';

/** The `autoscaling/v1` Scale of an object. */
export function scaleOf(kind: ServedKind, object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = kind.scale === undefined ? undefined : at(object, ...kind.scale.specReplicas);
  const selector = selectorOf(kind, object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...(name && { name }),
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(creationTimestamp && { creationTimestamp }),
    },
    spec: replicas === undefined || replicas === 0 ? {} : { replicas },
    status: {
      replicas: (kind.scale === undefined ? undefined : at(object, ...kind.scale.statusReplicas)) ?? 0,
      ...(selector === undefined ? {} : { selector }),
    },
  };
}

/** The object with the replicas, and the resourceVersion to check, of a Scale. */
export function scaled(kind: ServedKind, object: ApiObject, scale: ApiObject): ApiObject {
  const replicas = at(scale, 'spec', 'replicas') ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) throw badRequest('spec.replicas is not a number');
  const { resourceVersion } = scale.metadata;
  const next = withValue(object, kind.scale?.specReplicas ?? [], replicas);
  return { ...next, metadata: { ...next.metadata, ...(resourceVersion ? { resourceVersion } : {}) } };
}

function selectorOf(kind: ServedKind, object: ApiObject): string | undefined {
  const path = kind.scale?.selector;
  if (path === undefined) return undefined;
  const labels = at(object, ...path, 'matchLabels');
  if (labels === undefined) return textAt(object, ...path);
  return Object.entries(Object(labels))
    .map(([name, value]) => `${name}=${String(value)}`)
    .toSorted()
    .join(',');
}
