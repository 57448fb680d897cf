import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { Logger } from 'winston';
import { konnectivityImages } from '#addons/versions.ts';
import { setupAdmission } from '#admission/index.ts';
import { dataStores } from '#api/kinds.ts';
import { type Settings, setupControllers } from '#controllers/index.ts';
import { kamajiGauges } from '#controllers/metrics/index.ts';
import { openDriver } from '#datastore/open-driver.ts';
import { FIELD_MANAGER } from '#controllers/tenantcontrolplane/index.ts';
import { konnectivityEnabled } from '#controllers/tenantcontrolplane/konnectivity.ts';
import { DataStorePool } from '#datastore/pool.ts';
import { dataStoresOf, pickDataStore, tenantNamesOf } from '#datastore/scheduling.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import { endPeriod } from '#pki/remembered.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { findClusterAccess } from '#runtime/client/cluster-access.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { type Clock, systemClock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import { createLeaderElector } from '#runtime/manager/leader-election.ts';
import { refuseUnlessLeading, refuseWritesUnless } from '#runtime/manager/leadership.ts';
import { createManager } from '#runtime/manager/manager.ts';
import { shutdownSignal } from '#runtime/manager/signals.ts';
import { createHealthServer } from '#runtime/server/health.ts';
import { createMetricsServer } from '#runtime/server/metrics-server.ts';
import { registerDurations } from '#runtime/telemetry/duration-histogram.ts';
import { createEventRecorder } from '#runtime/telemetry/events.ts';
import { closeLogger, createLogger } from '#runtime/telemetry/logger.ts';
import { createMetrics } from '#runtime/telemetry/metrics.ts';
import { registerSampledGauge } from '#runtime/telemetry/sampled-gauge.ts';
import { createTenantPool } from '#tenant/pool.ts';
import { commandLine, type Flags } from './flags.ts';
import packageJson from './package.json' with { type: 'json' };

/** The process: flags to clients, clients to controllers, controllers to a manager that runs until it is told to stop. */
async function run(flags: Flags): Promise<void> {
  const log = createLogger({ level: flags.logLevel });
  const clock = systemClock;
  const random = Math.random;
  const signal = shutdownSignal(log);
  const userAgent = `${packageJson.name}/${packageJson.version}`;
  const metrics = createMetrics();
  const access = await findClusterAccess({ path: flags.kubeconfig, clock });
  const namespace = flags.podNamespace ?? process.env['POD_NAMESPACE'] ?? access.namespace ?? 'kamaji-system';
  const identity = `${process.env['POD_NAME'] ?? hostname()}_${randomUUID()}`;

  const connect = { ...access.transport, clock, userAgent, hostClass: 'management', metrics: metrics.client };
  // The lease is renewed over its own connection: a burst of work must not cost us the leadership. Events are not fenced
  // by it, so that the last ones of an orderly end still arrive.
  const leaseTransport = createTransport({ ...connect, connections: 1 });
  const eventTransport = createTransport({ ...connect, connections: 1 });
  // Nor is admission, which every replica takes part in: it writes its own certificate, and tries out objects.
  const admissionTransport = createTransport({ ...connect, connections: 4 });
  const admissionClient = createClient(admissionTransport);
  const elector = flags.leaderElect
    ? createLeaderElector({
        client: createClient(leaseTransport),
        lease: { namespace, name: 'kamaji.controlplane.cluster.x-k8s.io' },
        identity,
        clock,
        log,
        metrics: metrics.leaderElection,
      })
    : undefined;
  const fence = elector === undefined ? {} : { beforeSend: refuseWritesUnless(elector) };
  const transport = createTransport({ ...connect, connections: 16, ...fence });
  const client = createClient(transport);
  const watched = flags.namespace === undefined ? {} : { namespace: flags.namespace };
  const cache = createCache({ transport, clock, random, log, metrics: metrics.cache, ...watched });
  const recorder = createEventRecorder({
    client: createClient(eventTransport),
    clock,
    log,
    controller: 'kamaji.clastix.io/manager',
    instance: identity,
  });
  const storeFence =
    elector === undefined ? {} : { beforeWrite: () => refuseUnlessLeading(elector, 'a write to a datastore') };
  const dataStorePool = new DataStorePool({
    reader: client,
    managerNamespace: namespace,
    clock,
    open: (config) => openDriver(config, storeFence),
  });
  const tenantPool = createTenantPool({ clock, userAgent, metrics: metrics.client, ...fence });

  const known = cache.informer(dataStores);
  const admission = setupAdmission({
    cache,
    clock,
    log,
    metrics: metrics.admission,
    address: flags.webhookBindAddress,
    authorizationAddress: flags.authorizationBindAddress,
    namespace,
    ownsWebhooks: flags.namespace === undefined,
    client: admissionClient,
    issuer: {
      createAuthority: (validityMs, now) => createAuthority({ commonName: 'kamaji-webhook-ca', validityMs, now }),
      issue: (authority, names, validityMs, now) => {
        const subject = { commonName: 'kamaji-webhook' };
        return issue({ authority, subject, usages: ['serverAuth'], ...names, validityMs, now });
      },
    },
    placeOf: (tenant) => ({
      stores: [...dataStoresOf(tenant), ...[pickDataStore(tenant, known.list(), flags.datastore) ?? []].flat()],
      ...tenantNamesOf(tenant),
    }),
    konnectivityOf: (tenant) =>
      konnectivityEnabled(tenant, flags.konnectivityDefault) ? konnectivityImages(tenant) : undefined,
    nodePorts: flags.serviceNodePortRange,
    fieldManager: FIELD_MANAGER,
  });

  const health = createHealthServer({
    ...flags.healthProbeBindAddress,
    clock,
    log,
    readyChecks: {
      caches: () => (manager.isReady() ? undefined : 'caches have not synced, or the process is ending'),
      admission: admission.notReady,
    },
  });
  const manager = createManager({
    cache,
    clock,
    log,
    ...(elector === undefined ? {} : { leaderElection: elector }),
    servers: [
      health,
      createMetricsServer({ ...flags.metricsBindAddress, registry: metrics.registry, log }),
      admission.server,
      admission.authorization,
    ],
    closers: [
      { name: 'events', close: (deadline) => recorder.close(deadline) },
      { name: 'connections of events', close: (deadline) => eventTransport.close(deadline) },
      { name: 'connections of admission', close: () => admissionTransport.close() },
      { name: 'tenants', close: () => tenantPool.close() },
      { name: 'datastores', close: async () => dataStorePool.close() },
      { name: 'management API', close: (deadline) => transport.close(deadline) },
      { name: 'lease', close: (deadline) => leaseTransport.close(deadline) },
    ],
  });

  const controllers = setupControllers({
    cache,
    clock,
    random,
    events: recorder,
    dataStorePool,
    tenantPool,
    managerNamespace: namespace,
    managementAddresses: await managementAddresses(access.transport.server, log, signal),
    settings: settingsOf(flags),
    phaseTook: registerDurations(metrics.registry, {
      name: 'kamaji_handler_time_seconds',
      help: 'Length of the phases of a pass over a TenantControlPlane',
      labelName: 'handler',
    }),
  });
  const gauges = kamajiGauges({
    cache,
    clock,
    renewBeforeMs: flags.certificateExpirationDeadline,
    version: packageJson.version,
    usage: dataStorePool.usage,
    shows: () => manager.isReady() && (elector?.isLeader() ?? true),
  });
  for (const gauge of gauges) registerSampledGauge(metrics.registry, gauge);
  const timeout = flags.controllerReconcileTimeout === undefined ? {} : { timeoutMs: flags.controllerReconcileTimeout };
  for (const options of controllers) {
    manager.add(
      createController({ ...options, ...timeout }, { client, cache, clock, log, metrics: metrics.controller }),
    );
  }

  const upkeep = createController(admission.upkeep, {
    client: admissionClient,
    cache,
    clock,
    log,
    metrics: metrics.controller,
  });
  manager.addRunnable({ name: upkeep.name, needsLeadership: false, start: (ending) => upkeep.start(ending) });
  manager.addRunnable({ name: 'remembered', needsLeadership: false, start: (ending) => endPeriods(clock, ending) });

  try {
    log.info('starting', { version: packageJson.version, namespace });
    if (flags.ignored.length > 0) log.warn('flags without effect are ignored', { flags: flags.ignored });
    await manager.run(signal);
  } catch (error) {
    log.error('the manager ended', { error });
    process.exitCode = 1;
  }
  await closeLogger(log);
  // Whatever is still open after an ordered shutdown must not keep a process alive that no longer works.
  process.exit();
}

