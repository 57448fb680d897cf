import { createLogger } from 'winston';
import type { Driver } from '#datastore/driver.ts';
import { openDriver } from '#datastore/open-driver.ts';
import { DataStorePool } from '#datastore/pool.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { clusterRoleBindings, clusterRoles } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { createTransport } from '#runtime/client/transport.ts';
import type { Clock } from '#runtime/clock.ts';
import { sleepOn, systemClock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import type { EventNote } from '#runtime/telemetry/events.ts';
import { createTenantPool } from '#tenant/pool.ts';
import type { ControlPlane, Identity } from '#test/control-plane.ts';
import { setupTenantControlPlaneController } from './index.ts';
import { rules } from './rbac.ts';

/** Who the controller is in tests. */
export const MANAGER = 'system:serviceaccount:kamaji-system:kamaji-controller-manager';

/** What a test is told of the controller, and where it has a say. */
export interface Hooks {
  /** Where the API server of the tenant with that UID really is. */
  readonly route: (uid: string) => string | undefined;
  /** A pass has ended without a failure. */
  readonly passed: (key: ObjectKey) => void;
  readonly noted: (key: ObjectKey, note: EventNote) => void;
  readonly beforeEnsureTenant: (schema: string) => Promise<void>;
  /** Something was asked of a tenant's API server, as `verb resource` or `verb resource/name`. */
  readonly askedTenant: (request: string) => void;
  /** A phase of a pass has ended. */
  readonly phaseTook: (phase: string, seconds: number) => void;
}

/** The identity of a manager that may do what `rules` says and nothing else. */
export async function managerIdentity(management: ControlPlane): Promise<Identity> {
  const name = 'kamaji-tenantcontrolplane';
  // The wire type's lists are mutable.
  const granted = JSON.parse(JSON.stringify(rules));
  await management.client.create(clusterRoles, { metadata: { name }, rules: granted });
  await management.client.create(clusterRoleBindings, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: MANAGER }],
  });
  return management.identity(MANAGER);
}

/** Runs the controller with caches, connections and memory of its own; resolves when the caches have synced. */
export async function startManager(
  management: ControlPlane,
  { certificatePem: cert, privateKeyPem: key }: Identity,
  hooks: Hooks,
): Promise<{ stop(): Promise<void> }> {
  const tls = { ca: management.caCertificatePem, cert, key };
  const transport = createTransport({ server: management.server, tls, connections: 16 });
  const client = createClient(transport);
  const log = createLogger({ silent: true });
  const cache = createCache({ transport, clock: systemClock, random: Math.random, log });
  const tenants = createTenantPool({ clock: systemClock, userAgent: 'test' });
  const dataStorePool = new DataStorePool({
    reader: client,
    managerNamespace: 'kamaji-system',
    clock: systemClock,
    open: (config) => watched(openDriver(config), hooks.beforeEnsureTenant),
  });
  const options = setupTenantControlPlaneController({
    cache,
    clock: systemClock,
    dataStorePool,
    tenantPool: {
      ...tenants,
      client: (access) =>
        overheard(tenants.client({ ...access, server: hooks.route(access.id) ?? access.server }), hooks.askedTenant),
    },
    events: {
      record: ({ metadata: { namespace = '', name = '' } = {} }, note) => hooks.noted({ namespace, name }, note),
    },
    managerNamespace: 'kamaji-system',
    makeDefaultDataStore: false,
    konnectivityDefault: true,
    kineImage: 'kine:test',
    renewBeforeMs: 30 * 24 * 3_600_000,
    keyAlgorithm: 'ECDSA-P256',
    managementAddresses: ['192.0.2.254'],
    tenantCheckMs: () => 5_000,
    phaseTook: hooks.phaseTook,
  });
  const reconcile: typeof options.reconcile = async (key, context) => {
    const result = await options.reconcile(key, context);
    hooks.passed(key);
    return result;
  };
  const controller = createController({ ...options, reconcile }, { client, cache, clock: fast(10), log });
  const ending = new AbortController();
  const running = Promise.all([cache.start(ending.signal), controller.start(ending.signal)]);
  await cache.waitForSync(ending.signal);
  return {
    async stop() {
      ending.abort();
      await running;
      await tenants.close();
      dataStorePool.close();
      await transport.close();
    },
  };
}

function watched(driver: Driver, before: Hooks['beforeEnsureTenant']): Driver {
  return {
    ...driver,
    ensureTenant: async (access, signal) => {
      await before(access.schema);
      await driver.ensureTenant(access, signal);
    },
  };
}

function overheard(client: Client, heard: (request: string) => void): Client {
  return {
    ...client,
    list: (resource, options) => {
      heard(`list ${resource.plural}`);
      return client.list(resource, options);
    },
    get: (resource, key, options) => {
      heard(`get ${resource.plural}/${key.name}`);
      return client.get(resource, key, options);
    },
    apply: (resource, object, options) => {
      heard(`apply ${resource.plural}/${object.metadata?.name}`);
      return client.apply(resource, object, options);
    },
    delete: (resource, key, options) => {
      heard(`delete ${resource.plural}/${key.name}`);
      return client.delete(resource, key, options);
    },
  };
}

// Delays of the queue pass this much faster; everything else, such as time-outs of connections, keeps its pace.
function fast(factor: number): Clock {
  const clock: Clock = {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() * factor,
    setTimeout: (fn, ms) => systemClock.setTimeout(fn, ms / factor),
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
  };
  return clock;
}
