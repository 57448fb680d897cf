import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane, TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import type { ProgramsOf } from '#controlplane/pod-of-processes.fake.ts';
import type { Driver } from '#datastore/driver.ts';
import { openEtcd } from '#datastore/etcd/driver.ts';
import type { EtcdChannelOptions } from '#datastore/etcd/channel.ts';
import { deployments, namespaces } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { keyString } from '#runtime/client/resource.ts';
import type { EventNote } from '#runtime/telemetry/events.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { startControlPlane } from '#test/control-plane.ts';
import type { EtcdContents } from '#test/etcd-contents.ts';
import { readEtcdContents } from '#test/etcd-contents.ts';
import { installCrds } from '#test/install-crds.ts';
import type { TlsEtcd } from '#test/tls-etcd.ts';
import { startTlsEtcd } from '#test/tls-etcd.ts';
import { MANAGER, managerIdentity, startManager } from './manager.fake.ts';
import type { RunningTenant } from './running-tenant.fake.ts';
import { runTenant } from './running-tenant.fake.ts';

/** Namespace of the tenants that tests make. */
export const NAMESPACE = 'tenants';
/** Identity of the etcd that tests use, and name of the DataStore that stands for it from the start. */
export const STORE = { identity: 'store-1', name: 'store' } as const;
const TIMEOUT_MS = 30_000;

/** Parts of the spec that a test is about. */
export type TenantParts = Omit<Partial<TenantControlPlaneSpec>, 'controlPlane' | 'dataStore'> & {
  /** Null names none. */
  readonly dataStore?: string | null;
  readonly controlPlane?: Partial<TenantControlPlaneSpec['controlPlane']>;
};

/** A management cluster without nodes, a store, and the controller between them under the manager's own rights. */
export interface World extends AsyncDisposable {
  readonly management: ControlPlane;
  /** The administrator of the management cluster. */
  readonly client: Client;
  /** An address of this machine that is not a loopback one: Kubernetes allows none of those in Endpoints. */
  readonly address: string;
  /** Is told of everything that is about to be made in a store. */
  beforeEnsureTenant: ((schema: string) => Promise<void>) | undefined;
  /** Creates a TenantControlPlane, on the store and at the address of this machine unless its parts say otherwise. */
  tenant(name: string, parts?: TenantParts, metadata?: TenantControlPlane['metadata']): Promise<ObjectKey>;
  get(key: ObjectKey): Promise<TenantControlPlane>;
  /** Creates a DataStore on the etcd and says of it what its controller would. */
  dataStore(name: string): Promise<void>;
  declareStore(name: string, status: NonNullable<DataStore['status']>): Promise<void>;
  /** Waits until something holds. */
  eventually(what: string, holds: () => Promise<boolean>): Promise<void>;
  /** Waits until a condition has that reason. */
  reason(key: ObjectKey, type: string, reason: string): Promise<TenantControlPlane>;
  /** Passes over the tenant that have ended without a failure. */
  passCount(key: ObjectKey): number;
  /** Phases of passes so far, with the longest time that each took, in seconds. */
  phases(): ReadonlyMap<string, number>;
  /** Waits until that many further ones have, counted from now or from then. */
  passes(key: ObjectKey, count: number, from?: number): Promise<void>;
  /** Says of the Deployment what a cluster with nodes would when all its pods are ready. */
  podsReady(key: ObjectKey): Promise<void>;
  /** Runs the tenant's API server, lets the controller reach it, since no Service leads anywhere here, and its pods be ready. */
  run(key: ObjectKey, containers?: readonly string[], programsOf?: ProgramsOf): Promise<RunningTenant>;
  /** Ends the controller with all that it remembers, and starts it anew when what is to happen without it has happened. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Successful writes of the manager so far, as `verb resource/name`. */
  writes(): Promise<readonly string[]>;
  /** Single objects that the manager has read from the API server so far. */
  reads(): Promise<readonly string[]>;
  /** What the manager has asked of tenants' API servers so far, as `verb resource` or `verb resource/name`. */
  tenantRequests(): readonly string[];
  /** What was recorded about the tenant for people, oldest first. */
  notes(key: ObjectKey): readonly EventNote[];
  etcd(): Promise<EtcdContents>;
  /** The etcd under its administrator's credentials; to be closed. */
  administrator(): Driver;
}

