import { keyOf } from './core.ts';
import type { Core } from './core.ts';
import { listAt, textAt, withValue } from './object.ts';
import type { ApiMeta, ApiObject } from './object.ts';
import { collectionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { conflict } from './status.ts';
import { read } from './writes.ts';
import type { Target } from './writes.ts';

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

/** What a deletion may ask for (Kubernetes: `metav1.DeleteOptions`). */
export interface DeleteOptions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: PropagationPolicy | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly dryRun: boolean;
}

export interface Deleted {
  /** As it was last, or as it is now when it is still there. */
  readonly object: ApiObject;
  readonly gone: boolean;
}

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Deletes an object, or marks it when finalizers or a grace period hold it. Throws Refusal. */
export function remove(core: Core, target: Target, options: DeleteOptions): Deleted {
  const { kind } = target;
  const before = read(core, target);
  checkPreconditions(kind, before, options);
  const finalizers = finalizersFor(kind, before, options.propagationPolicy);
  const graceSeconds = gracePeriod(kind, before, options);
  const isHeld = finalizers.length > 0 || graceSeconds > 0 || isNamespaceInUse(kind, before);
  if (!isHeld) return take(core, target, before, options);
  const marked = markedAsDeleted(core, kind, before, finalizers, graceSeconds);
  if (marked === before || options.dryRun) return { object: marked, gone: false };
  const collection = collectionOf(kind);
  return { object: core.store.put(collection, keyOf(target.namespace, target.name), marked), gone: false };
}

function take(core: Core, { kind, namespace, name }: Target, before: ApiObject, { dryRun }: DeleteOptions): Deleted {
  const collection = collectionOf(kind);
  const key = keyOf(namespace, name);
  // A kind with a grace period is marked even when that is over at once.
  const last = isPod(kind) ? markedAsDeleted(core, kind, before, [], 0) : before;
  if (dryRun) return { object: last, gone: true };
  if (last !== before) core.store.put(collection, key, last);
  return { object: core.store.delete(collection, key) ?? last, gone: true };
}

function checkPreconditions(kind: ServedKind, { metadata }: ApiObject, { uid, resourceVersion }: DeleteOptions): void {
  // The server's own message names the kind where others name the resource.
  const named = { ...kind, plural: kind.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      named,
      metadata.name ?? '',
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). ` +
        'The object might have been deleted and then recreated',
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      named,
      metadata.name ?? '',
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
        `(${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/** The finalizers of an object that is being deleted: those of garbage collection follow from the policy. */
function finalizersFor(kind: ServedKind, object: ApiObject, policy: PropagationPolicy | undefined): readonly string[] {
  const cleanup = kind.plural === 'customresourcedefinitions' ? ['customresourcecleanup.apiextensions.k8s.io'] : [];
  const present = [...new Set([...(object.metadata.finalizers ?? []), ...cleanup])];
  if (policy === undefined) return present;
  const others = present.filter((one) => one !== FOREGROUND && one !== ORPHAN);
  if (policy === 'Background') return others;
  return [...others, policy === 'Orphan' ? ORPHAN : FOREGROUND];
}

// Only a pod that has been given a node has something running to wait for.
function gracePeriod(kind: ServedKind, object: ApiObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (!isPod(kind) || (textAt(object, 'spec', 'nodeName') ?? '') === '') return 0;
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') return 0;
  if (gracePeriodSeconds !== undefined) return gracePeriodSeconds;
  return 30;
}

function isPod({ group, kind }: ServedKind): boolean {
  return group === '' && kind === 'Pod';
}

function isNamespaceInUse(kind: ServedKind, object: ApiObject): boolean {
  const finalizers = Object(object['spec'])['finalizers'];
  return kind.group === '' && kind.kind === 'Namespace' && Array.isArray(finalizers) && finalizers.length > 0;
}

function markedAsDeleted(
  core: Core,
  kind: ServedKind,
  before: ApiObject,
  finalizers: readonly string[],
  graceSeconds: number,
): ApiObject {
  const old = before.metadata;
  const sameFinalizers = finalizers.join('\n') === (old.finalizers ?? []).join('\n');
  const isMarked = old.deletionTimestamp !== undefined;
  if (isMarked && sameFinalizers && graceSeconds >= (old.deletionGracePeriodSeconds ?? 0)) return before;
  const metadata: ApiMeta = {
    ...old,
    finalizers: [...finalizers],
    deletionTimestamp: old.deletionTimestamp ?? core.now(),
    deletionGracePeriodSeconds: graceSeconds,
    ...(old.generation === undefined || isMarked ? {} : { generation: old.generation + 1 }),
  };
  if (finalizers.length === 0) delete metadata.finalizers;
  if (kind.kind !== 'Namespace' && kind.kind !== 'CustomResourceDefinition') return { ...before, metadata };
  // These two have a way of their own.
  const { deletionGracePeriodSeconds: _, ...rest } = metadata;
  if (kind.kind === 'Namespace') return { ...before, metadata: rest, status: { phase: 'Terminating' } };
  const { generation } = old;
  return withTermination(core, {
    ...before,
    metadata: { ...rest, ...(generation === undefined ? {} : { generation }) },
  });
}

function withTermination(core: Core, crd: ApiObject): ApiObject {
  const condition = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    lastTransitionTime: core.now(),
  };
  return withValue(crd, ['status', 'conditions'], [...listAt(crd, 'status', 'conditions'), condition]);
}