// Longer than the time between two looks at a tenant, five minutes at most (`tenant-check.ts`): what every look asks for stays. What
// only a whole pass asks for goes while a tenant is at rest (`settled-passes.ts`), and is found out again once in half an hour.
const PERIOD_MS = 6 * 60_000;

async function endPeriods(clock: Clock, ending: AbortSignal): Promise<never> {
  for (;;) {
    await clock.sleep(PERIOD_MS, ending);
    endPeriod();
  }
}

function settingsOf(flags: Flags): Settings {
  return {
    ...(flags.datastore === undefined ? {} : { defaultDataStore: flags.datastore }),
    managedDataStore: flags.managedDatastore,
    konnectivityDefault: flags.konnectivityDefault,
    kineImage: flags.kineImage,
    maxConcurrentTenantControlPlanes: flags.maxConcurrentTcpReconciles,
    maxConcurrentKamajiControlPlanes: flags.maxConcurrentReconciles,
    renewBeforeMs: flags.certificateExpirationDeadline,
    bootstrapTokenTtlMs: flags.bootstrapTokenTtl,
    bootstrapTokenMinimumMs: flags.bootstrapTokenMinimum,
    skipInfraClusterPatch: flags.featureGates.get('SkipInfraClusterPatch') ?? false,
    crossNamespaceKubeconfigs: flags.featureGates.get('ExternalClusterReferenceCrossNamespace') ?? false,
    namespaced: flags.namespace !== undefined,
    ...(flags.watchFilter === undefined ? {} : { watchFilter: flags.watchFilter }),
  };
}

// No tenant's API server may be talked into dialling this cluster's. Where its name is not known yet (a DNS that starts with
// everything else), that is waited for.
async function managementAddresses(server: string, log: Logger, signal: AbortSignal): Promise<readonly string[]> {
  const { hostname: host } = new URL(server);
  for (let waitMs = 1_000; ; waitMs = Math.min(2 * waitMs, 30_000)) {
    try {
      const addresses = await lookup(host.replace(/^\[|\]$/gu, ''), { all: true });
      return addresses.map(({ address }) => address);
    } catch (error) {
      log.warn(`the API server's name ${host} cannot be resolved; trying again`, { waitMs, error });
      await systemClock.sleep(waitMs, signal);
    }
  }
}

try {
  await commandLine(packageJson.version, run).parseAsync();
} catch (error) {
  // Before there is a logger, or while it is being ended: a sentence instead of a stack.
  process.stderr.write(`the manager cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
