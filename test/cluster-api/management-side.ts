import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import type { Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes } from '#api/kinds.ts';
import { labels } from '#api/labels.ts';
import type { RunningTenant } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import { runTenant } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import { deployments, pods } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { isConditionTrue } from '#runtime/client/conditions.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';
import type { ControlPlane } from '../control-plane.ts';
import { startControllers } from '../controllers-in-process.ts';
import type { Installation, InstallationOptions } from '../installation.ts';
import { SHARED, startInstallation } from '../installation.ts';
import { freePorts } from '../ports.ts';
import type { Core, CoreOptions } from './core.ts';
import { startCore } from './core.ts';

/**
 * A management cluster without nodes, but with Cluster API's real core and every controller of this provider, for one
 * Cluster with a KamajiControlPlane of the same name.
 */
export interface ManagementSide {
  readonly key: ObjectKey;
  readonly installation: Installation;
  readonly management: ControlPlane;
  readonly client: Client;
  /** Creates the Cluster and its control plane, as a user does; resolves when there is a Deployment. */
  createCluster(spec?: Pick<NonNullable<Cluster['spec']>, 'infrastructureRef'>): Promise<void>;
  /** In place of the control plane's pods: one whose API server serves this version, in a Deployment that is all ready. */
  servePod(version: string): Promise<void>;
  /** Runs the tenant's API server over what this side knows of it, in place of its pods, of which it says that they are ready. */
  runTenant(): Promise<RunningTenant>;
  untilControlPlane(check: (controlPlane: KamajiControlPlane) => boolean): Promise<KamajiControlPlane>;
  untilReady(): Promise<KamajiControlPlane>;
  untilCluster(check: (cluster: Cluster) => boolean): Promise<Cluster>;
  stop(): Promise<void>;
}

export async function startManagementSide(
  key: ObjectKey,
  options: InstallationOptions & CoreOptions,
): Promise<ManagementSide> {
  const installation = await startInstallation(options);
  const { management } = installation;
  const { client } = management;
  let tenant: RunningTenant | undefined;
  let core: Core | undefined;
  let controllers: { stop(): Promise<void> } | undefined;
  const stop = async (): Promise<void> => {
    await tenant?.stop();
    await controllers?.stop();
    await core?.[Symbol.asyncDispose]();
    await installation.stop();
  };
  try {
    controllers = await startControllers(management, { namespace: SHARED, route: () => tenant?.server });
    core = await startCore(management, options);
  } catch (error) {
    await stop();
    throw error;
  }
  const untilControlPlane: ManagementSide['untilControlPlane'] = (check) =>
    untilObject(() => client.get(kamajiControlPlanes, key), check);
  return {
    key,
    installation,
    management,
    client,
    async createCluster(spec = {}) {
      await createCluster(client, key, spec);
      await until('the Deployment is there', () => client.get(deployments, key));
    },
    async runTenant() {
      tenant = await runTenant(client, key);
      await declarePodsReady(client, key);
      return tenant;
    },
    servePod: (version) => servePod(client, key, version),
    untilControlPlane,
    untilReady: () => untilControlPlane(({ status }) => isConditionTrue(status?.conditions, 'Ready')),
    untilCluster: (check) => untilObject(() => client.get(clusters, key), check),
    stop,
  };
}

/** Says of the Deployment what a cluster with nodes would when its pod is ready. */
export async function declarePodsReady(client: Client, key: ObjectKey): Promise<void> {
  const { metadata } = (await client.get(deployments, key)) ?? {};
  const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  const status = { observedGeneration: metadata?.generation, ...counts };
  await client.mergePatch(deployments, key, { status }, { subresource: 'status' });
}

async function servePod(client: Client, key: ObjectKey, version: string): Promise<void> {
  const { namespace = '', name } = key;
  const own = `${labels.name}=${name}`;
  for (const { metadata } of (await client.list(pods, { namespace, labelSelector: own })).items) {
    await client.delete(pods, { namespace, name: metadata?.name ?? '' });
  }
  const pod = { namespace, name: `${name}-${version.replaceAll('.', '-')}` };
  await client.create(pods, {
    metadata: { ...pod, labels: { [labels.name]: name, [labels.component]: 'deployment' } },
    spec: { containers: [{ name: 'kube-apiserver', image: `registry.k8s.io/kube-apiserver:${version}` }] },
  });
  const status = { conditions: [{ type: 'Ready', status: 'True' }] };
  await client.mergePatch(pods, pod, { status }, { subresource: 'status' });
  await declarePodsReady(client, key);
}

async function createCluster(client: Client, key: ObjectKey, spec: NonNullable<Cluster['spec']>): Promise<void> {
  const { namespace = '', name } = key;
  const [apiServerPort = 0] = await freePorts(1);
  const { group: apiGroup, kind } = kamajiControlPlanes;
  await client.create(clusters, {
    apiVersion: apiVersionOf(clusters),
    kind: clusters.kind,
    metadata: { namespace, name },
    spec: { clusterNetwork: { apiServerPort }, controlPlaneRef: { apiGroup, kind, name }, ...spec },
  });
  await client.create<KamajiControlPlane>(kamajiControlPlanes, {
    apiVersion: apiVersionOf(kamajiControlPlanes),
    kind,
    metadata: { namespace, name },
    spec: { version: 'v1.35.4', replicas: 1, ...reachableControlPlane() },
  });
}

/** What makes a control plane that runs as processes of this machine, whatever its version and size. */
export function reachableControlPlane(): Pick<KamajiControlPlane['spec'], 'dataStoreName' | 'addons' | 'network'> {
  return {
    dataStoreName: 'default',
    addons: { coreDNS: {}, kubeProxy: {} },
    // Of this machine: Kubernetes allows no loopback address in Endpoints.
    network: { serviceType: 'ClusterIP', serviceAddress: machineAddress() },
  };
}

function machineAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  assert.ok(found !== undefined, 'this machine has no network interface beside the loopback one');
  return found.address;
}

async function untilObject<T>(read: () => Promise<T | undefined>, check: (object: T) => boolean): Promise<T> {
  let last: T | undefined;
  const look = async (): Promise<T | undefined> => {
    last = await read();
    return last !== undefined && check(last) ? last : undefined;
  };
  return until('the object is as described', look).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(last, undefined, 1)}`, { cause: error });
  });
}

/** Waits, in real time, until `look` answers something. */
export async function until<T>(what: string, look: () => Promise<T | false | undefined>): Promise<T> {
  const deadline = AbortSignal.timeout(180_000);
  for (;;) {
    const answer = await look();
    if (answer !== undefined && answer !== false) return answer;
    await systemClock.sleep(200, deadline).catch((cause: unknown) => {
      throw new Error(`not in 180 s: ${what}`, { cause });
    });
  }
}
