import assert from 'node:assert/strict';
import { createLogger } from 'winston';
import type { Cluster } from '#api/core/cluster.ts';
import type { PolicyRule } from '#api/core/policy-rule.ts';
import type { KamajiControlPlane, KamajiControlPlaneSpec } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes, machineDeployments, machines } from '#api/kinds.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { clusterRoleBindings, clusterRoles } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { isConditionTrue } from '#runtime/client/conditions.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { KubeObject, OwnerReference, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { createTransport } from '#runtime/client/transport.ts';
import type { Clock } from '#runtime/clock.ts';
import { systemClock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import type { EventNote } from '#runtime/telemetry/events.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { startControlPlane } from '#test/control-plane.ts';
import { installCrds } from '#test/install-crds.ts';
import { definitionOf } from '#test/simulation/world/definition.ts';
import { setupKamajiControlPlaneController } from './index.ts';
import type { InfrastructureCluster } from './infrastructure-kinds.ts';
import { rules } from './rbac.ts';
import { eventually, FakeTenant } from './tenant.fake.ts';

/** Who the controller is to the API server: it may do what its rules say, and nothing else. */
export const MANAGER = 'manager';

/** A kind of infrastructure clusters that this project has never heard of. */
export const widgetClusters: Resource<InfrastructureCluster> = {
  group: 'infrastructure.cluster.x-k8s.io',
  version: 'v1beta7',
  kind: 'WidgetCluster',
  plural: 'widgetclusters',
  namespaced: true,
};

/** Templates of that provider's machines. */
export const widgetMachineTemplates: Resource = {
  group: 'infrastructure.cluster.x-k8s.io',
  version: 'v1beta7',
  kind: 'WidgetMachineTemplate',
  plural: 'widgetmachinetemplates',
  namespaced: true,
};

/** Time passes twenty times as fast for what waits, so that a test need not sit out a recheck. */
const hastened: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 20,
  setTimeout: (fn, ms) => systemClock.setTimeout(fn, ms / 20),
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};

/**
 * A real API server with the kinds that the controller meets; Cluster API's by the given definitions, otherwise without a
 * schema, as which they are read the same.
 */
export async function startManagementCluster(
  clusterApi: readonly object[] = [clusters, machineDeployments, machines].map((resource) => definitionOf(resource)),
): Promise<ControlPlane> {
  const controlPlane = await startControlPlane({
    auditPolicy: {
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      rules: [{ level: 'Metadata', users: [MANAGER], verbs: ['get', 'create', 'update', 'patch', 'delete'] }],
    },
  });
  await installCrds(controlPlane);
  const foreign = [
    ...clusterApi,
    definitionOf({ ...widgetMachineTemplates, kind: 'WidgetMachine', plural: 'widgetmachines' }),
    definitionOf(widgetMachineTemplates),
    definitionOf(widgetClusters, {
      'cluster.x-k8s.io/v1beta1': 'v1beta6',
      'cluster.x-k8s.io/v1beta2': 'v1beta6_v1beta7',
    }),
  ];
  const manifests = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: foreign });
  await controlPlane.kubectl(['apply', '--server-side', '-f', '-'], manifests);
  await controlPlane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', '-'], manifests);
  await grant(controlPlane.client, 'manager', rules);
  return controlPlane;
}

/** Lets the controller do something. */
export async function grant(client: Client, name: string, policy: readonly PolicyRule[]): Promise<void> {
  const copied = policy.map(({ apiGroups, resources, verbs }) => ({
    apiGroups: [...apiGroups],
    resources: [...resources],
    verbs: [...verbs],
  }));
  await client.create(clusterRoles, { metadata: { name }, rules: copied });
  await client.create(clusterRoleBindings, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: MANAGER }],
  });
}

/** A process with nothing but the controller in it. */
export interface RunningController {
  readonly events: readonly EventNote[];
  stop(): Promise<void>;
}

