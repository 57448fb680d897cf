import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { RunningTenant } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import { runProgram, secretText } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import type { World } from '#controllers/tenantcontrolplane/world.fake.ts';
import { NAMESPACE, startWorld, STORE } from '#controllers/tenantcontrolplane/world.fake.ts';
import { DataStorePool } from '#datastore/pool.ts';
import type { Deployment } from '#runtime/client/builtin.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  daemonSets,
  deployments,
  namespaces,
  secrets,
  services,
  validatingWebhookConfigurations,
} from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';
import { freePorts } from '../ports.ts';
import { asUpstream, leaveTenant } from './leave-tenant.ts';
import { installAddons } from './upstream-addons.ts';

const COREFILE = '.:53 {\n    errors\n    rewrite name mine.example coredns.kube-system.svc.cluster.local\n}\n';
/** As upstream named tenants before it took their UIDs. */
const SCHEMA = `${NAMESPACE}_heir`;

suite('a running tenant of upstream Kamaji', () => {
  const key: ObjectKey = { namespace: NAMESPACE, name: 'heir' };
  const objects = namesOfControlPlane('heir');
  const tunnelled: ObjectKey = { namespace: NAMESPACE, name: 'tunnelled' };
  const here = (name: string): ObjectKey => ({ ...key, name });
  let world: World;
  let tenant: RunningTenant;
  let left: Left;

  before(async () => {
    world = await startWorld();
    const [port = 0] = await freePorts(1);
    await world.restart(async () => {
      await makeByUpstream(world, key, { port, schema: SCHEMA });
      await makeByUpstream(world, tunnelled, { port: 6443, schema: `${NAMESPACE}_tunnelled`, konnectivity: true });
      tenant = await world.run(key);
      const token = await useTenant(tenant);
      left = { ...(await whatIsThere(world, key)), token, addons: await addonsOf(tenant) };
    });
    await world.reason(key, 'BootstrapReady', 'BootstrapReady');
    await world.reason(key, 'Progressing', 'RollingOut');
  });
  after(() => world?.[Symbol.asyncDispose]());

  test('is taken over with all that it is called by and knows', async () => {
    const { spec, status } = await world.get(key);
    assert.deepEqual([spec.dataStore, spec.dataStoreSchema, spec.dataStoreUsername], [STORE.name, SCHEMA, SCHEMA]);
    assert.equal(status?.storage?.identity, STORE.identity);
    assert.equal(status?.addons?.konnectivity?.enabled, false);
    assert.equal(status?.kubernetesResources?.version?.version, 'v1.35.4');
  });

  test('keeps its authorities, its service-account keys and every kubeconfig, byte for byte', async () => {
    const now = await secretsOf(world);
    for (const name of [
      objects.ca,
      objects.frontProxyCa,
      objects.serviceAccount,
      objects.adminKubeconfig,
      objects.controllerManagerKubeconfig,
      objects.schedulerKubeconfig,
      objects.apiServerKubeletClient,
      objects.frontProxyClient,
    ]) {
      assert.deepEqual(now.get(name)?.data, left.secrets.get(name)?.data, name);
      assert.equal(now.get(name)?.metadata?.uid, left.secrets.get(name)?.metadata?.uid, name);
    }
  });

  test('shows certificates that make nobody an administrator', async () => {
    const subjectOf = async (name: string, item: string): Promise<string> =>
      new X509Certificate(await secretText(world.client, here(name), item)).subject;
    assert.equal(await subjectOf(objects.datastoreCertificate, 'server.crt'), `CN=${SCHEMA}`);
    const { konnectivityCertificate } = namesOfControlPlane(tunnelled.name);
    assert.equal(await subjectOf(konnectivityCertificate, 'tls.crt'), 'CN=system:konnectivity-server');
  });

  test('loses the finalizer of upstream on its credentials, which nobody would ever remove', async () => {
    assert.deepEqual((await secretsOf(world)).get(objects.datastoreConfig)?.metadata?.finalizers ?? [], []);
  });

  test('keeps its Service with its address', async () => {
    const service = await world.client.get(services, key);
    assert.deepEqual([service?.metadata?.uid, service?.spec?.clusterIP], [left.service.uid, left.service.clusterIP]);
  });

  test('has its Deployment rolled once, and nothing is left in it of what upstream put there', async () => {
    const { metadata, spec } = await deploymentOf(world, key);
    assert.equal(metadata?.uid, left.deployment.uid);
    assert.equal(metadata?.generation, left.deployment.generation + 1);
    const pod = spec?.template.spec;
    assert.deepEqual(
      pod?.containers.map(({ name }) => name),
      ['kube-apiserver', 'kube-scheduler', 'kube-controller-manager'],
    );
    // Whole Secrets, the CA's with its key among them, under paths of certificates that everybody trusts.
    assert.deepEqual(
      pod?.volumes?.filter(({ secret }) => secret !== undefined),
      [],
    );
    const mounts = pod?.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ mountPath }) => mountPath));
    assert.deepEqual(
      mounts?.filter((path) => path.includes('ca-certificates')),
      [],
    );
    assert.equal(metadata?.annotations?.['kube-apiserver.kamaji.clastix.io/args'], undefined);
  });

  test('is not stopped by webhooks that nobody answers any more', async () => {
    assert.deepEqual((await tenant.client.list(validatingWebhookConfigurations)).items, []);
    const { metadata } = await world.get(key);
    assert.deepEqual(metadata.finalizers, ['finalizer.kamaji.clastix.io']);
  });

  test('keeps its addons as they are', async () => {
    await world.reason(key, 'AddonsReady', 'AddonsReady');
    assert.deepEqual(await addonsOf(tenant), left.addons);
    assert.match(String(left.addons), /coredns:v1.*kube-proxy:v1\.35\.4/u);
  });

  test('belongs to nobody else any more', async () => {
    const found = [
      await deploymentOf(world, key),
      await world.client.get(services, key),
      ...(await secretsOf(world)).values(),
    ];
    for (const object of found) {
      const updaters = object?.metadata?.managedFields?.filter(
        ({ manager, subresource }) => manager === 'kamaji' && subresource === undefined,
      );
      assert.deepEqual(updaters, [], object?.metadata?.name);
    }
  });

  test('keeps its tunnel where it has one', async () => {
    const { status } = await world.reason(tunnelled, 'ControlPlaneReady', 'PodsStarting');
    assert.equal(status?.addons?.konnectivity?.enabled, true);
    const { spec } = await deploymentOf(world, tunnelled);
    const { containers = [], volumes = [] } = spec?.template.spec ?? {};
    const server = containers.find(({ name }) => name === 'konnectivity-server');
    assert.deepEqual(server?.ports?.map(({ name }) => name).sort(), ['agentport', 'healthport']);
    assert.deepEqual(
      volumes.filter(({ secret, configMap }) => secret !== undefined || configMap !== undefined),
      [],
    );
    const { ports } = (await world.client.get(services, tunnelled))?.spec ?? {};
    assert.deepEqual(ports?.map(({ name }) => name).sort(), ['konnectivity-server', 'kube-apiserver']);
  });

  suite('when the new pods serve', () => {
    before(async () => {
      await tenant.stop();
      tenant = await world.run(key);
      await world.reason(key, 'Ready', 'Ready');
    });

    test('has lost no data, and its users reach it by the kubeconfigs that they have', async () => {
      const file = join(tenant.directory, 'kept.conf');
      await writeFile(file, left.adminConf, { mode: 0o600 });
      const args = ['--kubeconfig', file, '-n', 'shop', 'get', 'configmap', 'orders', '-o', 'jsonpath={.data.one}'];
      assert.equal(await runProgram('kubectl', args), 'paid');
    });

    test('still knows the tokens of its service accounts', async () => {
      const ca = join(tenant.directory, 'ca.crt');
      await writeFile(ca, await secretText(world.client, here(objects.ca), 'ca.crt'));
      const trust = ['--kubeconfig', '/dev/null', '--server', tenant.server, '--certificate-authority', ca];
      const answer = await runProgram('kubectl', [...trust, '--token', left.token, 'auth', 'whoami']);
      assert.match(answer, /system:serviceaccount:shop:clerk/u);
    });

    test('keeps the Corefile that its users edited, and loses what upstream had left unused', async () => {
      const corefile = await tenant.client.get(configMaps, { namespace: 'kube-system', name: 'coredns' });
      assert.equal(corefile?.data?.['Corefile'], COREFILE);
      assert.equal(await tenant.client.get(clusterRoles, { name: 'system:leftover' }), undefined);
    });

    test('is then left alone, also by a manager that has just started', async () => {
      await world.passes(key, 1);
      const writes = (await world.writes()).length;
      await world.passes(key, 2);
      await world.restart();
      await world.passes(key, 2);
      assert.deepEqual((await world.writes()).slice(writes), []);
    });

    test('goes as any other, with its data', async () => {
      await world.client.delete(tenantControlPlanes, key);
      await world.eventually(
        'it is gone',
        async () => (await world.client.get(tenantControlPlanes, key)) === undefined,
      );
      const { users, roles, keys } = await world.etcd();
      assert.deepEqual(
        [...users, ...roles, ...keys].filter((name) => name.includes(SCHEMA)),
        [],
      );
    });
  });
});

