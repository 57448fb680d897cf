import { keyOf } from './core.ts';
import type { Core } from './core.ts';
import { remove } from './deletion.ts';
import { listAt, withValue } from './object.ts';
import type { ApiObject } from './object.ts';
import { collectionOf } from './served-kind.ts';

const NAMESPACES = '/namespaces';

/** Deletes what is in terminating namespaces, and those that have become empty. */
export function emptyNamespaces(core: Core): void {
  for (const namespace of core.store.list(NAMESPACES)) {
    if (namespace.metadata.deletionTimestamp !== undefined) empty(core, namespace);
  }
}

function empty(core: Core, namespace: ApiObject): void {
  const { name = '' } = namespace.metadata;
  let isEmpty = true;
  for (const kind of core.registry.all()) {
    if (!kind.namespaced || core.registry.findCollection(collectionOf(kind)) !== kind) continue;
    for (const { metadata } of core.store.list(collectionOf(kind), `${name}/`)) {
      const target = { kind, namespace: name, name: metadata.name ?? '' };
      const { gone } = remove(core, target, { propagationPolicy: 'Background', gracePeriodSeconds: 0, dryRun: false });
      isEmpty &&= gone;
    }
  }
  if (!isEmpty || listAt(namespace, 'spec', 'finalizers').length === 0) return;
  core.store.put(NAMESPACES, keyOf('', name), withValue(namespace, ['spec', 'finalizers'], undefined));
  if ((namespace.metadata.finalizers ?? []).length === 0) core.store.delete(NAMESPACES, name);
}