/** Runs the controller. Every tenant is reached by `tenantClient`. */
export async function startController(controlPlane: ControlPlane, tenantClient: Client): Promise<RunningController> {
  const { certificatePem: cert, privateKeyPem: key } = await controlPlane.identity(MANAGER);
  const transport = createTransport({
    server: controlPlane.server,
    tls: { ca: controlPlane.caCertificatePem, cert, key },
  });
  const log = createLogger({ silent: true });
  const cache = createCache({ transport, clock: hastened, random: Math.random, log, freeze: true });
  const events: EventNote[] = [];
  const options = setupKamajiControlPlaneController({
    cache,
    tenantPool: { client: () => tenantClient },
    clock: hastened,
    events: { record: (_regarding, note) => void events.push(note) },
  });
  const controller = createController(options, { client: createClient(transport), cache, clock: hastened, log });
  const stop = new AbortController();
  const parts = [cache.start(stop.signal), controller.start(stop.signal)];
  await cache.waitForSync(AbortSignal.timeout(30_000));
  return {
    events,
    async stop() {
      stop.abort(new Error('test over'));
      await Promise.all(parts);
      await transport.close();
    },
  };
}

/** What tests do with the objects of one namespace. */
export class Fleet {
  readonly client: Client;
  readonly namespace: string;

  constructor(client: Client, namespace = 'default') {
    this.client = client;
    this.namespace = namespace;
  }

  find<T extends KubeObject>(resource: Resource<T>, name: string): Promise<T | undefined> {
    return this.client.get(resource, { namespace: this.namespace, name });
  }

  async get<T extends KubeObject>(resource: Resource<T>, name: string): Promise<T> {
    const found = await this.find(resource, name);
    assert.ok(found !== undefined, `${resource.kind} ${name} is gone`);
    return found;
  }

  /** Changes spec or metadata, as a user does. */
  patch<T extends KubeObject>(resource: Resource<T>, name: string, patch: object): Promise<T> {
    return this.client.mergePatch(resource, { namespace: this.namespace, name }, patch);
  }

  delete(resource: Resource, name: string): Promise<boolean> {
    return this.client.delete(resource, { namespace: this.namespace, name });
  }

  /** The KamajiControlPlane, once it is as described. */
  until(name: string, check: (controlPlane: KamajiControlPlane) => boolean): Promise<KamajiControlPlane> {
    let last: KamajiControlPlane | undefined;
    const look = async (): Promise<KamajiControlPlane | false> => {
      last = await this.find(kamajiControlPlanes, name);
      return last !== undefined && check(last) && last;
    };
    return eventually(look, () => last);
  }

  /** A KamajiControlPlane as a user writes it. */
  create(
    name: string,
    spec: Partial<KamajiControlPlaneSpec> = {},
    ownerReferences: OwnerReference[] = [],
  ): Promise<KamajiControlPlane> {
    return this.client.create(kamajiControlPlanes, {
      apiVersion: apiVersionOf(kamajiControlPlanes),
      kind: kamajiControlPlanes.kind,
      metadata: { namespace: this.namespace, name, ownerReferences },
      spec: { version: 'v1.35.4', replicas: 1, network: { serviceType: 'ClusterIP' }, ...spec },
    });
  }

  /** A Cluster and its control plane, as core would have tied them together; `clusterName` is by default that of both. */
  async createOwned(
    name: string,
    spec: Partial<KamajiControlPlaneSpec> = {},
    cluster: NonNullable<Cluster['spec']> = {},
    clusterName = name,
  ): Promise<FakeTenant> {
    const { namespace } = this;
    const identity = { apiVersion: apiVersionOf(clusters), kind: clusters.kind };
    const controlPlaneRef = { apiGroup: kamajiControlPlanes.group, kind: kamajiControlPlanes.kind, name };
    const { metadata } = await this.client.create(clusters, {
      ...identity,
      metadata: { namespace, name: clusterName },
      spec: { controlPlaneRef, ...cluster },
    });
    await this.create(name, spec, [{ ...identity, name: clusterName, uid: metadata.uid ?? '' }]);
    return new FakeTenant(this.client, { namespace, name });
  }

  /** The same with a tenant that serves. */
  async createReady(...given: Parameters<Fleet['createOwned']>): Promise<FakeTenant> {
    const tenant = await this.createOwned(...given);
    await tenant.becomeReady();
    await this.until(tenant.key.name, ({ status }) => isConditionTrue(status?.conditions, 'Ready'));
    return tenant;
  }
}
