import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, dataStores, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { EtcdChannel } from '#datastore/etcd/channel.ts';
import { initializeEtcd } from '#datastore/etcd/initialize.ts';
import { deployments, namespaces, secrets } from '#runtime/client/builtin.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';
import type { ControlPlane } from './control-plane.ts';
import { startControlPlane } from './control-plane.ts';
import { installCrds } from './install-crds.ts';
import type { Manager } from './manager-process.ts';
import { startManager } from './manager-process.ts';
import { definitionOf } from './simulation/world/definition.ts';
import type { TlsEtcd } from './tls-etcd.ts';
import { startTlsEtcd } from './tls-etcd.ts';

const root = new URL('../', import.meta.url);
const SHARED = 'kamaji-system';

suite('instances of the provider side by side, each with the rights of its manifests', () => {
  let management: ControlPlane;
  let store: TlsEtcd;
  const managers: Manager[] = [];
  before(async () => {
    [management, store] = await Promise.all([
      startControlPlane({
        auditPolicy: { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] },
      }),
      startTlsEtcd(),
    ]);
    await installCrds(management);
    await apply(management, JSON.stringify(definitionOf(clusters)));
    await management.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd/clusters.cluster.x-k8s.io']);
    for (const name of ['team-blue', 'team-green', 'others'])
      await management.client.create(namespaces, { metadata: { name } });
    await apply(management, await manifests('config/control-plane-components.yaml', {}));
    for (const team of ['blue', 'green']) {
      const variables = { KAMAJI_INSTANCE_NAMESPACE: `kamaji-${team}`, KAMAJI_WATCHED_NAMESPACE: `team-${team}` };
      await apply(management, await manifests('config/namespaced-components.yaml', variables));
    }
    await createStore(management, store);
    managers.push(await startManager(management, { namespace: SHARED, flags: ['--watch-filter=shared'] }));
    for (const team of ['blue', 'green']) {
      managers.push(
        await startManager(management, { namespace: `kamaji-${team}`, flags: [`--namespace=team-${team}`] }),
      );
    }
  });
  after(async () => {
    for (const manager of managers) await manager.stop();
    await store?.stop();
    await management?.stop();
  });

  test('a control plane is made by the instance of its namespace, and by no other', async () => {
    for (const team of ['blue', 'green']) {
      await create(management, `team-${team}`, 'shop');
      const key = { namespace: `team-${team}`, name: 'shop' };
      await eventually(async () => (await management.client.get(deployments, key)) !== undefined, managers);
      assert.deepEqual(await writersIn(management, `team-${team}`, managers), [`kamaji-${team}`]);
    }
  });

  test('the one without --namespace looks after what its --watch-filter names, and after stores', async () => {
    await create(management, 'others', 'unlabelled');
    await create(management, 'others', 'labelled', { 'cluster.x-k8s.io/watch-filter': 'shared' });
    const key = { namespace: 'others', name: 'labelled' };
    await eventually(async () => (await management.client.get(deployments, key)) !== undefined, managers);
    assert.equal(await management.client.get(tenantControlPlanes, { ...key, name: 'unlabelled' }), undefined);
    assert.deepEqual(await writersIn(management, 'others', managers), [SHARED]);
    const dataStore = await management.client.get(dataStores, { name: 'default' });
    assert.deepEqual([...(dataStore?.status?.usedBy ?? [])].sort(), [
      'others/labelled',
      'team-blue/shop',
      'team-green/shop',
    ]);
  });

  test('they go again, each by its own instance', async () => {
    const places = [
      ['team-blue', 'shop'],
      ['team-green', 'shop'],
      ['others', 'labelled'],
    ] as const;
    for (const [namespace, name] of places) await management.client.delete(kamajiControlPlanes, { namespace, name });
    for (const [namespace, name] of places) {
      await eventually(
        async () => (await management.client.get(kamajiControlPlanes, { namespace, name })) === undefined,
        managers,
      );
      assert.equal(await management.client.get(tenantControlPlanes, { namespace, name }), undefined);
    }
  });

  test('none of them was refused anything', async () => {
    const refused = (await management.auditEvents()).filter(
      ({ user, responseStatus }) =>
        managers.some((manager) => manager.user === user.username) && responseStatus?.code === 403,
    );
    assert.deepEqual(
      refused.map(({ user, verb, requestURI }) => `${user.username} ${verb} ${requestURI}`),
      [],
    );
  });
});

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

async function apply(management: ControlPlane, text: string): Promise<void> {
  await management.kubectl(['apply', '--server-side', '-f', '-'], text);
}

/** Namespaces of the instances that have written something in a namespace. */
async function writersIn(management: ControlPlane, namespace: string, managers: readonly Manager[]) {
  const writes = (await management.auditEvents()).filter(
    ({ verb, objectRef }) =>
      ['create', 'update', 'patch', 'delete'].includes(verb) && objectRef?.namespace === namespace,
  );
  const users = new Set(writes.map(({ user }) => user.username));
  return managers.filter(({ user }) => users.has(user)).map(({ user }) => user.split(':')[2]);
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
async function create(management: ControlPlane, namespace: string, name: string, labels = {}): Promise<void> {
  const { client } = management;
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

async function eventually(holds: () => Promise<boolean>, managers: readonly Manager[]): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      const logs = await Promise.all(managers.map((manager) => manager.log(15)));
      throw new Error(`not within a minute; the managers said\n${logs.join('\n---\n')}`);
    }
    await systemClock.sleep(100, AbortSignal.timeout(10_000));
  }
}
