import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { tenantControlPlanes } from '#api/kinds.ts';
import {
  clusterRoleBindings,
  configMaps,
  daemonSets,
  deployments,
  endpoints,
  namespaces,
  roleBindings,
  roles,
  serviceAccounts,
  services,
} from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { KubeObject, ObjectKey, Resource } from '#runtime/client/resource.ts';
import { freePorts } from '#test/ports.ts';
import { ADDON_VERSIONS } from './addon-versions.ts';
import type { RunningTenant } from './running-tenant.fake.ts';
import { startWorld } from './world.fake.ts';
import type { World } from './world.fake.ts';

const SYSTEM = 'kube-system';
const coreDns = { namespace: SYSTEM, name: 'coredns' };
const kubeProxy = { namespace: SYSTEM, name: 'kube-proxy' };
const agent = { namespace: SYSTEM, name: 'konnectivity-agent' };

suite('what a control plane has inside its tenant, on real API servers', () => {
  let world: World;
  let tenant: RunningTenant;
  let key: ObjectKey;
  before(async () => {
    world = await startWorld();
    await world.client.create(namespaces, { metadata: { name: 'kamaji-system' } });
    const [port = 0] = await freePorts(1);
    key = await world.tenant('inside', {
      networkProfile: { address: world.address, port },
      addons: { kubeProxy: {} },
    });
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    tenant = await world.run(key);
    await world.reason(key, 'Ready', 'Ready');
  });
  after(() => world?.[Symbol.asyncDispose]());

  const patch = (change: object) => world.client.mergePatch(tenantControlPlanes, key, change);
  const addons = (change: object) => patch({ spec: { addons: change } });
  const image = async (resource: typeof deployments | typeof daemonSets, of: ObjectKey) =>
    (await tenant.client.get<KubeObject & Pods>(resource, of))?.spec?.template.spec?.containers[0]?.image ?? '';
  const corefile = async () => (await tenant.client.get(configMaps, coreDns))?.data?.['Corefile'];
  const addonsMessage = async () => findCondition((await world.get(key)).status?.conditions, 'AddonsReady')?.message;

  test('a Corefile that was there before the addon was switched on is kept, and so is every later edit', async () => {
    await tenant.client.create(configMaps, { metadata: coreDns, data: { Corefile: '# mine\n' } });
    await addons({ coreDNS: {} });
    await world.eventually('CoreDNS is there', async () => (await image(deployments, coreDns)) !== '');
    assert.equal(await corefile(), '# mine\n');
    await tenant.client.mergePatch(configMaps, coreDns, { data: { Corefile: '# mine, edited\n' } });
    await world.passes(key, 3);
    assert.equal(await corefile(), '# mine, edited\n');
    await world.restart();
    await world.passes(key, 2);
    assert.equal(await corefile(), '# mine, edited\n');
  });

  test('a number of replicas of CoreDNS that somebody chose is kept, also when something else of it changes', async () => {
    await tenant.client.mergePatch(deployments, coreDns, { spec: { replicas: 5 } });
    await addons({ coreDNS: { imageTag: 'v1.12.0' } });
    await world.eventually('the new tag', async () => (await image(deployments, coreDns)).endsWith(':v1.12.0'));
    assert.equal((await tenant.client.get(deployments, coreDns))?.spec?.replicas, 5);
  });

  test('a deleted ConfigMap of CoreDNS comes back as it is made at first', async () => {
    await tenant.client.delete(configMaps, coreDns);
    await world.eventually('it is back', async () => (await corefile())?.includes('kubernetes cluster.local') === true);
  });

  test('settings of addons that change reach the live tenant', async () => {
    await addons({
      coreDNS: { imageRepository: 'mirror.example/dns', imageTag: null },
      kubeProxy: { imageRepository: 'mirror.example/proxy', imageTag: 'v1.35.1' },
      konnectivity: { agent: { image: 'mirror.example/agent', version: 'v0.33.0', extraArgs: ['--v=4'] } },
    });
    await world.eventually('all three', async () => {
      const images = [
        await image(deployments, coreDns),
        await image(daemonSets, kubeProxy),
        await image(daemonSets, agent),
      ];
      return (
        images.join() ===
        'mirror.example/dns/coredns:v1.13.1,mirror.example/proxy/kube-proxy:v1.35.1,mirror.example/agent:v0.33.0'
      );
    });
    await addons({ coreDNS: { imageRepository: null }, kubeProxy: { imageRepository: null, imageTag: null } });
    await patch({ spec: { controlPlane: { deployment: { registrySettings: { registry: 'mirror.example' } } } } });
    await world.eventually('those without one of their own follow the control plane’s registry', async () => {
      const images = [await image(deployments, coreDns), await image(daemonSets, kubeProxy)];
      return images.join() === 'mirror.example/coredns/coredns:v1.13.1,mirror.example/kube-proxy:v1.35.4';
    });
    await patch({ spec: { controlPlane: { deployment: null } } });
  });

  test('the agents move from a DaemonSet to a Deployment and back, with nothing left behind', async () => {
    await addons({ konnectivity: { agent: { mode: 'Deployment', replicas: 3 } } });
    await world.eventually('a Deployment only', async () => {
      const [one, other] = [await tenant.client.get(deployments, agent), await tenant.client.get(daemonSets, agent)];
      return one?.spec?.replicas === 3 && other === undefined;
    });
    await tenant.client.delete(deployments, agent);
    await world.eventually('the Deployment that somebody deleted is back', async () => {
      return (await tenant.client.get(deployments, agent))?.spec?.replicas === 3;
    });
    await addons({ konnectivity: { agent: { mode: 'DaemonSet', replicas: null } } });
    await world.eventually('a DaemonSet only', async () => {
      const [one, other] = [await tenant.client.get(deployments, agent), await tenant.client.get(daemonSets, agent)];
      return one === undefined && other !== undefined;
    });
  });

  const damages: readonly [what: string, resource: Resource, of: ObjectKey][] = [
    ['a ServiceAccount', serviceAccounts, kubeProxy],
    ['a Role', roles, { namespace: SYSTEM, name: 'kubeadm:kubelet-config' }],
    ['a RoleBinding', roleBindings, { namespace: SYSTEM, name: 'kubeadm:nodes-kubeadm-config' }],
    ['a ClusterRoleBinding', clusterRoleBindings, { name: 'kubeadm:cluster-admins' }],
    ['a Service', services, { namespace: SYSTEM, name: 'kube-dns' }],
    ['a DaemonSet', daemonSets, kubeProxy],
    ['a Deployment', deployments, coreDns],
    ['the API server’s own endpoints', endpoints, { namespace: 'default', name: 'kubernetes' }],
  ];
  for (const [what, resource, of] of damages) {
    test(`${what} that somebody deleted comes back`, async () => {
      await tenant.client.delete(resource, of);
      await world.eventually('it is back', async () => (await tenant.client.get(resource, of)) !== undefined);
    });
  }

  test('a label that somebody took from a Deployment comes back', async () => {
    const metadata = { labels: { 'kamaji.clastix.io/project': null, 'k8s-app': null } };
    await tenant.client.mergePatch(deployments, coreDns, { metadata });
    await world.eventually('it is back', async () => {
      const has = (await tenant.client.get(deployments, coreDns))?.metadata?.labels;
      return has?.['k8s-app'] === 'kube-dns' && has['kamaji.clastix.io/project'] === 'kamaji';
    });
  });

  test('what the tenant’s own policies forbid is said, by condition, and done once it may be', async () => {
    const file = join(tenant.directory, 'policy.json');
    for (const [type, resource, of] of [
      ['BootstrapReady', configMaps, { namespace: SYSTEM, name: 'kubelet-config' }],
      ['AddonsReady', daemonSets, kubeProxy],
    ] as const) {
      await writeFile(file, JSON.stringify(forbidding(of.name)));
      await tenant.kubectl(['apply', '-f', file]);
      await world.eventually('the policy is in force', async () => {
        const change = { metadata: { annotations: { tried: String(Math.random()) } } };
        return tenant.client.mergePatch<KubeObject>(resource, of, change).then(
          () => false,
          () => true,
        );
      });
      await tenant.client.delete(resource, of);
      await world.reason(key, type, 'ApplyFailed');
      await world.reason(key, 'Ready', type === 'BootstrapReady' ? 'BootstrapNotReady' : 'AddonsNotReady');
      await tenant.kubectl(['delete', 'validatingadmissionpolicies,validatingadmissionpolicybindings', '--all']);
      await world.reason(key, type, type);
    }
  });

  test('costs at most six lists a look while nobody touches it, and a new manager writes nothing to it', async () => {
    await world.passes(key, 3);
    const requestsOf = async (passes: number): Promise<readonly string[]> => {
      const { length } = world.tenantRequests();
      await world.passes(key, passes);
      return world.tenantRequests().slice(length);
    };
    const quiet = await requestsOf(2);
    assert.ok(quiet.length <= 3 * 6 && quiet.every((request) => request.startsWith('list ')), quiet.join());

    await world.restart();
    const { length } = world.tenantRequests();
    await world.passes(key, 3);
    const reading = world.tenantRequests().slice(length);
    assert.deepEqual(
      reading.filter((request) => !/^(?:list|get) /u.test(request)),
      [],
    );
  });

  test('an installation chooses versions of addons by a ConfigMap; one that cannot be read changes nothing', async () => {
    const choice = { namespace: 'kamaji-system', name: ADDON_VERSIONS };
    const before = await image(daemonSets, kubeProxy);
    const data = { 'v1.35': 'coreDNS: v1.12.3\nkubeProxy: v1.35.2\nkonnectivity: v0.34.1\n' };
    await world.client.create(configMaps, { metadata: choice, data });
    await world.eventually('the chosen ones', async () => (await image(daemonSets, kubeProxy)).endsWith(':v1.35.2'));
    await world.eventually('of CoreDNS too', async () => (await image(deployments, coreDns)).endsWith(':v1.12.3'));
    const server = async () =>
      (await world.client.get(deployments, key))?.spec?.template.spec?.containers.find(
        ({ name }) => name === 'konnectivity-server',
      )?.image;
    await world.eventually('of the tunnel too', async () => (await server())?.endsWith(':v0.34.1') === true);

    await world.client.mergePatch(configMaps, choice, { data: { 'v1.35': 'coreDNS: [v1]' } });
    await world.reason(key, 'AddonsReady', 'AddonVersionsInvalid');
    assert.match(
      (await addonsMessage()) ?? '',
      /ConfigMap kamaji-system\/kamaji-addon-versions: key v1\.35 gives coreDNS/u,
    );
    await world.restart();
    await world.passes(key, 2);
    assert.ok((await image(deployments, coreDns)).endsWith(':v1.12.3'));
    assert.ok((await server())?.endsWith(':v0.34.1'));

    await world.client.delete(configMaps, choice);
    await world.reason(key, 'AddonsReady', 'AddonsReady');
    assert.equal(await image(daemonSets, kubeProxy), before);
  });

  test('addons that are switched off go, each with all that it had', async () => {
    const { items: before } = await tenant.client.list(roles, { namespace: SYSTEM });
    assert.ok(before.some(({ metadata }) => metadata?.name === 'kube-proxy'));
    await addons({ coreDNS: null, kubeProxy: null, konnectivity: { enabled: false } });
    const left = async () =>
      (await tenant.kubectl(['-n', SYSTEM, 'get', 'all,cm,sa,roles,rolebindings', '-o', 'name']))
        .split('\n')
        .filter((name) => /coredns|kube-dns|kube-proxy|konnectivity/u.test(name));
    await world.eventually('nothing is left', async () => (await left()).length === 0);
    const cluster = await tenant.kubectl(['get', 'clusterroles,clusterrolebindings', '-o', 'name']);
    assert.deepEqual(
      cluster.split('\n').filter((name) => /system:coredns|kubeadm:node-proxier|konnectivity/u.test(name)),
      [],
    );
  });
});

interface Pods {
  readonly spec?: { readonly template: { readonly spec?: { readonly containers: readonly { image?: string }[] } } };
}

/** A policy that lets nobody make or change objects of that name. */
function forbidding(name: string): object {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: ['*'] };
  const items = [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: `object.metadata.name != '${name}'` }],
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
  return { apiVersion: 'v1', kind: 'List', items };
}
