import { randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Settings, setupControllers } from '#controllers/index.ts';
import { DataStorePool } from '#datastore/pool.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { loadKubeConfig } from '#runtime/client/kubeconfig.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { systemClock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import { createLeaderElector } from '#runtime/manager/leader-election.ts';
import { refuseWritesUnless } from '#runtime/manager/leadership.ts';
import { createManager } from '#runtime/manager/manager.ts';
import { shutdownSignal } from '#runtime/manager/signals.ts';
import { createHealthServer } from '#runtime/server/health.ts';
import type { ListenAddress } from '#runtime/server/listener.ts';
import { createMetricsServer } from '#runtime/server/metrics-server.ts';
import { createEventRecorder } from '#runtime/telemetry/events.ts';
import type { LogLevel } from '#runtime/telemetry/logger.ts';
import { closeLogger, createLogger, logLevels } from '#runtime/telemetry/logger.ts';
import { createMetrics } from '#runtime/telemetry/metrics.ts';
import { createTenantPool } from '#tenant/pool.ts';
import packageJson from './package.json' with { type: 'json' };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Flags {
  readonly kubeconfig?: string;
  readonly leaderElect: boolean;
  readonly metricsBindAddress: ListenAddress;
  readonly healthProbeBindAddress: ListenAddress;
  readonly podNamespace?: string;
  readonly datastore?: string;
  readonly managedDatastore: boolean;
  readonly konnectivityDefault: boolean;
  readonly kineImage: string;
  readonly maxConcurrentTcpReconciles: number;
  readonly maxConcurrentReconciles: number;
  readonly certificateExpirationDeadline: number;
  readonly bootstrapTokenTtl: number;
  readonly bootstrapTokenMinimum: number;
  readonly featureGates: ReadonlyMap<string, boolean>;
  readonly logLevel: LogLevel;
}

/** The process: flags to clients, clients to controllers, controllers to a manager that runs until it is told to stop. */
async function run(flags: Flags): Promise<void> {
  const log = createLogger({ level: flags.logLevel });
  const clock = systemClock;
  const random = Math.random;
  const signal = shutdownSignal(log);
  const userAgent = `${packageJson.name}/${packageJson.version}`;
  const metrics = createMetrics();
  const access = await loadKubeConfig({ path: flags.kubeconfig, clock });
  const namespace = flags.podNamespace ?? process.env['POD_NAMESPACE'] ?? access.namespace ?? 'kamaji-system';
  const identity = `${process.env['POD_NAME'] ?? hostname()}_${randomUUID()}`;

  const connect = { ...access.transport, clock, userAgent, hostClass: 'management', metrics: metrics.client };
  // The lease is renewed over its own connection: a burst of work must not cost us the leadership. Events are not fenced
  // by it, so that the last ones of an orderly end still arrive.
  const leaseTransport = createTransport({ ...connect, connections: 1 });
  const eventTransport = createTransport({ ...connect, connections: 1 });
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
  const cache = createCache({ transport, clock, random, log, metrics: metrics.cache });
  const recorder = createEventRecorder({
    client: createClient(eventTransport),
    clock,
    log,
    controller: 'kamaji.clastix.io/manager',
    instance: identity,
  });
  const dataStorePool = new DataStorePool({ reader: client, managerNamespace: namespace, clock });
  const tenantPool = createTenantPool({ clock, userAgent, metrics: metrics.client, ...fence });

  const health = createHealthServer({
    ...flags.healthProbeBindAddress,
    clock,
    log,
    readyChecks: { caches: () => (manager.isReady() ? undefined : 'caches have not synced, or the process is ending') },
  });
  const manager = createManager({
    cache,
    clock,
    log,
    ...(elector === undefined ? {} : { leaderElection: elector }),
    servers: [health, createMetricsServer({ ...flags.metricsBindAddress, registry: metrics.registry, log })],
    closers: [
      { name: 'events', close: (deadline) => recorder.close(deadline) },
      { name: 'connections of events', close: () => eventTransport.close() },
      { name: 'tenants', close: () => tenantPool.close() },
      { name: 'datastores', close: async () => dataStorePool.close() },
      { name: 'management API', close: () => transport.close() },
      { name: 'lease', close: () => leaseTransport.close() },
    ],
  });

  const controllers = await setupControllers(
    {
      cache,
      clock,
      random,
      log,
      reader: client,
      events: recorder,
      dataStorePool,
      tenantPool,
      managerNamespace: namespace,
      managementAddresses: await managementAddresses(access.transport.server),
      settings: settingsOf(flags),
    },
    signal,
  );
  for (const options of controllers) {
    manager.add(createController(options, { client, cache, clock, log, metrics: metrics.controller }));
  }

  try {
    log.info('starting', { version: packageJson.version, namespace });
    await manager.run(signal);
  } catch (error) {
    log.error('the manager ended', { error });
    process.exitCode = 1;
  }
  await closeLogger(log);
  // Whatever is still open after an ordered shutdown must not keep a process alive that no longer works.
  process.exit();
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
  };
}

