import type { Core } from './core.ts';
import { isFields } from './object.ts';
import type { ApiObject } from './object.ts';
import { create } from './writes.ts';

const CRD_COLLECTION = 'apiextensions.k8s.io/customresourcedefinitions';

/** Serves the kinds of every CustomResourceDefinition that is stored, from the moment on that it is. */
export function serveCustomResources(core: Core): void {
  core.store.subscribe(({ collection, before, after }) => {
    if (collection !== CRD_COLLECTION) return;
    if (after !== undefined) core.registry.define(after);
    else if (before !== undefined) core.registry.undefine(before);
  });
}

/** Stores a CustomResourceDefinition. Throws Refusal. */
export function installCrd(core: Core, crd: object): void {
  const kind = core.registry.findKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
  if (kind === undefined || !isFields(crd) || !isFields(crd['metadata'])) throw new TypeError('not a CRD');
  const object: ApiObject = { ...structuredClone(crd), metadata: { ...crd['metadata'] } };
  create(core, { kind, namespace: '' }, object, { manager: 'kube-apiserver', dryRun: false });
}
