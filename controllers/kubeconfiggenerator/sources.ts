import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels } from '#api/labels.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Informer, InformerEvent } from '#runtime/cache/informer.ts';
import type { Namespace, Secret } from '#runtime/client/builtin.ts';
import { type KubeObject, keyOf } from '#runtime/client/resource.ts';
import type { Source } from '#runtime/controller/reconciler.ts';
import { initialListPriority, watchSource } from '#runtime/controller/sources.ts';
import { generatorOf, type Informers } from './gather.ts';
import { selectionOf } from './selection.ts';
import { subjectFor } from './subject.ts';

/** What wakes the controller of KubeconfigGenerators, besides the time of the next renewal. */
export function sourcesOf(informers: Informers): readonly Source[] {
  return [
    watchSource(informers.generators, { predicate: isNews }),
    generatorsFor(informers, informers.tenantControlPlanes, tenantConcern),
    generatorsFor(informers, informers.namespaces, (generator, namespace) =>
      namespaceConcern(generator, namespace, informers),
    ),
    generatorsFor(informers, informers.secrets, (generator, secret) => secretConcern(generator, secret, informers)),
    // Also what generators that are gone have left behind, when the process starts.
    watchSource(informers.generated, { map: (secret) => generatorOf(secret).map((name) => ({ name })) }),
  ];
}

/**
 * Wakes every generator to which an object means something else than before. What it means is a text, the empty one where
 * it is no concern of the generator's; so tenants, whose status changes all the time, wake nobody by that.
 */
function generatorsFor<T extends KubeObject>(
  { generators }: Informers,
  informer: Informer<T>,
  concern: (generator: KubeconfigGenerator, object: T) => string,
): Source {
  return {
    informers: [generators, informer],
    start: (enqueue) =>
      informer.subscribe((event) => {
        const priority = event.type === 'added' && event.initial ? initialListPriority : 0;
        for (const generator of generators.list()) {
          if (before(generator, event, concern) !== after(generator, event, concern)) {
            enqueue(keyOf(generator), { priority });
          }
        }
      }),
  };
}

function before<T>(
  generator: KubeconfigGenerator,
  event: InformerEvent<T>,
  concern: (generator: KubeconfigGenerator, object: T) => string,
): string {
  if (event.type === 'added') return '';
  return concern(generator, event.type === 'updated' ? event.old : event.object);
}

function after<T>(
  generator: KubeconfigGenerator,
  event: InformerEvent<T>,
  concern: (generator: KubeconfigGenerator, object: T) => string,
): string {
  return event.type === 'deleted' ? '' : concern(generator, event.object);
}

function tenantConcern(generator: KubeconfigGenerator, tenant: TenantControlPlane): string {
  const selection = selectionOf(generator);
  if ('reason' in selection || !selection.tenant(tenant)) return '';
  const { uid, namespace, labels: has } = tenant.metadata;
  return JSON.stringify([uid, namespace, has?.[labels.clusterName], subjectFor(generator, tenant)]);
}

function namespaceConcern(generator: KubeconfigGenerator, namespace: Namespace, informers: Informers): string {
  const selection = selectionOf(generator);
  if ('reason' in selection || !selection.namespace(namespace)) return '';
  return informers.tenantControlPlanes.list(namespace.metadata?.name).length > 0 ? 'has tenants' : '';
}

/** Of a tenant's Secrets only those that kubeconfigs are made from. */
function secretConcern(generator: KubeconfigGenerator, { metadata = {} }: Secret, informers: Informers): string {
  const { namespace, name, resourceVersion = '' } = metadata;
  const tenantName = metadata.labels?.[labels.name];
  if (tenantName === undefined || namespace === undefined) return '';
  const { ca, adminKubeconfig } = namesOfControlPlane(tenantName);
  if (name !== ca && name !== adminKubeconfig) return '';
  const tenant = informers.tenantControlPlanes.get({ namespace, name: tenantName });
  const selection = selectionOf(generator);
  return tenant !== undefined && !('reason' in selection) && selection.tenant(tenant) ? resourceVersion : '';
}

/** Whether anything but the status changed. */
function isNews(event: InformerEvent<KubeconfigGenerator>): boolean {
  if (event.type !== 'updated') return true;
  const news = ({ metadata }: KubeObject): string =>
    JSON.stringify([metadata?.generation, metadata?.deletionTimestamp, metadata?.annotations]);
  return news(event.old) !== news(event.object);
}
