import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane, KamajiControlPlaneSpec } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlaneCrd } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { JsonSchema } from '#api/schema/json-schema.ts';
import { desiredTenantControlPlane } from './desired-tenant-control-plane.ts';

const cluster: Cluster = {
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'Cluster',
  metadata: { name: 'shop', namespace: 'team' },
  spec: {
    clusterNetwork: {
      apiServerPort: 40_443,
      serviceDomain: 'shop.example',
      services: { cidrBlocks: ['10.96.0.0/16', 'fd00:1::/112'] },
      pods: { cidrBlocks: ['10.244.0.0/16', 'fd00:2::/64'] },
    },
  },
};

function controlPlane(
  spec: Partial<KamajiControlPlaneSpec>,
  metadata: Partial<KamajiControlPlane['metadata']> = {},
): KamajiControlPlane {
  return {
    apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
    kind: 'KamajiControlPlane',
    metadata: { name: 'shop-cp', namespace: 'team', uid: 'uid-1', ...metadata },
    spec: { version: 'v1.35.4', ...spec },
  };
}

const probe = { periodSeconds: 7 };
const proxyPatches = [{ op: 'replace' as const, path: '/mode', value: 'nftables' }];
const metadata = { labels: { a: 'b' }, annotations: { c: 'd' } };
const component = (name: string) => ({
  extraArgs: [`--${name}=1`],
  extraVolumeMounts: [{ name, mountPath: `/${name}` }],
  resources: { limits: { cpu: '1' }, requests: { memory: '1Gi' }, claims: [{ name }] },
  containerImageName: `image-of-${name}`,
  probes: { liveness: probe, readiness: probe, startup: probe },
});

/** Every field that a KamajiControlPlane may have, with a value that says where it came from. */
const full: KamajiControlPlaneSpec = {
  version: 'v1.35.4',
  replicas: 3,
  dataStoreName: 'store',
  dataStoreSchema: 'schema',
  dataStoreUsername: 'user',
  dataStoreOverrides: [{ resource: '/events', dataStore: 'other' }],
  addons: {
    coreDNS: { imageRepository: 'dns-repository', imageTag: 'dns-tag', dnsServiceIPs: ['10.96.0.53'] },
    kubeProxy: { imageRepository: 'proxy-repository', imageTag: 'proxy-tag', configurationJSONPatches: proxyPatches },
    konnectivity: { enabled: true, server: { port: 8444 }, agent: { image: 'agent' } },
  },
  admissionControllers: ['NodeRestriction'],
  registry: 'registry.example/mirror',
  apiServer: component('api-server'),
  controllerManager: component('controller-manager'),
  scheduler: component('scheduler'),
  kine: { extraArgs: ['--kine=1'], resources: { limits: { cpu: '2' } } },
  kubelet: {
    preferredAddressTypes: ['Hostname'],
    cgroupfs: 'cgroupfs',
    configurationJSONPatches: [{ op: 'add', path: '/maxPods', value: 42 }],
  },
  network: {
    serviceType: 'LoadBalancer',
    serviceAddress: '192.0.2.1',
    advertiseAddress: '198.51.100.1',
    serviceLabels: { e: 'f' },
    serviceAnnotations: { g: 'h' },
    additionalServicePorts: [{ name: 'metrics', port: 9, targetPort: 9 }],
    certSANs: ['san.example'],
    dnsServiceIPs: ['10.96.0.10'],
    loadBalancerConfig: { loadBalancerSourceRanges: ['192.0.2.0/24'], loadBalancerClass: 'example.com/class' },
    ingress: {
      hostname: 'ingress.example:8443',
      className: 'nginx',
      extraLabels: { i: 'j' },
      extraAnnotations: { k: 'l' },
    },
    gateway: {
      name: 'gateway',
      namespace: 'gateways',
      hostname: 'gateway.example',
      sectionName: 'tls',
      port: 8443,
      extraLabels: { m: 'n' },
      extraAnnotations: { o: 'p' },
    },
  },
  deployment: {
    nodeSelector: { q: 'r' },
    runtimeClassName: 'sandbox',
    additionalMetadata: metadata,
    podAdditionalMetadata: metadata,
    serviceAccountName: 'account',
    strategy: { type: 'Recreate' },
    affinity: { nodeAffinity: {} },
    tolerations: [{ key: 's' }],
    topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
    extraInitContainers: [{ name: 'init' }],
    extraContainers: [{ name: 'sidecar' }],
    extraVolumes: [{ name: 'volume' }],
    probes: { liveness: probe, readiness: probe, startup: probe },
  },
};