// No tenant's API server may be talked into dialling this cluster's.
async function managementAddresses(server: string): Promise<readonly string[]> {
  const { hostname: host } = new URL(server);
  const addresses = await lookup(host.replace(/^\[|\]$/gu, ''), { all: true });
  return addresses.map(({ address }) => address);
}

function parseBindAddress(text: string): ListenAddress {
  const match = /^(?<host>.*):(?<port>\d{1,5})$/u.exec(text);
  const { host = '', port = '' } = match?.groups ?? {};
  if (match === null || Number(port) > 65_535)
    throw new InvalidArgumentError('write host:port, or :port for all addresses');
  return { port: Number(port), ...(host === '' ? {} : { host: host.replace(/^\[|\]$/gu, '') }) };
}

function parseBoolean(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('write true or false');
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('write a whole number from 1');
}

function parseDuration(atLeastMs: number): (text: string) => number {
  return (text) => {
    const match = /^(?<amount>\d+)(?<unit>h|m|s)$/u.exec(text);
    const { amount = '', unit = '' } = match?.groups ?? {};
    const ms = Number(amount) * { h: HOUR_MS, m: 60_000, s: 1_000 }[unit as 'h' | 'm' | 's'];
    if (match !== null && ms >= atLeastMs) return ms;
    throw new InvalidArgumentError(`write a duration of at least ${atLeastMs / 60_000}m, such as 720h or 90m`);
  };
}

function parseFeatureGates(text: string): ReadonlyMap<string, boolean> {
  return new Map(
    text
      .split(',')
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', value = ''] = part.split('=');
        return [name, parseBoolean(value)] as const;
      }),
  );
}

const program = new Command('manager')
  .description('Cluster API control-plane provider that runs Kubernetes control planes as pods')
  .option(
    '--kubeconfig <file>',
    'kubeconfig of the management cluster; default: KUBECONFIG, then the pod’s service account',
  )
  .option('--leader-elect [bool]', 'work only while holding the lease', parseBoolean, false)
  .option('--metrics-bind-address <address>', 'where /metrics is served', parseBindAddress, { port: 8080 })
  .option('--health-probe-bind-address <address>', 'where /healthz and /readyz are served', parseBindAddress, {
    port: 8081,
  })
  .option('--pod-namespace <namespace>', 'namespace of the manager; default: POD_NAMESPACE')
  .option('--datastore <name>', 'DataStore of control planes that name none')
  .option(
    '--managed-datastore <bool>',
    'make the DataStore "default" when the first control plane needs it',
    parseBoolean,
    true,
  )
  .option(
    '--konnectivity-default <bool>',
    'whether control planes that do not say get a tunnel to their nodes',
    parseBoolean,
    true,
  )
  .option('--kine-image <image>', 'image of kine, for SQL and NATS datastores', 'rancher/kine:v0.17.5')
  .option('--max-concurrent-tcp-reconciles <n>', 'TenantControlPlanes worked on at once', parseCount, 10)
  .option('--max-concurrent-reconciles <n>', 'KamajiControlPlanes worked on at once', parseCount, 10)
  .option(
    '--certificate-expiration-deadline <duration>',
    'renew certificates when less than this is left',
    parseDuration(DAY_MS),
    30 * DAY_MS,
  )
  .option(
    '--bootstrap-token-ttl <duration>',
    'life of a token for joining machines',
    parseDuration(600_000),
    2 * HOUR_MS,
  )
  .option(
    '--bootstrap-token-minimum <duration>',
    'what a published token always has left; less than its life',
    parseDuration(0),
    HOUR_MS,
  )
  .option(
    '--feature-gates <gates>',
    'comma-separated name=true|false: SkipInfraClusterPatch',
    parseFeatureGates,
    new Map(),
  )
  .addOption(new Option('--log-level <level>', 'least severity that is logged').choices(logLevels).default('info'))
  .version(packageJson.version)
  .action(run);

await program.parseAsync();
