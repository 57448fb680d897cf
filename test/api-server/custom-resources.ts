import type { Core } from './core.ts';
import { remove } from './deletion.ts';
import { at, isFields, listAt, textAt } from './object.ts';
import type { ApiObject } from './object.ts';
import { uuid } from './names.ts';
import type { ServedKind } from './served-kind.ts';
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
    const kind = core.registry.findCollection(COLLECTION);
    for (const crd of kind === undefined ? [] : core.store.list(COLLECTION)) {
      if (kind !== undefined && listAt(crd, 'status', 'conditions').length === 0) setEstablished(core, kind, crd);
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

/** Stores CustomResourceDefinitions and tells them that they are served. Throws Refusal. */
export function installCrds(core: Core, crds: readonly object[]): void {
  for (const crd of crds) {
    const known = installed.get(crd);
    if (known === undefined) installed.set(crd, installNew(core, crd));
    else for (const object of stampedAnew(core, known)) core.store.put(COLLECTION, object.metadata.name ?? '', object);
  }
}

/** What has become of a definition, write by write: reading one takes long, and many servers are given the same. */
const installed = new WeakMap<object, readonly ApiObject[]>();

function installNew(core: Core, crd: object): readonly ApiObject[] {
  const kind = core.registry.findCollection(COLLECTION);
  if (kind === undefined || !isFields(crd) || !isFields(crd['metadata'])) throw new TypeError('not a CRD');
  const object: ApiObject = { ...structuredClone(crd), metadata: { ...crd['metadata'] } };
  const created = create(core, { kind, namespace: '' }, object, options);
  return [created, setEstablished(core, kind, created)];
}

function stampedAnew(core: Core, objects: readonly ApiObject[]): readonly ApiObject[] {
  const now = core.now();
  const uid = uuid(core.random);
  return objects.map(({ metadata, status, ...object }) => {
    const managedFields = (metadata.managedFields ?? []).map((entry) => ({ ...entry, time: now }));
    const conditions = listAt(status, 'conditions').map((one) => ({ ...Object(one), lastTransitionTime: now }));
    return {
      ...object,
      metadata: { ...metadata, uid, creationTimestamp: now, managedFields },
      status: { ...Object(status), conditions: conditions.length === 0 ? null : conditions },
    };
  });
}

function setEstablished(core: Core, kind: ServedKind, crd: ApiObject): ApiObject {
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
  return update(core, target, (before) => ({ ...before, status }), { ...options, subresource: 'status', isPut: false });
}
