import { readFile } from 'node:fs/promises';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, dataStores, kamajiControlPlanes } from '#api/kinds.ts';
import { EtcdChannel, type EtcdChannelOptions } from '#datastore/etcd/channel.ts';
import { initializeEtcd } from '#datastore/etcd/initialize.ts';
import { secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { ControlPlane, ControlPlaneOptions } from './control-plane.ts';
import { startControlPlane } from './control-plane.ts';
import type { EtcdContents } from './etcd-contents.ts';
import { readEtcdContents } from './etcd-contents.ts';
import { installCrds } from './install-crds.ts';
import { definitionOf } from './simulation/world/definition.ts';
import type { TlsEtcd } from './tls-etcd.ts';
import { startTlsEtcd } from './tls-etcd.ts';

const root = new URL('../', import.meta.url);

/** Where the provider is installed. */
export const SHARED = 'kamaji-system';

/** A management cluster in which the provider is installed but for its pod, with the DataStore `default`. */
export interface Installation extends AsyncDisposable {
  readonly management: ControlPlane;
  /** What the DataStore stands for. */
  readonly store: TlsEtcd;
  /** Installs the manifests of a further instance. */
  addInstance(variables: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

export interface InstallationOptions extends Pick<ControlPlaneOptions, 'controllers'> {
  /** That of another installation, which has to outlive this one. Default: one of its own. */
  readonly store?: TlsEtcd;
  /** Definitions of Cluster API's kinds. Default: that of Cluster, without a schema. */
  readonly clusterApi?: readonly object[];
}

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const { controllers, clusterApi = [definitionOf(clusters)] } = options;
  const auditPolicy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata' }],
  };
  const [management, store] = await Promise.all([
    startControlPlane({ auditPolicy, ...(controllers === undefined ? {} : { controllers }) }),
    options.store ?? startNewStore(),
  ]);
  await installCrds(management);
  const definitions = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: clusterApi });
  await apply(management, definitions);
  await management.kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', '-'], definitions);
  await apply(management, await manifests('config/control-plane-components.yaml', {}));
  await declareStore(management, store);
  const stop = async (): Promise<void> => {
    if (options.store === undefined) await store.stop();
    await management.stop();
  };
  return {
    management,
    store,
    async addInstance(variables) {
      await apply(management, await manifests('config/namespaced-components.yaml', variables));
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The manifests of an installation, but for the Deployment, which a process stands in for, and what no API server here asks. */
async function manifests(path: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const text = await readFile(new URL(path, root), 'utf8');
  const filled = text.replace(
    /\$\{(\w+)(?::=([^}]*))?\}/gu,
    (_all, name: string, fallback = '') => variables[name] ?? fallback,
  );
  return filled
    .split(/^---$/mu)
    .filter((one) => !/^kind: (?:Deployment|ValidatingWebhookConfiguration|CustomResourceDefinition)$/mu.test(one))
    .join('---');
}

function apply(management: ControlPlane, text: string): Promise<string> {
  return management.kubectl(['apply', '--server-side', '-f', '-'], text);
}

async function startNewStore(): Promise<TlsEtcd> {
  const store = await startTlsEtcd();
  const channel = new EtcdChannel(await administration(store));
  await initializeEtcd(channel, 'a store of the test', AbortSignal.timeout(30_000));
  channel.close();
  return store;
}

/** Everything that the store holds. */
export async function contentsOfStore(store: TlsEtcd): Promise<EtcdContents> {
  return readEtcdContents(await administration(store), AbortSignal.timeout(30_000));
}

async function administration(store: TlsEtcd): Promise<EtcdChannelOptions> {
  const { certificatePem: certificate, privateKeyPem: key } = await store.client('root');
  return { endpoints: [store.endpoint], tls: { ca: store.authority.certificatePem, client: { certificate, key } } };
}

async function declareStore(management: ControlPlane, store: TlsEtcd): Promise<void> {
  const client = await store.client('root');
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  await management.client.create(secrets, {
    metadata: { namespace: SHARED, name: 'store' },
    data: {
      'ca.crt': encoded(store.authority.certificatePem),
      'ca.key': encoded(store.authority.privateKeyPem),
      'tls.crt': encoded(client.certificatePem),
      'tls.key': encoded(client.privateKeyPem),
    },
  });
  const content = (keyPath: string) => ({ secretReference: { namespace: SHARED, name: 'store', keyPath } });
  await management.client.create(dataStores, {
    apiVersion: apiVersionOf(dataStores),
    kind: dataStores.kind,
    metadata: { name: 'default' },
    spec: {
      driver: 'etcd',
      endpoints: [store.endpoint],
      tlsConfig: {
        certificateAuthority: { certificate: content('ca.crt'), privateKey: content('ca.key') },
        clientCertificate: { certificate: content('tls.crt'), privateKey: content('tls.key') },
      },
    },
  });
}

/** A Cluster and its control plane without pods. */
export async function createControlPlane(
  client: Client,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  labels: Record<string, string> = {},
): Promise<void> {
  const identity = { apiVersion: apiVersionOf(clusters), kind: clusters.kind };
  const controlPlaneRef = { apiGroup: kamajiControlPlanes.group, kind: kamajiControlPlanes.kind, name };
  const { metadata } = await client.create(clusters, {
    ...identity,
    metadata: { namespace, name },
    spec: { controlPlaneRef },
  });
  await client.create<KamajiControlPlane>(kamajiControlPlanes, {
    apiVersion: apiVersionOf(kamajiControlPlanes),
    kind: kamajiControlPlanes.kind,
    metadata: { namespace, name, labels, ownerReferences: [{ ...identity, name, uid: metadata.uid ?? '' }] },
    spec: { version: 'v1.35.4', replicas: 0, dataStoreName: 'default', network: { serviceType: 'ClusterIP' } },
  });
}
