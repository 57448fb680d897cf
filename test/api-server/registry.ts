import { builtinKinds } from './builtin-kinds.ts';
import { at, isFields, listAt, textAt } from './object.ts';
import type { ApiObject } from './object.ts';
import { schemaOfBuiltin, schemaOfCrd } from './schema/type-schema.ts';
import { apiVersionOf, collectionOf } from './served-kind.ts';
import type { ScalePaths, ServedKind } from './served-kind.ts';

/** The kinds that are served now. */
export class Registry {
  readonly #kinds = new Map<string, ServedKind>();
  readonly #byKind = new Map<string, ServedKind>();
  readonly #byCollection = new Map<string, ServedKind>();

  constructor() {
    for (const kind of builtinKinds((group, kind) => lazily(() => schemaOfBuiltin(group, kind)))) this.#add(kind);
  }

  find(group: string, version: string, plural: string): ServedKind | undefined {
    return this.#kinds.get(`${group}/${version}/${plural}`);
  }

  /** The kind of an owner reference. */
  findKind(apiVersion: string, kind: string): ServedKind | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** One served version of the kind behind a collection. */
  findCollection(collection: string): ServedKind | undefined {
    return this.#byCollection.get(collection);
  }

  all(): readonly ServedKind[] {
    return [...this.#kinds.values()];
  }

  /** Serves what a CustomResourceDefinition says in place of what it said before. */
  define(crd: ApiObject): void {
    this.undefine(crd);
    for (const kind of customKindsOf(crd)) this.#add(kind);
  }

  undefine(crd: ApiObject): void {
    const collection = `${textAt(crd, 'spec', 'group')}/${textAt(crd, 'spec', 'names', 'plural')}`;
    for (const kind of this.all()) {
      if (!kind.custom || collectionOf(kind) !== collection) continue;
      this.#kinds.delete(`${kind.group}/${kind.version}/${kind.plural}`);
      this.#byKind.delete(`${apiVersionOf(kind)}/${kind.kind}`);
      this.#byCollection.delete(collection);
    }
  }

  #add(kind: ServedKind): void {
    this.#kinds.set(`${kind.group}/${kind.version}/${kind.plural}`, kind);
    this.#byKind.set(`${apiVersionOf(kind)}/${kind.kind}`, kind);
    const collection = collectionOf(kind);
    if (!this.#byCollection.has(collection)) this.#byCollection.set(collection, kind);
  }
}

/** Read schemas by the spec that they are from: many servers, and many versions of a definition, share one. */
const knownKinds = new WeakMap<object, readonly ServedKind[]>();

function customKindsOf(crd: ApiObject): readonly ServedKind[] {
  const { spec } = crd;
  if (!isFields(spec)) return [];
  const kinds = knownKinds.get(spec) ?? customKinds(crd);
  knownKinds.set(spec, kinds);
  return kinds;
}

function customKinds(crd: ApiObject): readonly ServedKind[] {
  const text = (...path: string[]): string => textAt(crd, 'spec', ...path) ?? '';
  return listAt(crd, 'spec', 'versions')
    .filter((version) => at(version, 'served') === true)
    .map((version) => {
      const name = textAt(version, 'name') ?? '';
      const status = at(version, 'subresources', 'status') !== undefined;
      const scale = at(version, 'subresources', 'scale');
      return {
        group: text('group'),
        version: name,
        kind: text('names', 'kind'),
        plural: text('names', 'plural'),
        singular: text('names', 'singular') === '' ? text('names', 'kind').toLowerCase() : text('names', 'singular'),
        namespaced: text('scope') === 'Namespaced',
        custom: true,
        hasRules: JSON.stringify(at(version, 'schema'))?.includes('"x-kubernetes-validations"') ?? false,
        status,
        ...(isFields(scale) ? { scale: scalePaths(scale) } : {}),
        generation: status ? 'all-but-metadata-and-status' : 'all-but-metadata',
        nameRule: 'subdomain',
        unconditionalUpdate: false,
        createOnUpdate: false,
        returnsDeleted: false,
        schema: lazily(() => schemaOfCrd(crd, name)),
        selectableFields: listAt(version, 'selectableFields').map((one) => (textAt(one, 'jsonPath') ?? '').slice(1)),
      } satisfies ServedKind;
    });
}

function scalePaths(scale: Readonly<Record<string, unknown>>): ScalePaths {
  const steps = (name: string): readonly string[] => (textAt(scale, name) ?? '').split('.').slice(1);
  const selector = steps('labelSelectorPath');
  return {
    specReplicas: steps('specReplicasPath'),
    statusReplicas: steps('statusReplicasPath'),
    ...(selector.length === 0 ? {} : { selector }),
  };
}

function lazily<T>(build: () => T): () => T {
  let value: T | undefined;
  return () => (value ??= build());
}
