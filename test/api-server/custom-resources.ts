import type { Core } from './core.ts';
import { remove } from './deletion.ts';
import { at, isFields, listAt, textAt } from './object.ts';
import type { ApiObject } from './object.ts';
import { create, update } from './writes.ts';

const COLLECTION = 'apiextensions.k8s.io/customresourcedefinitions';
const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';
const options = { manager: 'kube-apiserver', dryRun: false } as const;

/**
 * Serves the kinds of every CustomResourceDefinition that is stored, from the moment on that it is. To be called after
 * every request, the answer does what the server does by itself then: it tells the definition that it is served.
 */
export function serveCustomResources(core: Core): () => void {
  let isNew = false;
  core.store.subscribe(({ collection, before, after }) => {
    if (collection !== COLLECTION) return;
    isNew ||= before === undefined;
    if (after !== undefined) core.registry.define(after);
    else if (before !== undefined) core.registry.undefine(before);
  });
  return () => {
    if (!isNew) return;
    isNew = false;
    for (const crd of core.store.list(COLLECTION)) {
      if (listAt(crd, 'status', 'conditions').length === 0) setEstablished(core, crd);
    }
  };
}

/** Deletes the objects of CustomResourceDefinitions that are being deleted, and those when nothing is left of them. */
export function finalizeCustomResources(core: Core): void {
  for (const crd of core.store.list(COLLECTION)) {
    const { deletionTimestamp, finalizers = [], name = '' } = crd.metadata;
    if (deletionTimestamp === undefined || !finalizers.includes(CLEANUP)) continue;
    if (!deleteInstances(core, crd)) continue;
    const kind = core.registry.findCollection(COLLECTION);
    if (kind === undefined) continue;
    const without = (object: ApiObject): ApiObject => ({
      ...object,
      metadata: { ...object.metadata, finalizers: finalizers.filter((one) => one !== CLEANUP) },
    });
    update(core, { kind, namespace: '', name }, without, { ...options, subresource: '', isPut: false });
  }
}

function deleteInstances(core: Core, crd: ApiObject): boolean {
  const collection = `${textAt(crd, 'spec', 'group')}/${textAt(crd, 'spec', 'names', 'plural')}`;
  const kind = core.registry.findCollection(collection);
  if (kind === undefined) return true;
  for (const { metadata } of core.store.list(collection)) {
    const { namespace = '', name = '' } = metadata;
    remove(core, { kind, namespace, name }, { propagationPolicy: 'Background', dryRun: false });
  }
  return core.store.list(collection).length === 0;
}

/** Stores a CustomResourceDefinition. Throws Refusal. */
export function installCrd(core: Core, crd: object): void {
  const kind = core.registry.findCollection(COLLECTION);
  if (kind === undefined || !isFields(crd) || !isFields(crd['metadata'])) throw new TypeError('not a CRD');
  const object: ApiObject = { ...structuredClone(crd), metadata: { ...crd['metadata'] } };
  create(core, { kind, namespace: '' }, object, options);
}

function setEstablished(core: Core, crd: ApiObject): void {
  const kind = core.registry.findCollection(COLLECTION);
  if (kind === undefined) return;
  const condition = (type: string, reason: string, message: string): object => ({
    type,
    status: 'True',
    reason,
    message,
    lastTransitionTime: core.now(),
  });
  const status = {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: at(crd, 'spec', 'names'),
    storedVersions: at(crd, 'status', 'storedVersions'),
  };
  const target = { kind, namespace: '', name: crd.metadata.name ?? '' };
  update(core, target, (before) => ({ ...before, status }), { ...options, subresource: 'status', isPut: false });
}