/** Starts it; nothing outlives the calling process. */
export async function startWorld(): Promise<World> {
  const [management, store] = await Promise.all([startControlPlane({ auditPolicy }), startTlsEtcd()]);
  const { client } = management;
  const root = await rootOf(store);
  const [manager] = await Promise.all([
    managerIdentity(management),
    installCrds(management),
    initialize(root),
    client.create(namespaces, { metadata: { name: NAMESPACE } }),
  ]);
  const routes = new Map<string, string>();
  const passes = new Map<string, number>();
  const notes = new Map<string, EventNote[]>();
  const phases = new Map<string, number>();
  const tenantRequests: string[] = [];
  const tenants: RunningTenant[] = [];
  const address = machineAddress();
  const start = () =>
    startManager(management, manager, {
      route: (uid) => routes.get(uid),
      passed: (key) => void passes.set(keyString(key), world.passCount(key) + 1),
      noted: (key, note) => void notes.set(keyString(key), [...world.notes(key), note]),
      beforeEnsureTenant: async (schema) => world.beforeEnsureTenant?.(schema),
      askedTenant: (request) => void tenantRequests.push(request),
      phaseTook: (phase, seconds) => void phases.set(phase, Math.max(seconds, phases.get(phase) ?? 0)),
    });

  const requests = async (which: (verb: string) => boolean): Promise<readonly string[]> =>
    (await management.auditEvents())
      .filter(({ verb, responseStatus }) => which(verb) && (responseStatus?.code ?? 500) < 300)
      .map(({ verb, objectRef: { resource = '', subresource, name } = {} }) =>
        [`${verb} ${resource}`, name, ...(subresource === undefined ? [] : [subresource])].join('/'),
      );

  const world: World = {
    management,
    client,
    address,
    beforeEnsureTenant: undefined,
    async tenant(name, { controlPlane, dataStore = STORE.name, ...parts } = {}, metadata = {}) {
      const key = { namespace: NAMESPACE, name };
      await client.create(tenantControlPlanes, {
        apiVersion: 'kamaji.clastix.io/v1alpha1',
        kind: 'TenantControlPlane',
        metadata: { ...metadata, ...key },
        spec: {
          ...(dataStore === null ? {} : { dataStore }),
          kubernetes: { version: 'v1.35.4', kubelet: {} },
          networkProfile: { address },
          addons: { coreDNS: {}, kubeProxy: {} },
          ...parts,
          controlPlane: { service: { serviceType: 'ClusterIP' }, ...controlPlane },
        },
      });
      return key;
    },
    async get(key) {
      const found = await client.get(tenantControlPlanes, key);
      assert.ok(found !== undefined, `TenantControlPlane ${key.name} is gone`);
      return found;
    },
    async dataStore(name) {
      await client.create(dataStores, dataStoreOf(name, store, root));
      await world.declareStore(name, { ready: true, identity: STORE.identity });
    },
    async declareStore(name, status) {
      await client.mergePatch(dataStores, { name }, { status }, { subresource: 'status' });
    },
    async eventually(what, holds) {
      const deadline = performance.now() + TIMEOUT_MS;
      while (!(await holds())) {
        if (performance.now() > deadline) throw new Error(`not in ${TIMEOUT_MS} ms: ${what}`);
        await sleep(20);
      }
    },
    async reason(key, type, reason) {
      let latest = await world.get(key);
      const holds = async (): Promise<boolean> => {
        latest = await world.get(key);
        return findCondition(latest.status?.conditions, type)?.reason === reason;
      };
      await world.eventually(`${type} of ${key.name} has reason ${reason}`, holds).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify(latest.status?.conditions, undefined, 1)}`);
      });
      return latest;
    },
    phases: () => phases,
    passCount: (key) => passes.get(keyString(key)) ?? 0,
    passes: (key, count, from = world.passCount(key)) =>
      world.eventually(`${count} passes over ${key.name}`, async () => world.passCount(key) >= from + count),
    async podsReady(key) {
      const deployment = await client.get(deployments, key);
      assert.ok(deployment !== undefined, `there is no Deployment ${key.name}`);
      const replicas = deployment.spec?.replicas ?? 0;
      const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
      const status = { observedGeneration: deployment.metadata?.generation, ...counts };
      await client.mergePatch(deployments, key, { status }, { subresource: 'status' });
    },
    async run(key, containers, programsOf) {
      const tenant = await runTenant(client, key, containers, programsOf);
      tenants.push(tenant);
      routes.set((await world.get(key)).metadata.uid ?? '', tenant.server);
      await world.podsReady(key);
      return tenant;
    },
    async restart(meanwhile) {
      await running.stop();
      await meanwhile?.();
      running = await start();
    },
    writes: () => requests((verb) => verb !== 'get'),
    reads: () => requests((verb) => verb === 'get'),
    tenantRequests: () => tenantRequests,
    notes: (key) => notes.get(keyString(key)) ?? [],
    administrator: () => openEtcd({ driver: 'etcd', ...root, fingerprint: '' }),
    etcd: () => readEtcdContents(root, new AbortController().signal),
    async [Symbol.asyncDispose]() {
      await running.stop();
      for (const tenant of tenants) await tenant.stop();
      await Promise.all([management.stop(), store.stop()]);
    },
  };
  await world.dataStore(STORE.name);
  let running = await start();
  return world;
}

// Every write of the manager and every look at a single object, and nothing else.
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules: [
    { level: 'Metadata', users: [MANAGER], verbs: ['get', 'create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};

type Root = EtcdChannelOptions & { readonly tls: { readonly client: { certificate: string; key: string } } };

async function rootOf(store: TlsEtcd): Promise<Root> {
  const { certificatePem: certificate, privateKeyPem: key } = await store.client('root');
  return { endpoints: [store.endpoint], tls: { ca: store.authority.certificatePem, client: { certificate, key } } };
}

async function initialize(root: Root): Promise<void> {
  const driver = openEtcd({ driver: 'etcd', ...root, fingerprint: '' });
  await driver.initialize?.(STORE.identity, new AbortController().signal);
  driver.close();
}

function dataStoreOf(name: string, store: TlsEtcd, { tls }: Root): DataStore {
  const inline = (text: string) => ({ content: Buffer.from(text).toString('base64') });
  const { certificatePem, privateKeyPem } = store.authority;
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name },
    spec: {
      driver: 'etcd',
      endpoints: [store.endpoint],
      tlsConfig: {
        certificateAuthority: { certificate: inline(certificatePem), privateKey: inline(privateKeyPem) },
        clientCertificate: { certificate: inline(tls.client.certificate), privateKey: inline(tls.client.key) },
      },
    },
  };
}

function machineAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  assert.ok(found !== undefined, 'this machine has no network interface beside the loopback one');
  return found.address;
}