/** What was there before our manager came. */
interface Left extends Awaited<ReturnType<typeof whatIsThere>> {
  /** Of a service account of the tenant's users. */
  readonly token: string;
  readonly addons: Awaited<ReturnType<typeof addonsOf>>;
}

/** The workloads of upstream's addons, and what they run. */
async function addonsOf({ client }: RunningTenant) {
  const namespace = 'kube-system';
  const found = [
    await client.get(deployments, { namespace, name: 'coredns' }),
    await client.get(daemonSets, { namespace, name: 'kube-proxy' }),
  ];
  return found.map((one) => [one?.metadata?.uid, one?.spec?.template.spec?.containers[0]?.image]);
}

async function whatIsThere(world: World, key: ObjectKey) {
  const deployment = await deploymentOf(world, key);
  const service = await world.client.get(services, key);
  const { adminKubeconfig } = namesOfControlPlane(key.name);
  return {
    secrets: await secretsOf(world),
    deployment: { uid: deployment.metadata?.uid, generation: deployment.metadata?.generation ?? 0 },
    service: { uid: service?.metadata?.uid, clusterIP: service?.spec?.clusterIP },
    adminConf: await secretText(world.client, { ...key, name: adminKubeconfig }, 'admin.conf'),
  };
}

async function secretsOf({ client }: World) {
  const { items } = await client.list(secrets, { namespace: NAMESPACE });
  return new Map(items.map((secret) => [secret.metadata?.name ?? '', secret]));
}

