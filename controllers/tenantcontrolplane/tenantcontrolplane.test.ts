import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { stringify } from 'yaml';
import { tenantControlPlaneConditions } from '#api/kamaji/v1alpha1/tenant-control-plane-conditions.ts';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import { annotations, finalizers, labels } from '#api/labels.ts';
import { bootstrapTokenSecret, generateBootstrapToken } from '#bootstrap/bootstrap-token.ts';
import { CLUSTER_INFO, clusterInfoSignature } from '#bootstrap/cluster-info.ts';
import { joinConfiguration } from '#bootstrap/join-cloud-config.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { createAuthority } from '#pki/authority.ts';
import {
  configMaps,
  deployments,
  networkPolicies,
  podDisruptionBudgets,
  secrets,
  services,
} from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { findCondition, isConditionTrue } from '#runtime/client/conditions.ts';
import type { KubeObject, ObjectKey, Resource } from '#runtime/client/resource.ts';
import { freePorts } from '#test/ports.ts';
import { TENANT_KINDS } from './phases/tenant-objects.ts';
import type { RunningTenant } from './running-tenant.fake.ts';
import { runProgram, secretText } from './running-tenant.fake.ts';
import { NAMESPACE, startWorld, STORE } from './world.fake.ts';
import type { World } from './world.fake.ts';

const MANAGEMENT_KINDS: readonly Resource[] = [
  tenantControlPlanes,
  secrets,
  configMaps,
  services,
  deployments,
  networkPolicies,
  podDisruptionBudgets,
];

