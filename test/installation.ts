import { readFile } from 'node:fs/promises';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, dataStores, kamajiControlPlanes } from '#api/kinds.ts';
import { EtcdChannel } from '#datastore/etcd/channel.ts';
import { initializeEtcd } from '#datastore/etcd/initialize.ts';
import { secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { ControlPlane } from './control-plane.ts';
import { startControlPlane } from './control-plane.ts';
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
  /** Installs the manifests of a further instance. */
  addInstance(variables: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

export async function startInstallation(): Promise<Installation> {
  const auditPolicy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata' }],
  };
  const [management, store] = await Promise.all([startControlPlane({ auditPolicy }), startTlsEtcd()]);
  await installCrds(management);
  await apply(management, JSON.stringify(definitionOf(clusters)));
  await management.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd/clusters.cluster.x-k8s.io']);
  await apply(management, await manifests('config/control-plane-components.yaml', {}));
  await createStore(management, store);
  const stop = async (): Promise<void> => {
    await store.stop();
    await management.stop();
  };
  return {
    management,
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

async function createStore(management: ControlPlane, store: TlsEtcd): Promise<void> {
  const client = await store.client('root');
  const channel = new EtcdChannel({
    endpoints: [store.endpoint],
    tls: {
      ca: store.authority.certificatePem,
      client: { certificate: client.certificatePem, key: client.privateKeyPem },
    },
  });
  await initializeEtcd(channel, 'a store of the test', AbortSignal.timeout(30_000));
  channel.close();
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
