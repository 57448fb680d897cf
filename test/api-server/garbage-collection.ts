import { keyOf } from './core.ts';
import type { Core } from './core.ts';
import { finalizeCustomResources } from './custom-resources.ts';
import { remove } from './deletion.ts';
import type { PropagationPolicy } from './deletion.ts';
import { emptyNamespaces } from './namespace-controller.ts';
import type { ApiObject } from './object.ts';
import { collectionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { update } from './writes.ts';
import type { OwnerReference } from '#runtime/client/resource.ts';

/** A stored object and its kind. */
interface Node {
  readonly kind: ServedKind;
  readonly object: ApiObject;
}

/**
 * Does what the garbage collector and the namespace controller do, to the end; answers the number of writes
 * (Kubernetes: garbage collection, cascading deletion).
 */
export function collectGarbage(core: Core): number {
  const start = core.store.revision;
  for (let before = start - 1n; before !== core.store.revision;) {
    before = core.store.revision;
    emptyNamespaces(core);
    finalizeCustomResources(core);
    for (const node of nodes(core)) collect(core, node);
  }
  return Number(core.store.revision - start);
}

function* nodes(core: Core): Iterable<Node> {
  for (const collection of core.store.collections()) {
    const kind = core.registry.findCollection(collection);
    if (kind === undefined) continue;
    for (const { metadata } of core.store.list(collection)) {
      // An earlier step may have changed it.
      const object = core.store.get(collection, keyOf(metadata.namespace ?? '', metadata.name ?? ''));
      if (object !== undefined) yield { kind, object };
    }
  }
}

function collect(core: Core, node: Node): void {
  const { deletionTimestamp, finalizers = [], ownerReferences = [] } = node.object.metadata;
  if (deletionTimestamp !== undefined) {
    if (finalizers.includes('orphan')) orphanDependents(core, node);
    else if (finalizers.includes('foregroundDeletion')) deleteDependents(core, node);
    return;
  }
  if (ownerReferences.length === 0) return;
  const states = ownerReferences.map((reference) => ownerState(core, node, reference));
  if (states.includes('unknown')) return;
  const remaining = ownerReferences.filter((_, index) => states[index] === 'present');
  if (remaining.length === ownerReferences.length) return;
  if (remaining.length > 0) setOwners(core, node, remaining);
  else if (states.includes('waiting')) deleteNode(core, node, blocked(core, node) ? 'Foreground' : policyOf(node));
  else deleteNode(core, node, policyOf(node));
}

type OwnerState = 'present' | 'absent' | 'waiting' | 'unknown';

/** `waiting`: it is being deleted in the foreground and waits for what it owns. */
function ownerState(core: Core, { object }: Node, { apiVersion, kind, name, uid }: OwnerReference): OwnerState {
  const served = core.registry.findKind(apiVersion, kind);
  if (served === undefined) return 'unknown';
  const namespace = served.namespaced ? (object.metadata.namespace ?? '') : '';
  const owner = core.store.get(collectionOf(served), keyOf(namespace, name));
  if (owner === undefined || owner.metadata.uid !== uid) return 'absent';
  const { deletionTimestamp, finalizers = [] } = owner.metadata;
  return deletionTimestamp !== undefined && finalizers.includes('foregroundDeletion') ? 'waiting' : 'present';
}

function orphanDependents(core: Core, node: Node): void {
  for (const dependent of dependentsOf(core, node)) {
    const { ownerReferences = [] } = dependent.object.metadata;
    setOwners(
      core,
      dependent,
      ownerReferences.filter(({ uid }) => uid !== node.object.metadata.uid),
    );
  }
  removeFinalizer(core, node, 'orphan');
}

function deleteDependents(core: Core, node: Node): void {
  if (!blocked(core, node)) removeFinalizer(core, node, 'foregroundDeletion');
}

function blocked(core: Core, node: Node): boolean {
  const { uid } = node.object.metadata;
  return dependentsOf(core, node).some(({ object }) =>
    object.metadata.ownerReferences?.some((one) => one.uid === uid && one.blockOwnerDeletion === true),
  );
}

function dependentsOf(core: Core, { object }: Node): readonly Node[] {
  const { uid } = object.metadata;
  return [...nodes(core)].filter((one) => one.object.metadata.ownerReferences?.some((owner) => owner.uid === uid));
}

// What the object was to do with its own when it was deleted, if it was told.
function policyOf({ object }: Node): PropagationPolicy {
  const { finalizers = [] } = object.metadata;
  if (finalizers.includes('orphan')) return 'Orphan';
  return finalizers.includes('foregroundDeletion') ? 'Foreground' : 'Background';
}

function deleteNode(core: Core, { kind, object }: Node, propagationPolicy: PropagationPolicy): void {
  const { namespace = '', name = '' } = object.metadata;
  remove(core, { kind, namespace, name }, { propagationPolicy, dryRun: false });
}

function setOwners(core: Core, node: Node, ownerReferences: OwnerReference[]): void {
  change(core, node, (object) => ({ ...object, metadata: { ...object.metadata, ownerReferences } }));
}

function removeFinalizer(core: Core, node: Node, finalizer: string): void {
  const without = (object: ApiObject): ApiObject => {
    const finalizers = (object.metadata.finalizers ?? []).filter((one) => one !== finalizer);
    return { ...object, metadata: { ...object.metadata, finalizers } };
  };
  change(core, node, without);
}

function change(core: Core, { kind, object }: Node, to: (object: ApiObject) => ApiObject): void {
  const { namespace = '', name = '' } = object.metadata;
  const manager = 'kube-controller-manager';
  update(core, { kind, namespace, name }, to, { manager, dryRun: false, subresource: '', isPut: false });
}