suite('a TenantControlPlane, on a real API server and a real etcd', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  const beside = (key: ObjectKey, secret: string, item: string): Promise<string> =>
    secretText(world.client, { ...key, name: `${key.name}-${secret}` }, item);
  const patch = (key: ObjectKey, change: object) => world.client.mergePatch(tenantControlPlanes, key, change);

  test('says in its spec what it is called in the store before anything is made there', async () => {
    const recorded: unknown[] = [];
    world.beforeEnsureTenant = async (schema) => {
      const { items } = await world.client.list(tenantControlPlanes);
      const tenant = items.find(({ spec }) => spec.dataStoreSchema === schema);
      recorded.push(tenant?.spec.dataStoreUsername, tenant?.metadata.finalizers);
    };
    const key = await world.tenant('named');
    const { metadata, spec, status } = await world.reason(key, 'DataStoreReady', 'DataStoreReady');
    world.beforeEnsureTenant = undefined;
    assert.equal(spec.dataStoreSchema, metadata.uid);
    assert.deepEqual(recorded, [spec.dataStoreUsername, [finalizers.tenantControlPlane]]);
    assert.equal(status?.storage?.identity, STORE.identity);
    const { users, roles } = await world.etcd();
    assert.ok(users.includes(spec.dataStoreUsername ?? ''));
    assert.ok(roles.includes(spec.dataStoreSchema ?? ''));
  });

  test('gets all its objects, each owned by it, in few writes', async () => {
    const before = (await world.writes()).length;
    const key = await world.tenant('owner');
    const { metadata } = await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const names = namesOfControlPlane('owner');
    const objects = await list(world.client, MANAGEMENT_KINDS, `${labels.name}=owner`);
    assert.deepEqual(objects.map(({ kind, metadata }) => `${kind} ${metadata?.name}`).sort(), [
      `ConfigMap ${names.egressSelectorConfiguration}`,
      'Deployment owner',
      'NetworkPolicy owner',
      'PodDisruptionBudget owner',
      `Secret ${names.adminKubeconfig}`,
      `Secret ${names.apiServerCertificate}`,
      `Secret ${names.apiServerKubeletClient}`,
      `Secret ${names.authorization}`,
      `Secret ${names.ca}`,
      `Secret ${names.controllerManagerKubeconfig}`,
      `Secret ${names.datastoreCertificate}`,
      `Secret ${names.datastoreConfig}`,
      `Secret ${names.frontProxyCa}`,
      `Secret ${names.frontProxyClient}`,
      `Secret ${names.konnectivityCertificate}`,
      `Secret ${names.konnectivityKubeconfig}`,
      `Secret ${names.serviceAccount}`,
      `Secret ${names.schedulerKubeconfig}`,
      'Service owner',
    ]);
    for (const { kind, metadata: owned } of objects) {
      const [owner] = owned?.ownerReferences ?? [];
      assert.deepEqual([owner?.uid, owner?.controller], [metadata.uid, true], `${kind} ${owned?.name}`);
    }
    const writes = (await world.writes()).slice(before);
    const status = writes.filter((write) => write.endsWith('/status'));
    assert.ok(writes.length - status.length <= 30, writes.join('\n'));
    assert.ok(status.length <= 5, writes.join('\n'));
  });

  test('tells how long each phase of its passes takes', () => {
    const planned = ['endpoint', 'authorities', 'authorization', 'storage', 'exposure', 'credentials'];
    assert.deepEqual([...world.phases().keys()].sort(), [...planned, 'secrets', 'workload', 'tenant'].sort());
    assert.ok((world.phases().get('storage') ?? 0) > 0);
  });

  suite('with its API server running', () => {
    let key: ObjectKey;
    let tenant: RunningTenant;
    before(async () => {
      const [port = 0] = await freePorts(1);
      key = await world.tenant('running', { networkProfile: { address: world.address, port } });
      await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
      tenant = await world.run(key);
    });

    test('becomes ready, on a way without warnings', async () => {
      const { status } = await world.reason(key, 'Ready', 'Ready');
      const warnings = world.notes(key).filter(({ type }) => type === 'Warning');
      assert.deepEqual(warnings, []);
      assert.deepEqual(status?.kubernetesResources?.version, { status: 'Ready', version: 'v1.35.4' });
    });

    test('says in its status what upstream’s users read there, and has every condition', async () => {
      const { status } = await world.get(key);
      const secret = ['secretName', 'checksum', 'lastUpdate'];
      const { storage, certificates = {}, kubeconfig = {}, kubernetesResources } = status ?? {};
      assert.deepEqual(Object.keys(storage ?? {}).sort(), [
        'certificate',
        'config',
        'dataStoreName',
        'driver',
        'identity',
        'setup',
      ]);
      const authorities = ['ca', 'frontProxyCA', 'sa'];
      const issued = ['apiServer', 'apiServerKubeletClient', 'frontProxyClient'];
      assert.deepEqual(Object.keys(certificates).sort(), [...authorities, ...issued].sort());
      assert.deepEqual(Object.keys(kubeconfig).sort(), ['admin', 'controllerManager', 'scheduler']);
      for (const entry of [...Object.values(certificates), ...Object.values(kubeconfig), storage?.certificate]) {
        assert.deepEqual(Object.keys(entry ?? {}).sort(), [...secret].sort());
      }
      assert.deepEqual(
        [kubernetesResources?.deployment?.name, kubernetesResources?.service?.name, status?.controlPlaneEndpoint],
        ['running', 'running', tenant.server.replace('https://', '')],
      );
      assert.deepEqual(
        status?.conditions?.map(({ type }) => type).sort(),
        Object.keys(tenantControlPlaneConditions).sort(),
      );
    });

    test('can be waited for and looked at with kubectl, before there is any node', async () => {
      const { management } = world;
      const args = ['-n', NAMESPACE, 'tcp/running', '--for=condition=Ready', '--timeout=20s'];
      assert.match(await management.kubectl(['wait', ...args]), /condition met/u);
      const [header = '', row = ''] = (
        await management.kubectl(['-n', NAMESPACE, 'get', 'tcp', 'running', '-o', 'wide'])
      ).split('\n');
      for (const column of [
        'VERSION',
        'INSTALLED VERSION',
        'STATUS',
        'CONTROL-PLANE ENDPOINT',
        'KUBECONFIG',
        'DATASTORE',
      ]) {
        assert.ok(header.includes(column), `${column} is not in ${header}`);
      }
      const endpoint = tenant.server.replace('https://', '');
      for (const value of ['v1.35.4', 'Ready', endpoint, 'running-admin-kubeconfig', STORE.name]) {
        assert.ok(row.includes(value), `${value} is not in ${row}`);
      }
    });

    test('serves kubectl by admin.conf, and is what kubeadm init leaves behind, with the addons', async () => {
      assert.match(await tenant.kubectl(['auth', 'whoami']), /kubernetes-admin/);
      const args = ['get', 'configmaps,roles,daemonsets,deployments,services,endpointslices', '-A', '-o', 'name'];
      const found = new Set((await tenant.kubectl(args)).split('\n'));
      for (const name of [
        'configmap/cluster-info',
        'configmap/coredns',
        'configmap/kube-proxy',
        'configmap/kubeadm-config',
        'configmap/kubelet-config',
        'role.rbac.authorization.k8s.io/kubeadm:bootstrap-signer-clusterinfo',
        'role.rbac.authorization.k8s.io/kubeadm:kubelet-config',
        'role.rbac.authorization.k8s.io/kubeadm:nodes-kubeadm-config',
        'daemonset.apps/konnectivity-agent',
        'daemonset.apps/kube-proxy',
        'deployment.apps/coredns',
        'service/kube-dns',
        'endpointslice.discovery.k8s.io/kubernetes',
      ]) {
        assert.ok(found.has(name), `${name} is not among ${[...found].join(' ')}`);
      }
    });

    test('can be joined: kubeadm trusts it by token and CA pin, and reads its configuration', async () => {
      const token = generateBootstrapToken(new Date());
      await tenant.client.create(secrets, bootstrapTokenSecret(token, 'of a test'));
      const info = await tenant.client.get(configMaps, CLUSTER_INFO);
      const data = await clusterInfoSignature(info?.data?.['kubeconfig'] ?? '', token);
      await tenant.client.mergePatch(configMaps, CLUSTER_INFO, { data });
      const caCertificatesPem = await beside(key, 'ca', 'ca.crt');
      const controlPlaneEndpoint = tenant.server.replace('https://', '');
      const configuration = joinConfiguration(
        { controlPlaneEndpoint, caCertificatesPem, token },
        'kubeadm.k8s.io/v1beta4',
      );
      const file = join(tenant.directory, 'join.yaml');
      await writeFile(file, stringify(configuration));
      // What the checks say of this machine does not matter here.
      const args = ['join', 'phase', 'preflight', '--config', file, '--ignore-preflight-errors=all'];
      assert.match(await runProgram('kubeadm', args), /configuration from the "kubeadm-config" ConfigMap/);
    });

    test('is left alone while nothing changes, also by a manager that has just started', async () => {
      const revisions = async (): Promise<string[]> => [
        ...versionsOf(await list(world.client, MANAGEMENT_KINDS, '')),
        ...versionsOf(await list(tenant.client, TENANT_KINDS, labels.project)),
      ];
      await world.passes(key, 1);
      const before = await revisions();
      const writes = (await world.writes()).length;
      await world.passes(key, 3);
      await world.restart();
      await world.passes(key, 3);
      assert.deepEqual((await world.writes()).slice(writes), []);
      assert.deepEqual(await revisions(), before);
    });

    test('gets back what somebody deleted or changed inside the tenant', async () => {
      await tenant.kubectl(['-n', 'kube-system', 'delete', 'configmap', 'kubeadm-config']);
      const breaking = '{"data":{"kubelet":"nonsense"}}';
      await tenant.kubectl(['-n', 'kube-system', 'patch', 'configmap', 'kubelet-config', '-p', breaking]);
      await world.eventually('both are as they were', async () => {
        const read = (name: string) => tenant.client.get(configMaps, { namespace: 'kube-system', name });
        const [kubeadm, kubelet] = await Promise.all([read('kubeadm-config'), read('kubelet-config')]);
        return kubeadm !== undefined && kubelet?.data?.['kubelet']?.includes('KubeletConfiguration') === true;
      });
    });

    test('loses an addon that the spec no longer names, and keeps the others', async () => {
      await patch(key, { spec: { addons: { coreDNS: null } } });
      const read = async (args: readonly string[]) =>
        tenant.kubectl(['-n', 'kube-system', 'get', '-o', 'name', ...args]);
      await world.eventually('no CoreDNS', async () => (await read(['deployments'])) === '');
      assert.match(await read(['daemonsets']), /kube-proxy/);
      const { status } = await world.get(key);
      assert.deepEqual(status?.addons?.coreDNS, { enabled: false });
    });

    test('loses the tunnel on both sides when it is switched off, and gets it back', async () => {
      const agents = () => tenant.kubectl(['-n', 'kube-system', 'get', 'daemonsets', '-o', 'name']);
      const server = () => list(world.client, [secrets, configMaps], `${labels.name}=running`);
      const ofTunnel = async (): Promise<string[]> =>
        (await server())
          .flatMap(({ metadata }) => metadata?.name ?? '')
          .filter((name) => name.includes('konnectivity'));
      assert.equal((await ofTunnel()).length, 3);
      await patch(key, { spec: { addons: { konnectivity: { enabled: false } } } });
      await world.eventually('no agent is left', async () => !(await agents()).includes('konnectivity'));
      assert.deepEqual(await ofTunnel(), []);
      await patch(key, { spec: { addons: { konnectivity: { enabled: true } } } });
      await world.eventually('the agents are back', async () => (await agents()).includes('konnectivity'));
      assert.equal((await ofTunnel()).length, 3);
      await world.podsReady(key);
      await world.reason(key, 'Progressing', 'Settled');
    });

    test('says that a patch of the kubelets’ configuration cannot be applied, until it is corrected', async () => {
      const configurationJSONPatches = [{ op: 'test', path: '/clusterDomain', value: 'other.local' }];
      await patch(key, { spec: { kubernetes: { kubelet: { configurationJSONPatches } } } });
      await world.reason(key, 'BootstrapReady', 'PatchInvalid');
      await patch(key, { spec: { kubernetes: { kubelet: { configurationJSONPatches: null } } } });
      await world.reason(key, 'BootstrapReady', 'BootstrapReady');
    });

    test('gets a deleted kubeconfig Secret back, under the same CA and good for use', async () => {
      const before = parseKubeconfig(await beside(key, 'admin-kubeconfig', 'admin.conf'));
      await world.client.delete(secrets, { ...key, name: 'running-admin-kubeconfig' });
      await world.eventually('the Secret is back', async () => {
        return (await world.client.get(secrets, { ...key, name: 'running-admin-kubeconfig' })) !== undefined;
      });
      const now = parseKubeconfig(await beside(key, 'admin-kubeconfig', 'admin.conf'));
      assert.equal(now.caCertificatesPem, before.caCertificatesPem);
      assert.notEqual(now.clientCertificatePem, before.clientCertificatePem);
      assert.match(await tenant.kubectl(['auth', 'whoami']), /kubernetes-admin/);
    });

    test('stays ready through a rollout, and shows the new version when all pods run it', async () => {
      await patch(key, { spec: { kubernetes: { version: 'v1.35.5' } } });
      await world.reason(key, 'Progressing', 'Upgrading');
      const { status } = await world.get(key);
      assert.ok(isConditionTrue(status?.conditions, 'Ready'), JSON.stringify(status?.conditions));
      assert.deepEqual(status?.kubernetesResources?.version, { status: 'Upgrading', version: 'v1.35.4' });
      await world.podsReady(key);
      const settled = await world.reason(key, 'Progressing', 'Settled');
      assert.deepEqual(settled.status?.kubernetesResources?.version, { status: 'Ready', version: 'v1.35.5' });
    });

    test('sleeps with no replicas and wakes up again', async () => {
      await patch(key, { spec: { controlPlane: { deployment: { replicas: 0 } } } });
      await world.podsReady(key);
      const asleep = await world.reason(key, 'Ready', 'Asleep');
      assert.equal(asleep.status?.kubernetesResources?.version?.status, 'Sleeping');
      await world.eventually('no replicas are left', async () => {
        await world.podsReady(key);
        return (await world.get(key)).status?.kubernetesResources?.deployment?.replicas === 0;
      });
      await patch(key, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
      await world.eventually('it is awake', async () => {
        await world.podsReady(key);
        return isConditionTrue((await world.get(key)).status?.conditions, 'Ready');
      });
    });

    test('leaves nothing in the store when it is deleted, and what others have there stays', async () => {
      const { spec, metadata } = await world.get(key);
      const mine = (name: string): boolean => name === spec.dataStoreUsername || name.includes(metadata.uid ?? '');
      const before = await world.etcd();
      assert.ok(before.keys.some(mine));
      await world.client.delete(tenantControlPlanes, key);
      await world.eventually(
        'it is gone',
        async () => (await world.client.get(tenantControlPlanes, key)) === undefined,
      );
      const left = await world.etcd();
      for (const what of ['keys', 'users', 'roles'] as const) {
        assert.deepEqual(
          left[what],
          before[what].filter((name) => !mine(name)),
        );
      }
    });
  });

  suite('whose way is blocked', () => {
    test('waits for a DataStore that does not exist, makes nothing, and goes on when it appears', async () => {
      const key = await world.tenant('early', { dataStore: 'later' });
      const waiting = await world.reason(key, 'DataStoreReady', 'DataStoreNotFound');
      assert.equal(waiting.metadata.finalizers, undefined);
      assert.equal(await world.client.get(deployments, key), undefined);
      await world.dataStore('later');
      await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    });

    test('waits for a default DataStore when it names none, and then says which one it is on', async () => {
      const key = await world.tenant('undecided', { dataStore: null });
      await world.reason(key, 'DataStoreReady', 'DataStoreMissing');
      const metadata = { annotations: { 'kamaji.clastix.io/default-datastore': 'true' } };
      await world.client.mergePatch(dataStores, { name: STORE.name }, { metadata });
      const { spec } = await world.reason(key, 'DataStoreReady', 'DataStoreReady');
      assert.equal(spec.dataStore, STORE.name);
    });

    test('is not put on another store under the name of its own, nor dropped from there', async () => {
      await world.dataStore('moved');
      const key = await world.tenant('bound', { dataStore: 'moved' });
      await world.reason(key, 'DataStoreReady', 'DataStoreReady');
      await world.declareStore('moved', { identity: 'store-2' });
      await world.reason(key, 'DataStoreReady', 'DataStoreMismatch');
      await world.client.delete(tenantControlPlanes, key);
      await world.reason(key, 'Deleting', 'DataStoreMismatch');
      const { spec } = await world.get(key);
      assert.ok((await world.etcd()).users.includes(spec.dataStoreUsername ?? ''));
      await world.declareStore('moved', { identity: STORE.identity });
      await world.eventually(
        'it is gone',
        async () => (await world.client.get(tenantControlPlanes, key)) === undefined,
      );
      assert.ok(!(await world.etcd()).users.includes(spec.dataStoreUsername ?? ''));
    });

    test('waits for an occupied node port until it is free', async () => {
      const port = 31_443;
      const occupier = { namespace: NAMESPACE, name: 'occupier' };
      await world.client.create(services, {
        metadata: occupier,
        spec: { type: 'NodePort', ports: [{ port: 80, nodePort: port }] },
      });
      const key = await world.tenant('node-port', {
        controlPlane: { service: { serviceType: 'NodePort' } },
        networkProfile: { address: world.address, port },
      });
      await world.reason(key, 'EndpointReady', 'PortOccupied');
      await world.client.delete(services, occupier);
      await world.reason(key, 'EndpointReady', 'EndpointReady');
    });

    test('does not take over a Service that happens to have its name, and makes its own when that is gone', async () => {
      const name = { namespace: NAMESPACE, name: 'homonym' };
      const spec = { selector: { app: 'shop' }, ports: [{ port: 80 }] };
      await world.client.create(services, { metadata: name, spec });
      await world.tenant(name.name);
      await world.reason(name, 'EndpointReady', 'ForeignObject');
      const untouched = await world.client.get(services, name);
      assert.deepEqual([untouched?.spec?.selector, untouched?.metadata?.ownerReferences], [spec.selector, undefined]);
      await world.client.delete(services, name);
      await world.reason(name, 'EndpointReady', 'EndpointReady');
    });

    test('does not touch a CA Secret of another object, and makes its own when that is gone', async () => {
      const ca = { namespace: NAMESPACE, name: 'foreign-ca' };
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'other', controller: true };
      await world.client.create(secrets, {
        metadata: { ...ca, ownerReferences: [owner] },
        stringData: { kept: 'yes' },
      });
      const key = await world.tenant('foreign');
      await world.reason(key, 'CertificatesReady', 'ForeignObject');
      assert.deepEqual(Object.keys((await world.client.get(secrets, ca))?.data ?? {}), ['kept']);
      await world.client.delete(secrets, ca);
      await world.reason(key, 'CertificatesReady', 'CertificatesReady');
    });

    test('does not touch a user’s CA Secret that cannot be used, and takes it when it is corrected', async () => {
      const ca = { namespace: NAMESPACE, name: 'brought-ca' };
      await world.client.create(secrets, {
        metadata: ca,
        stringData: { 'tls.crt': 'nonsense', 'tls.key': 'nonsense' },
      });
      const key = await world.tenant('brought');
      const { status } = await world.reason(key, 'CertificatesReady', 'UserCertificateInvalid');
      assert.equal(findCondition(status?.conditions, 'Ready')?.reason, 'CertificatesNotReady');
      assert.equal(await secretText(world.client, ca, 'tls.crt'), 'nonsense');
      const own = await createAuthority({ commonName: 'own-authority', now: new Date() });
      const stringData = { 'tls.crt': own.certificatePem, 'tls.key': own.privateKeyPem };
      await world.client.mergePatch(secrets, ca, { stringData });
      await world.reason(key, 'CertificatesReady', 'CertificatesReady');
      assert.equal(await secretText(world.client, ca, 'ca.crt'), own.certificatePem);
      const serving = new X509Certificate(await beside(key, 'api-server-certificate', 'apiserver.crt'));
      assert.ok(serving.verify(new X509Certificate(own.certificatePem).publicKey));
    });

    test('says what the API server refuses of its Service and of its Deployment, until that is corrected', async () => {
      const key = await world.tenant('refused', {
        controlPlane: {
          service: {
            serviceType: 'ClusterIP',
            additionalMetadata: { labels: { 'no name of a label': '' } },
          },
          deployment: { additionalVolumeMounts: { apiServer: [{ name: 'nowhere', mountPath: '/nowhere' }] } },
        },
      });
      const { status } = await world.reason(key, 'EndpointReady', 'ServiceRefused');
      assert.equal(findCondition(status?.conditions, 'Ready')?.reason, 'EndpointNotReady');
      await patch(key, { spec: { controlPlane: { service: { additionalMetadata: null } } } });
      const refused = await world.reason(key, 'ControlPlaneReady', 'DeploymentRefused');
      assert.match(findCondition(refused.status?.conditions, 'ControlPlaneReady')?.message ?? '', /nowhere/u);
      await patch(key, { spec: { controlPlane: { deployment: { additionalVolumeMounts: null } } } });
      await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    });

    test('is not reconciled while paused', async () => {
      const key = await world.tenant('paused');
      await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
      await patch(key, { metadata: { annotations: { [annotations.paused]: '' } } });
      await world.reason(key, 'Paused', 'Paused');
      const secret = { ...key, name: 'paused-scheduler-kubeconfig' };
      const passes = world.passCount(key);
      await world.client.delete(secrets, secret);
      await world.passes(key, 1, passes);
      assert.equal(await world.client.get(secrets, secret), undefined);
      await patch(key, { metadata: { annotations: { [annotations.paused]: null } } });
      await world.reason(key, 'Paused', 'NotPaused');
      assert.notEqual(await world.client.get(secrets, secret), undefined);
    });
  });
});

async function list(client: Client, kinds: readonly Resource[], labelSelector: string): Promise<KubeObject[]> {
  const lists = await Promise.all(kinds.map(async (kind) => (await client.list(kind, { labelSelector })).items));
  return lists.flatMap((items, index) => items.map((item) => ({ ...item, kind: kinds[index]?.kind ?? '' })));
}

function versionsOf(objects: readonly KubeObject[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata?.name} ${metadata?.resourceVersion}`);
}
