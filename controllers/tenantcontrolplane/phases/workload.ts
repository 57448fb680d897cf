import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { KonnectivityServer } from '#controlplane/input.ts';
import { SIGNER_KEY } from '#controlplane/controller-manager.ts';
import { controlPlaneDeployment } from '#controlplane/deployment.ts';
import { egressSelectorConfigMap } from '#controlplane/egress-selector.ts';
import type { KineStorage, Storage as PodStorage } from '#controlplane/input.ts';
import type { StorePeer } from '#controlplane/network-policy.ts';
import { controlPlaneNetworkPolicy } from '#controlplane/network-policy.ts';
import { podDisruptionBudget } from '#controlplane/pdb.ts';
import type { ConnectionConfig } from '#datastore/connection.ts';
import { ETCD_CLIENT_PORT, managedPodLabels } from '#datastore/managed.ts';
import type { Applier } from '#runtime/client/applier.ts';
import type { Deployment } from '#runtime/client/builtin.ts';
import { configMaps, deployments, networkPolicies, podDisruptionBudgets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Finding, Outcome, Step } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { Gathered } from '../gather.ts';
import type { OwnedWriting } from '../ownership.ts';
import { applyOwned, ForeignObjectError, isOwnedBy } from '../ownership.ts';
import type { SecretDraft } from '../secrets.ts';
import { checksumOf } from '../secrets.ts';
import type { Endpoint } from './endpoint.ts';
import type { Storage } from './storage.ts';
import { sharesCertificate } from './storage-access.ts';