/** What the full spec and the Cluster become, field by field. */
const mapped: TenantControlPlaneSpec = {
  dataStore: 'store',
  dataStoreSchema: 'schema',
  dataStoreUsername: 'user',
  dataStoreOverrides: [{ resource: '/events', dataStore: 'other' }],
  controlPlane: {
    deployment: {
      replicas: 3,
      registrySettings: {
        registry: 'registry.example/mirror',
        apiServerImage: 'image-of-api-server',
        controllerManagerImage: 'image-of-controller-manager',
        schedulerImage: 'image-of-scheduler',
      },
      nodeSelector: { q: 'r' },
      runtimeClassName: 'sandbox',
      strategy: { type: 'Recreate' },
      tolerations: [{ key: 's' }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
      serviceAccountName: 'account',
      additionalMetadata: metadata,
      podAdditionalMetadata: metadata,
      additionalInitContainers: [{ name: 'init' }],
      additionalContainers: [{ name: 'sidecar' }],
      additionalVolumes: [{ name: 'volume' }],
      resources: {
        apiServer: component('api-server').resources,
        controllerManager: component('controller-manager').resources,
        scheduler: component('scheduler').resources,
        kine: { limits: { cpu: '2' } },
      },
      extraArgs: {
        apiServer: ['--api-server=1'],
        controllerManager: ['--controller-manager=1'],
        scheduler: ['--scheduler=1'],
        kine: ['--kine=1'],
      },
      additionalVolumeMounts: {
        apiServer: [{ name: 'api-server', mountPath: '/api-server' }],
        controllerManager: [{ name: 'controller-manager', mountPath: '/controller-manager' }],
        scheduler: [{ name: 'scheduler', mountPath: '/scheduler' }],
      },
      probes: {
        liveness: probe,
        readiness: probe,
        startup: probe,
        apiServer: { liveness: probe, readiness: probe, startup: probe },
        controllerManager: { liveness: probe, readiness: probe, startup: probe },
        scheduler: { liveness: probe, readiness: probe, startup: probe },
      },
    },
    service: {
      serviceType: 'LoadBalancer',
      additionalMetadata: { labels: { e: 'f' }, annotations: { g: 'h' } },
      additionalPorts: [{ name: 'metrics', port: 9, targetPort: 9 }],
    },
    ingress: {
      hostname: 'ingress.example:8443',
      ingressClassName: 'nginx',
      additionalMetadata: { labels: { i: 'j' }, annotations: { k: 'l' } },
    },
    gateway: {
      hostname: 'gateway.example',
      parentRefs: [{ name: 'gateway', namespace: 'gateways', sectionName: 'tls', port: 8443 }],
      additionalMetadata: { labels: { m: 'n' }, annotations: { o: 'p' } },
    },
  },
  kubernetes: {
    version: 'v1.35.4',
    kubelet: {
      preferredAddressTypes: ['Hostname'],
      cgroupfs: 'cgroupfs',
      configurationJSONPatches: [{ op: 'add', path: '/maxPods', value: 42 }],
    },
    admissionControllers: ['NodeRestriction'],
  },
  networkProfile: {
    address: '192.0.2.1',
    advertiseAddress: '198.51.100.1',
    port: 40_443,
    clusterDomain: 'shop.example',
    serviceCidrs: ['10.96.0.0/16', 'fd00:1::/112'],
    podCidrs: ['10.244.0.0/16', 'fd00:2::/64'],
    certSANs: ['san.example'],
    dnsServiceIPs: ['10.96.0.53'],
    loadBalancerSourceRanges: ['192.0.2.0/24'],
    loadBalancerClass: 'example.com/class',
  },
  addons: {
    coreDNS: { imageRepository: 'dns-repository', imageTag: 'dns-tag' },
    kubeProxy: { imageRepository: 'proxy-repository', imageTag: 'proxy-tag', configurationJSONPatches: proxyPatches },
    konnectivity: { enabled: true, server: { port: 8444 }, agent: { image: 'agent' } },
  },
};

suite('the spec of the TenantControlPlane', () => {
  test('has every field of the KamajiControlPlane and of the Cluster in its place', () => {
    assert.deepEqual(desiredTenantControlPlane(controlPlane(full), cluster).spec, mapped);
  });

  test('is complete: no field of the schema is missing from the test above', () => {
    // Read by others: the endpoint is written by us, the time of a rollout becomes a mark, and the last is refused.
    const elsewhere = /^(?:controlPlaneEndpoint|rollout|deployment\.externalClusterReference)\b/u;
    const handedOnWhole = /\.(?:resources|strategy|affinity)\./u;
    const schema = kamajiControlPlaneCrd.spec.versions[0].schema.openAPIV3Schema.properties?.['spec'] ?? {};
    const missing = fieldsOf(schema, 2)
      .filter((path) => !elsewhere.test(path) && !handedOnWhole.test(path))
      .filter((path) => valueAt(full, path) === undefined);
    assert.deepEqual(missing, []);
  });

  test('has nothing that nobody asked for, so that the defaults of its own kind apply', () => {
    const bare = { ...cluster, spec: {} };
    assert.deepEqual(desiredTenantControlPlane(controlPlane({}), bare).spec, {
      controlPlane: { deployment: { registrySettings: {} }, service: { serviceType: 'LoadBalancer' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
      networkProfile: {},
    });
  });

  const cases: readonly [
    string,
    Partial<KamajiControlPlaneSpec>,
    (spec: TenantControlPlaneSpec) => unknown,
    unknown,
  ][] = [
    [
      'a version without v gets one, as image tags have it',
      { version: '1.35.4' },
      (s) => s.kubernetes.version,
      'v1.35.4',
    ],
    ['0 replicas is a wish of its own', { replicas: 0 }, (s) => s.controlPlane.deployment?.replicas, 0],
    ['an empty DataStore means the default one', { dataStoreName: '' }, (s) => s.dataStore, undefined],
    ['an empty coreDNS means installed', { addons: { coreDNS: {} } }, (s) => s.addons, { coreDNS: {} }],
    ['an empty address is none', { network: { serviceAddress: '' } }, (s) => s.networkProfile?.address, undefined],
    [
      'the probes of one component reach it although no others are set',
      { scheduler: { probes: { liveness: probe } } },
      (s) => s.controlPlane.deployment?.probes,
      { scheduler: { liveness: probe } },
    ],
    [
      'DNS addresses of the network serve where the addon names none',
      { network: { dnsServiceIPs: ['10.96.0.10'] }, addons: { coreDNS: {} } },
      (s) => s.networkProfile?.dnsServiceIPs,
      ['10.96.0.10'],
    ],
  ];
  for (const [name, spec, read, expected] of cases) {
    test(name, () => assert.deepEqual(read(desiredTenantControlPlane(controlPlane(spec), cluster).spec), expected));
  }

  test('loses what its owner loses', () => {
    for (const field of fieldsOf(
      kamajiControlPlaneCrd.spec.versions[0].schema.openAPIV3Schema.properties?.['spec'] ?? {},
      0,
    )) {
      if (field === 'version' || valueAt(full, field) === undefined) continue;
      const { [field]: _removed, ...rest } = full as Record<string, unknown>;
      const less = desiredTenantControlPlane(controlPlane({ ...rest }), cluster).spec;
      assert.ok(JSON.stringify(less).length < JSON.stringify(mapped).length, `${field} leaves something behind`);
    }
  });

  test('carries the mark of a rollout on its pods, beside the annotations of the user', () => {
    const { spec } = desiredTenantControlPlane(controlPlane(full), cluster, '2026-01-01T00:00:00Z');
    assert.deepEqual(spec.controlPlane.deployment?.podAdditionalMetadata, {
      labels: { a: 'b' },
      annotations: { c: 'd', 'kamaji.clastix.io/rollout-after': '2026-01-01T00:00:00Z' },
    });
  });
});

suite('the metadata of the TenantControlPlane', () => {
  const { metadata } = desiredTenantControlPlane(
    controlPlane(
      {},
      {
        labels: { team: 'shop' },
        annotations: {
          note: 'kept',
          'cluster.x-k8s.io/paused': '',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
        },
      },
    ),
    cluster,
  );

  test('names the Cluster, and carries the labels of its owner', () => {
    assert.deepEqual(metadata.labels, {
      team: 'shop',
      'kamaji.clastix.io/project': 'kamaji',
      'cluster.x-k8s.io/cluster-name': 'shop',
      'kamaji.clastix.io/tcp': 'shop-cp',
    });
  });

  test("carries the annotations of its owner but kubectl's notes and Cluster API's pause, and keeps a move waiting", () => {
    assert.deepEqual(metadata.annotations, { note: 'kept', 'clusterctl.cluster.x-k8s.io/block-move': '' });
  });

  test('makes it go with its owner', () => {
    assert.deepEqual(metadata.ownerReferences, [
      {
        apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
        kind: 'KamajiControlPlane',
        name: 'shop-cp',
        uid: 'uid-1',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  });
});

/** The paths of a schema's fields, down to a depth, containers left out where their members are listed. */
function fieldsOf(schema: JsonSchema, depth: number, prefix = ''): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const path = `${prefix}${name}`;
    return depth > 0 && child.properties !== undefined ? fieldsOf(child, depth - 1, `${path}.`) : [path];
  });
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
      value,
    );
}