async function deploymentOf({ client }: World, key: ObjectKey): Promise<Deployment> {
  const found = await client.get(deployments, key);
  assert.ok(found !== undefined, `there is no Deployment ${key.name}`);
  return found;
}

async function makeByUpstream(
  world: World,
  key: ObjectKey,
  { port, schema, konnectivity = false }: { port: number; schema: string; konnectivity?: boolean },
): Promise<void> {
  const dataStore = await world.client.get(dataStores, { name: STORE.name });
  assert.ok(dataStore !== undefined);
  const { signal } = new AbortController();
  const pool = new DataStorePool({ reader: world.client, managerNamespace: 'kamaji-system', clock: systemClock });
  const { config, driver } = await pool.connect(dataStore, { signal });
  await driver.ensureTenant({ schema, user: schema }, signal);
  pool.close();
  const { ca: certificatePem = '', caKey: privateKeyPem = '' } = config.tls ?? {};
  const { address } = world;
  await asUpstream(world.management, (client) =>
    leaveTenant(
      client,
      {
        name: key.name,
        namespace: NAMESPACE,
        address,
        port,
        schema,
        user: schema,
        storeAuthority: { certificatePem, privateKeyPem },
        konnectivity,
      },
      {
        dataStore: STORE.name,
        controlPlane: { service: { serviceType: 'ClusterIP' } },
        kubernetes: { version: 'v1.35.4', kubelet: {} },
        networkProfile: { address, port },
        addons: { coreDNS: {}, kubeProxy: {}, ...(konnectivity ? { konnectivity: {} } : {}) },
      },
      config.endpoints[0] ?? '',
    ),
  );
}

/** What users have in the tenant, and of upstream's addons a Corefile that somebody has edited. Answers a user's token. */
async function useTenant(tenant: RunningTenant): Promise<string> {
  const { client } = tenant;
  const ours = { 'kamaji.clastix.io/project': 'kamaji' };
  await client.create(clusterRoleBindings, {
    metadata: { name: 'kubeadm:cluster-admins' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'kubeadm:cluster-admins' }],
  });
  await client.create(clusterRoles, { metadata: { name: 'system:leftover', labels: ours }, rules: [] });
  await client.create(configMaps, {
    metadata: { namespace: 'kube-system', name: 'coredns', labels: ours },
    data: { Corefile: COREFILE },
  });
  await installAddons(tenant);
  await client.create(namespaces, { metadata: { name: 'shop' } });
  await client.create(configMaps, { metadata: { namespace: 'shop', name: 'orders' }, data: { one: 'paid' } });
  await tenant.kubectl(['-n', 'shop', 'create', 'serviceaccount', 'clerk']);
  const token = (await tenant.kubectl(['-n', 'shop', 'create', 'token', 'clerk'])).trim();
  await client.create(validatingWebhookConfigurations, writePermissions());
  return token;
}

/** As upstream limits a tenant's writes: its manager, which is gone, is to be asked about each. */
function writePermissions() {
  const operations = ['CREATE', 'UPDATE', 'DELETE'];
  const webhook = {
    name: 'catchall.write-permissions.kamaji.clastix.io',
    admissionReviewVersions: ['v1'],
    sideEffects: 'NoneOnDryRun',
    failurePolicy: 'Fail',
    // The discard port of this machine, where nobody listens.
    clientConfig: { url: 'https://127.0.0.1:9/write-permission' },
    rules: [{ operations, apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], scope: '*' }],
  };
  return { metadata: { name: 'kamaji-write-permissions' }, webhooks: [webhook] };
}