export interface WorkloadInput {
  readonly gathered: Gathered;
  readonly endpoint: Endpoint;
  readonly storage: Storage;
  /** Absent where the tunnel is off. */
  readonly konnectivity: KonnectivityServer | undefined;
  /** Every Secret that the pods mount, as this pass wants it. */
  readonly drafts: readonly SecretDraft[];
  readonly dataStore: DataStore | undefined;
  /** Where the manager and the pods of managed stores are. */
  readonly managerNamespace: string;
  /** Whether the API servers must reach the manager. */
  readonly asksManager: boolean;
  readonly managementAddresses: readonly string[];
  readonly kineImage: string;
  readonly applier: Applier;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/** Applies what makes and guards the pods. The finding speaks only of what went wrong here; how pods fare is another's. */
export async function reconcileWorkload(input: WorkloadInput): Promise<Step<Deployment, 'ControlPlaneReady'>> {
  try {
    // Before the pods: a control plane is never up without its fence, and its volumes are there when it starts.
    await Promise.all([reconcileEgressSelector(input), reconcileNetworkPolicy(input), reconcileBudget(input)]);
    const desired = controlPlaneDeployment(podInput(input));
    return { value: await applyOwned(writing(input), deployments, desired, input.gathered.deployment) };
  } catch (error) {
    if (error instanceof ForeignObjectError) return notReady(error.code, error.message);
    if (error instanceof ApiError && error.isInvalid) {
      return notReady(
        'DeploymentRefused',
        `the API server refuses the Deployment: ${error.message}: correct spec.controlPlane.deployment`,
      );
    }
    return { ...notReady('InternalError', messageOf(error)), error: asError(error) };
  }
}

function podInput(input: WorkloadInput) {
  const { tenantControlPlane, names } = input.gathered;
  const checksum = (name: string): string => {
    const draft = input.drafts.find((one) => one.name === name);
    return draft === undefined ? '' : checksumOf(draft.data);
  };
  const { konnectivity } = input;
  return {
    tenantControlPlane,
    advertiseAddress: input.endpoint.address.advertiseAddress,
    storage: podStorage(input),
    caIsBundle: input.drafts.find(({ name }) => name === names.ca)?.data[SIGNER_KEY] !== undefined,
    ...(konnectivity === undefined ? {} : { konnectivity }),
    checksums: {
      ca: checksum(names.ca),
      frontProxyCa: checksum(names.frontProxyCa),
      serviceAccount: checksum(names.serviceAccount),
      apiServerCertificate: checksum(names.apiServerCertificate),
      apiServerKubeletClient: checksum(names.apiServerKubeletClient),
      frontProxyClient: checksum(names.frontProxyClient),
      controllerManagerKubeconfig: checksum(names.controllerManagerKubeconfig),
      schedulerKubeconfig: checksum(names.schedulerKubeconfig),
      datastoreConfig: checksum(names.datastoreConfig),
      ...(input.storage.config.tls === undefined ? {} : { datastoreCertificate: checksum(names.datastoreCertificate) }),
      ...(konnectivity === undefined
        ? {}
        : {
            konnectivityKubeconfig: checksum(names.konnectivityKubeconfig),
            egressSelectorConfiguration: checksumOf(egressSelectorConfigMap(tenantControlPlane).data),
          }),
    },
  };
}

function podStorage({ storage, kineImage }: WorkloadInput): PodStorage {
  const { config, dataStoreName: dataStore, names, overrides } = storage;
  if (config.driver === 'etcd') {
    return { driver: 'etcd', dataStore, endpoints: config.endpoints, schema: names.schema, overrides };
  }
  const severalServers = config.endpoints.length > 1;
  return { driver: config.driver, dataStore, kineImage, tls: tlsOf(config), severalServers };
}

function storePeers({ dataStore, managerNamespace, storage }: WorkloadInput): readonly StorePeer[] {
  const stores = [{ dataStore, endpoints: storage.config.endpoints }, ...storage.overrides];
  return stores.flatMap((store): readonly StorePeer[] => {
    const { metadata, spec } = store.dataStore ?? {};
    if (spec?.managed !== undefined) {
      const podLabels = managedPodLabels(metadata?.name ?? '');
      return [{ namespace: managerNamespace, podLabels, port: ETCD_CLIENT_PORT }];
    }
    return store.endpoints.map((endpoint) => {
      const colon = endpoint.lastIndexOf(':');
      return { host: endpoint.slice(0, colon).replace(/^\[|\]$/gu, ''), port: Number(endpoint.slice(colon + 1)) };
    });
  });
}

async function reconcileEgressSelector(input: WorkloadInput): Promise<void> {
  const { gathered, client, signal } = input;
  const live = gathered.configMaps.get(gathered.names.egressSelectorConfiguration);
  if (input.konnectivity === undefined) {
    if (live !== undefined) await client.delete(configMaps, keyOf(live), { signal });
    return;
  }
  const desired = egressSelectorConfigMap(gathered.tenantControlPlane);
  await applyOwned(writing(input), configMaps, desired, live);
}

async function reconcileNetworkPolicy(input: WorkloadInput): Promise<void> {
  const { gathered, managementAddresses } = input;
  const { tenantControlPlane, networkPolicy } = gathered;
  const desired = controlPlaneNetworkPolicy({
    tenantControlPlane,
    konnectivity: input.konnectivity !== undefined,
    storePeers: storePeers(input),
    ...(input.asksManager ? { managerNamespace: input.managerNamespace } : {}),
    managementAddresses,
  });
  await applyOwned(writing(input), networkPolicies, desired, networkPolicy);
}

async function reconcileBudget(input: WorkloadInput): Promise<void> {
  const { gathered, client, signal } = input;
  const live = gathered.podDisruptionBudget;
  const desired = podDisruptionBudget(gathered.tenantControlPlane);
  if (desired !== undefined) {
    await applyOwned(writing(input), podDisruptionBudgets, desired, live);
  } else if (live !== undefined && isOwnedBy(live, gathered.tenantControlPlane)) {
    await client.delete(podDisruptionBudgets, keyOf(live), { signal });
  }
}

function writing({ gathered: { tenantControlPlane }, applier, client, signal }: WorkloadInput): OwnedWriting {
  return { tenantControlPlane, applier, client, signal };
}

function notReady(
  reason: Finding<'ControlPlaneReady'>['reason'],
  message: string,
): Outcome<never, 'ControlPlaneReady'> {
  return { finding: { type: 'ControlPlaneReady', status: 'False', reason, message }, requeueAfterMs: RECHECK_MS };
}

function tlsOf(config: ConnectionConfig): KineStorage['tls'] {
  if (config.tls === undefined) return 'none';
  return sharesCertificate(config) ? 'authority-and-client-certificate' : 'authority';
}
