import type { Gateway, TlsRoute } from '#api/core/gateway.ts';
import { dataStores, gateways, tenantControlPlanes, tlsRoutes } from '#api/kinds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels, PROJECT } from '#api/labels.ts';
import { MANAGER_CERTIFICATE } from '#api/manager-service.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import { slimPod } from '#runtime/cache/slim-pod.ts';
import type {
  ConfigMap,
  Deployment,
  Ingress,
  NetworkPolicy,
  Pod,
  PodDisruptionBudget,
  Secret,
  Service,
} from '#runtime/client/builtin.ts';
import {
  configMaps,
  deployments,
  ingresses,
  networkPolicies,
  podDisruptionBudgets,
  pods,
  secrets,
  services,
} from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { KubeObject, ObjectKey } from '#runtime/client/resource.ts';
import type { ChosenVersions } from './addon-versions.ts';
import { ADDON_VERSIONS, chosenVersions } from './addon-versions.ts';
import type { Exposure } from './phases/exposure.ts';

/** The informers that a pass reads from. Of shared kinds they hold only what carries our label. */
export interface Informers {
  readonly tenantControlPlanes: Informer<TenantControlPlane>;
  readonly dataStores: Informer<DataStore>;
  readonly secrets: Informer<Secret>;
  readonly configMaps: Informer<ConfigMap>;
  /** The one ConfigMap in which the installation chooses versions of addons. */
  readonly addonVersions: Informer<ConfigMap>;
  /** The one Secret with the manager's own certificate, which other replicas may have made. */
  readonly managerCertificate: Informer<Secret>;
  readonly services: Informer<Service>;
  readonly deployments: Informer<Deployment>;
  readonly podDisruptionBudgets: Informer<PodDisruptionBudget>;
  readonly networkPolicies: Informer<NetworkPolicy>;
  readonly ingresses: Informer<Ingress>;
  /** Empty while the management cluster has no Gateway API. */
  readonly tlsRoutes: Informer<TlsRoute>;
  /** Everybody's, since routes name them; empty as above. */
  readonly gateways: Informer<Gateway>;
  /** Pods of control planes. */
  readonly pods: Informer<Pod>;
}

/** Everything that one pass decides on, read once at its beginning. */
export interface Gathered {
  readonly tenantControlPlane: TenantControlPlane;
  readonly names: NamesOfControlPlane;
  readonly dataStores: readonly DataStore[];
  /** By name, of the tenant's namespace. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Names that the API server has just said to be free, whatever its label a Secret might have. */
  readonly absentSecrets: ReadonlySet<string>;
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly addonVersions: ChosenVersions;
  readonly managerCertificate: Secret | undefined;
  readonly service: Service | undefined;
  readonly deployment: Deployment | undefined;
  readonly podDisruptionBudget: PodDisruptionBudget | undefined;
  readonly networkPolicy: NetworkPolicy | undefined;
  readonly exposure: Exposure;
  readonly pods: readonly Pod[];
}

const OWNER = 'owner';
const LABELLED = 'tenantControlPlane';

/** Declares the informers; call before the cache starts. */
export function declareInformers(cache: Cache, managerNamespace: string): Informers {
  const ours = { labelSelector: `${labels.project}=${PROJECT}`, indexes: { [OWNER]: ownerNames } };
  return {
    tenantControlPlanes: cache.informer(tenantControlPlanes),
    dataStores: cache.informer(dataStores),
    secrets: cache.informer(secrets, ours),
    configMaps: cache.informer(configMaps, ours),
    addonVersions: cache.informer(configMaps, {
      namespace: managerNamespace,
      fieldSelector: `metadata.name=${ADDON_VERSIONS}`,
    }),
    managerCertificate: cache.informer(secrets, {
      namespace: managerNamespace,
      fieldSelector: `metadata.name=${MANAGER_CERTIFICATE}`,
    }),
    services: cache.informer(services, ours),
    deployments: cache.informer(deployments, ours),
    podDisruptionBudgets: cache.informer(podDisruptionBudgets, ours),
    networkPolicies: cache.informer(networkPolicies, ours),
    ingresses: cache.informer(ingresses, ours),
    tlsRoutes: cache.informer(tlsRoutes, { ...ours, optional: true }),
    gateways: cache.informer(gateways, { optional: true }),
    pods: cache.informer(pods, {
      labelSelector: `${labels.component}=deployment,${labels.name}`,
      transform: slimPod,
      indexes: { [LABELLED]: labelledFor },
    }),
  };
}

/** Reads the world of one TenantControlPlane; undefined when there is none of that name. */
export async function gather(
  informers: Informers,
  client: Client,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<Gathered | undefined> {
  const tenantControlPlane = informers.tenantControlPlanes.get(key);
  if (tenantControlPlane === undefined) return undefined;
  const names = namesOfControlPlane(key.name);
  const owned = `${key.namespace ?? ''}/${key.name}`;
  const byName = <T extends KubeObject>(informer: Informer<T>): Map<string, T> =>
    new Map(informer.byIndex(OWNER, owned).map((object) => [object.metadata?.name ?? '', object]));
  const here = (name: string): ObjectKey => ({ ...key, name });

  const cachedSecrets = byName(informers.secrets);
  // Keys that must never be replaced by mistake: what the cache lacks may be there without our label, put by the user.
  const unknown = [names.ca, names.frontProxyCa, names.serviceAccount].filter((name) => !cachedSecrets.has(name));
  const found = await Promise.all(
    unknown.map(async (name) => informers.secrets.get(here(name)) ?? client.get(secrets, here(name), { signal })),
  );
  for (const secret of found) if (secret !== undefined) cachedSecrets.set(secret.metadata?.name ?? '', secret);
  const deployment = informers.deployments.get(here(names.deployment));
  return {
    tenantControlPlane,
    names,
    dataStores: informers.dataStores.list(),
    secrets: cachedSecrets,
    absentSecrets: new Set(unknown.filter((name) => !cachedSecrets.has(name))),
    configMaps: byName(informers.configMaps),
    addonVersions: chosenVersions(tenantControlPlane, informers.addonVersions.list()[0], deployment),
    managerCertificate: informers.managerCertificate.list()[0],
    service: informers.services.get(here(names.service)),
    deployment,
    podDisruptionBudget: informers.podDisruptionBudgets.get(here(names.podDisruptionBudget)),
    networkPolicy: informers.networkPolicies.get(here(names.networkPolicy)),
    exposure: {
      ingress: informers.ingresses.get(here(names.ingress)),
      route: informers.tlsRoutes.get(here(names.route)),
      konnectivityRoute: informers.tlsRoutes.get(here(names.konnectivityRoute)),
    },
    pods: informers.pods.byIndex(LABELLED, owned),
  };
}

function ownerNames(object: KubeObject): readonly string[] {
  const owner = object.metadata?.ownerReferences?.find(
    (reference) => reference.controller === true && reference.kind === tenantControlPlanes.kind,
  );
  return owner === undefined ? [] : [`${object.metadata?.namespace ?? ''}/${owner.name}`];
}

// Pods belong to a ReplicaSet; the control plane is known by its label.
function labelledFor({ metadata }: Pod): readonly string[] {
  const name = metadata?.labels?.[labels.name];
  return name === undefined ? [] : [`${metadata?.namespace ?? ''}/${name}`];
}
