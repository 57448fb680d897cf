import { kubeconfigGenerators, tenantControlPlanes } from '#api/kinds.ts';
import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels, PROJECT } from '#api/labels.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import type { Namespace, Secret } from '#runtime/client/builtin.ts';
import { namespaces, secrets } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';

/** The informers that a pass reads from. */
export interface Informers {
  readonly generators: Informer<KubeconfigGenerator>;
  readonly tenantControlPlanes: Informer<TenantControlPlane>;
  /** Name and labels only. */
  readonly namespaces: Informer<Namespace>;
  /** Secrets of control planes: what carries our label, as other controllers watch it. */
  readonly secrets: Informer<Secret>;
  /** Secrets that generators made, upstream's as well, and no others: they carry a label of their own. */
  readonly generated: Informer<Secret>;
}

/** Everything that one pass decides on, as the caches have it. */
export interface Gathered {
  readonly name: string;
  /** Undefined when there is none of that name any more. */
  readonly generator: KubeconfigGenerator | undefined;
  /** All there are. */
  readonly tenants: readonly TenantControlPlane[];
  /** Secrets that are labelled as this generator's. */
  readonly generated: readonly Secret[];
  readonly namespace: (name: string) => Namespace | undefined;
  /** A Secret of a control plane. */
  readonly secret: (key: ObjectKey) => Secret | undefined;
  /** A Secret that is labelled as some generator's. */
  readonly generatedSecret: (key: ObjectKey) => Secret | undefined;
}

const BY_GENERATOR = 'generator';

/** Declares the informers; call before the cache starts. */
export function declareInformers(cache: Cache): Informers {
  return {
    generators: cache.informer(kubeconfigGenerators),
    tenantControlPlanes: cache.informer(tenantControlPlanes),
    namespaces: cache.informer(namespaces, { metadataOnly: true, transform: nameAndLabels }),
    secrets: cache.informer(secrets, { labelSelector: `${labels.project}=${PROJECT}` }),
    generated: cache.informer(secrets, {
      labelSelector: labels.managedBy,
      indexes: { [BY_GENERATOR]: generatorOf },
    }),
  };
}

/** Reads the world of one generator, also of one that is gone: what it made is still to be removed. */
export function gather(informers: Informers, key: ObjectKey): Gathered {
  return {
    name: key.name,
    generator: informers.generators.get(key),
    tenants: informers.tenantControlPlanes.list(),
    generated: informers.generated.byIndex(BY_GENERATOR, key.name),
    namespace: (name) => informers.namespaces.get({ name }),
    secret: (key) => informers.secrets.get(key),
    generatedSecret: (key) => informers.generated.get(key),
  };
}

/** Names of the generators whose label a Secret carries: one or none. */
export function generatorOf({ metadata }: Secret): readonly string[] {
  const name = metadata?.labels?.[labels.managedBy];
  return name === undefined || name === '' ? [] : [name];
}

function nameAndLabels({ metadata = {} }: Namespace): Namespace {
  const { name, uid, resourceVersion, deletionTimestamp, labels: has } = metadata;
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(has === undefined ? {} : { labels: has }),
    },
  };
}
