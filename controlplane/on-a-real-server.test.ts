import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  configMaps,
  deployments,
  namespaces,
  networkPolicies,
  podDisruptionBudgets,
  services,
} from '#runtime/client/builtin.ts';
import type { Deployment, Service } from '#runtime/client/builtin.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { controlPlaneDeployment } from './deployment.ts';
import { egressSelectorConfigMap } from './egress-selector.ts';
import type { ControlPlaneInput } from './input.ts';
import { controlPlaneNetworkPolicy } from './network-policy.ts';
import { podDisruptionBudget } from './pdb.ts';
import { controlPlaneService } from './service.ts';
import { inputFor, tenant } from './tenant-control-plane.fake.ts';
import type { TenantParts } from './tenant-control-plane.fake.ts';

suite('manifests of a control plane on a real API server', () => {
  let management: ControlPlane;
  before(async () => {
    management = await startControlPlane();
    await management.client.create(namespaces, { metadata: { name: 'tenants' } });
  });
  after(() => management.stop());

  // Types too: what is rendered must be what the client takes.
  const apply = <T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> =>
    management.client.apply(resource, object, { fieldManager: 'kamaji' });
  const applyDeployment = (parts: TenantParts = {}, more: Partial<ControlPlaneInput> = {}): Promise<Deployment> =>
    apply(deployments, controlPlaneDeployment(inputFor(parts, more)));
  const applyService = (parts: TenantParts = {}, konnectivity = true): Promise<Service> =>
    apply(services, controlPlaneService(tenant(parts), konnectivity));

  const everything: readonly [kind: string, apply: () => Promise<KubeObject>][] = [
    ['Deployment', () => applyDeployment()],
    ['Service', () => applyService()],
    ['ConfigMap', () => apply(configMaps, egressSelectorConfigMap(tenant()))],
    [
      'PodDisruptionBudget',
      () => {
        const budget = podDisruptionBudget(tenant());
        assert.ok(budget);
        return apply(podDisruptionBudgets, budget);
      },
    ],
    [
      'NetworkPolicy',
      () =>
        apply(
          networkPolicies,
          controlPlaneNetworkPolicy({
            tenantControlPlane: tenant(),
            konnectivity: false,
            storePeers: [
              { namespace: 'kamaji-system', podLabels: { app: 'etcd' }, port: 2379 },
              { host: 'db.example.org', port: 5432 },
              { host: '2001:db8::3', port: 2379 },
            ],
            managementAddresses: ['10.0.0.1', '2001:db8::1'],
          }),
        ),
    ],
  ];
  for (const [kind, applyIt] of everything) {
    test(`a ${kind} is taken, and taken again without any change`, async () => {
      const first = await applyIt();
      const second = await applyIt();
      assert.ok(first.metadata?.resourceVersion);
      assert.equal(second.metadata?.resourceVersion, first.metadata.resourceVersion);
    });
  }

  test('a Deployment with kine, another user and the user’s own parts is taken', async () => {
    const helper = { name: 'helper', image: 'helper:1' };
    const scratch = { name: 'scratch', emptyDir: {} };
    const parts: TenantParts = {
      deployment: {
        podSecurityContext: { runAsUser: 1000, runAsNonRoot: true },
        additionalContainers: [helper],
        additionalVolumes: [scratch],
        additionalVolumeMounts: { scheduler: [{ name: 'scratch', mountPath: '/scratch' }] },
        additionalMetadata: { labels: { team: 'blue' }, annotations: { 'example.org/a': 'b' } },
        extraArgs: { apiServer: ['--v=3'] },
      },
    };
    const deployment = await applyDeployment(parts, {
      storage: { driver: 'MySQL', dataStore: 'sql', kineImage: 'kine:v1', tls: 'authority' },
    });
    const names = deployment.spec?.template.spec?.containers.map(({ name }) => name);
    assert.deepEqual(names?.toSorted(), [
      'helper',
      'kine',
      'konnectivity-server',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
    ]);
  });

  test('and what is taken out of the spec is gone from the Deployment', async () => {
    const { metadata, spec } = await applyDeployment();
    assert.equal(metadata?.labels?.['team'], undefined);
    assert.equal(metadata?.annotations?.['example.org/a'], undefined);
    const { containers = [], volumes = [] } = spec?.template.spec ?? {};
    assert.ok(!containers.some(({ name }) => name === 'helper' || name === 'kine'));
    assert.ok(!volumes.some(({ name }) => name === 'scratch' || name.startsWith('kine')));
    assert.ok(!containers.some(({ args }) => args?.includes('--v=3')));
    assert.equal(spec?.template.spec?.securityContext?.fsGroup, undefined);
  });

  test('a Deployment can turn from rolling updates to Recreate and back', async () => {
    const recreate = await applyDeployment({ deployment: { strategy: { type: 'Recreate' } } });
    assert.deepEqual(recreate.spec?.strategy, { type: 'Recreate' });
    const rolling = await applyDeployment();
    assert.deepEqual(rolling.spec?.strategy?.rollingUpdate, { maxUnavailable: 0, maxSurge: '100%' });
  });

  test('also after a rolling update with one bound only', async () => {
    await applyDeployment({ deployment: { strategy: { rollingUpdate: { maxSurge: 1 } } } });
    const recreate = await applyDeployment({ deployment: { strategy: { type: 'Recreate' } } });
    assert.deepEqual(recreate.spec?.strategy, { type: 'Recreate' });
  });

  test('scaling changes no pod template', async () => {
    const two = await applyDeployment({ deployment: { replicas: 2 } });
    const three = await applyDeployment({ deployment: { replicas: 3 } });
    assert.equal(three.spec?.replicas, 3);
    assert.deepEqual(three.spec?.template, two.spec?.template);
  });

  test('kubectl rollout restart stays', async () => {
    await applyDeployment();
    await management.kubectl(['-n', 'tenants', 'rollout', 'restart', 'deployment/demo']);
    const { spec } = await applyDeployment();
    assert.ok(spec?.template.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt']);
  });

  test('node ports that the API server allocated stay over every further apply', async () => {
    const parts: TenantParts = {
      service: { serviceType: 'NodePort', additionalPorts: [{ name: 'extra', port: 80, targetPort: 80 }] },
      networkProfile: { address: '192.0.2.5', port: 30043 },
    };
    const ports = (service: Service) => service.spec?.ports?.map(({ name, nodePort }) => [name, nodePort]);
    const first = ports(await applyService(parts));
    assert.equal(first?.[0]?.[1], 30043);
    assert.ok(first?.every(([, nodePort]) => typeof nodePort === 'number'));
    assert.deepEqual(ports(await applyService(parts)), first);
  });

  test('the tunnel’s port goes and comes with the tunnel', async () => {
    const names = (service: Service) => service.spec?.ports?.map(({ name }) => name);
    assert.deepEqual(names(await applyService({}, false)), ['kube-apiserver']);
    assert.deepEqual(names(await applyService({}, true)), ['kube-apiserver', 'konnectivity-server']);
  });

  test('the API port can be moved', async () => {
    const moved = await applyService({ networkProfile: { port: 7443 } });
    assert.deepEqual(
      moved.spec?.ports?.map(({ port }) => port),
      [7443, 8132],
    );
  });

  // Kubernetes gives out node ports below 30086 only when the others are taken.
  test('a Service changes its type and keeps its cluster IP', async () => {
    const clusterIP = (await applyService()).spec?.clusterIP;
    const steps: TenantParts[] = [
      { service: { serviceType: 'LoadBalancer' }, networkProfile: { loadBalancerSourceRanges: ['192.0.2.0/24'] } },
      { service: { serviceType: 'NodePort' }, networkProfile: { address: '192.0.2.5', port: 30043 } },
      { service: { serviceType: 'LoadBalancer', allocateLoadBalancerNodePorts: false } },
      {},
    ];
    for (const parts of steps) {
      const { spec } = await applyService(parts);
      assert.equal(spec?.type, parts.service?.serviceType ?? 'ClusterIP');
      assert.equal(spec?.clusterIP, clusterIP);
    }
    const { spec } = await applyService();
    assert.ok(spec?.ports?.every(({ nodePort }) => nodePort === undefined));
    assert.equal(spec?.loadBalancerSourceRanges, undefined);
    assert.equal(spec?.allocateLoadBalancerNodePorts, undefined);
  });

  test('a load balancer gives its node ports back when the user wants none', async () => {
    const ports = ({ spec }: Service) => spec?.ports?.map(({ nodePort }) => typeof nodePort);
    const service = { serviceType: 'LoadBalancer' } as const;
    assert.deepEqual(ports(await applyService({ service })), ['number', 'number']);
    const without = { service: { ...service, allocateLoadBalancerNodePorts: false } };
    assert.deepEqual(ports(await applyService(without)), ['undefined', 'undefined']);
    const again = await applyService(without);
    assert.equal((await applyService(without)).metadata?.resourceVersion, again.metadata?.resourceVersion);
  });

  test('source ranges that are taken away are gone', async () => {
    const service = { serviceType: 'LoadBalancer' } as const;
    await applyService({ service, networkProfile: { loadBalancerSourceRanges: ['192.0.2.0/24'] } });
    const { spec } = await applyService({ service, networkProfile: { loadBalancerSourceRanges: [] } });
    assert.equal(spec?.loadBalancerSourceRanges, undefined);
  });
});
