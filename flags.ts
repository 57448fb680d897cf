import { Command, InvalidArgumentError, Option } from 'commander';
import { AUTHORIZATION_PORT } from '#api/manager-service.ts';
import type { ListenAddress } from '#runtime/server/listener.ts';
import type { LogLevel } from '#runtime/telemetry/logger.ts';
import { logLevels } from '#runtime/telemetry/logger.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the manager was started with. Times in milliseconds. */
export interface Flags {
  readonly kubeconfig?: string;
  readonly leaderElect: boolean;
  readonly metricsBindAddress: ListenAddress;
  readonly healthProbeBindAddress: ListenAddress;
  readonly webhookBindAddress: ListenAddress;
  readonly authorizationBindAddress: ListenAddress;
  /** Of the management cluster, both ends included. */
  readonly serviceNodePortRange: { readonly from: number; readonly to: number };
  readonly podNamespace?: string;
  /** The only namespace whose control planes are looked after; absent: all. */
  readonly namespace?: string;
  /** Only control planes whose label `cluster.x-k8s.io/watch-filter` has this value. */
  readonly watchFilter?: string;
  readonly datastore?: string;
  readonly managedDatastore: boolean;
  readonly konnectivityDefault: boolean;
  readonly kineImage: string;
  readonly maxConcurrentTcpReconciles: number;
  readonly maxConcurrentReconciles: number;
  /** Of one pass of any controller; absent: each controller's own. */
  readonly controllerReconcileTimeout?: number;
  readonly certificateExpirationDeadline: number;
  readonly bootstrapTokenTtl: number;
  readonly bootstrapTokenMinimum: number;
  readonly featureGates: ReadonlyMap<string, boolean>;
  readonly logLevel: LogLevel;
  /** Flags of upstream's manager that were given and have no effect here. */
  readonly ignored: readonly string[];
}

/**
 * The command line: `run` is called with what it says. Every flag of upstream's manager is accepted under its name; one
 * that means nothing here is not shown, and listed in `ignored`. Wrong ones end the process with a usage error.
 */
export function commandLine(version: string, run: (flags: Flags) => Promise<void>): Command {
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
    .option('--webhook-bind-address <address>', 'where admission is served', parseBindAddress, { port: 9443 })
    .option(
      '--authorization-bind-address <address>',
      'where API servers of tenants ask about limited writes',
      parseBindAddress,
      { port: AUTHORIZATION_PORT },
    )
    .option(
      '--service-node-port-range <range>',
      'node ports of the management cluster, as its API servers are told by the flag of that name',
      parsePortRange,
      { from: 30_000, to: 32_767 },
    )
    .option('--pod-namespace <namespace>', 'namespace of the manager; default: POD_NAMESPACE')
    .option('--namespace <namespace>', 'look after the control planes of this namespace only; needs no more than Roles')
    .option(
      '--watch-filter <value>',
      'look after control planes only whose label cluster.x-k8s.io/watch-filter has this value',
    )
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
    .option('--controller-reconcile-timeout <duration>', 'time for one pass of any controller', parseDuration(1_000))
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
      'comma-separated name=true|false: SkipInfraClusterPatch, ExternalClusterReferenceCrossNamespace',
      parseFeatureGates,
      new Map(),
    )
    .addOption(new Option('--log-level <level>', 'least severity that is logged').choices(logLevels).default('info'))
    .addOption(hidden('--zap-log-level <level>').argParser(parseZapLevel))
    .version(version);
  const withoutEffect = UPSTREAM_ONLY.map(hidden);
  for (const option of withoutEffect) program.addOption(option);
  return program.action(async (options: Flags & { readonly zapLogLevel?: LogLevel }) => {
    const ignored = withoutEffect
      .filter((option) => program.getOptionValueSource(option.attributeName()) === 'cli')
      .map(({ long }) => long ?? '');
    const { namespace, watchFilter, ...others } = options;
    await run({
      ...others,
      // Manifests with variables give flags without a value.
      ...(namespace ? { namespace } : {}),
      ...(watchFilter ? { watchFilter } : {}),
      logLevel: options.zapLogLevel ?? options.logLevel,
      ignored,
    });
  });
}

// No files are written, there is no separate job image, nothing is resynchronised, nothing is reported to anybody, webhooks
// have certificates of our own making, and logs have one form.
const UPSTREAM_ONLY: readonly string[] = [
  '--pprof-bind-address <address>',
  '--tmp-directory <directory>',
  '--migrate-image <image>',
  '--webhook-service-name <name>',
  '--webhook-ca-path <file>',
  '--serviceaccount-name <name>',
  '--cache-resync-period <duration>',
  '--disable-telemetry [bool]',
  '--zap-devel [bool]',
  '--zap-encoder <encoder>',
  '--zap-stacktrace-level <level>',
  '--zap-time-encoding <encoding>',
];

function hidden(flags: string): Option {
  return new Option(flags).hideHelp();
}

function parseBindAddress(text: string): ListenAddress {
  const match = /^(?<host>.*):(?<port>\d{1,5})$/u.exec(text);
  const { host = '', port = '' } = match?.groups ?? {};
  if (match === null || Number(port) > 65_535)
    throw new InvalidArgumentError('write host:port, or :port for all addresses');
  return { port: Number(port), ...(host === '' ? {} : { host: host.replace(/^\[|\]$/gu, '') }) };
}

function parsePortRange(text: string): { readonly from: number; readonly to: number } {
  const match = /^(?<from>\d{1,5})-(?<to>\d{1,5})$/u.exec(text);
  const [from, to] = [Number(match?.groups?.['from']), Number(match?.groups?.['to'])];
  if (from >= 1 && from <= to && to <= 65_535) return { from, to };
  throw new InvalidArgumentError('write the first and the last port, such as 30000-32767');
}

function parseBoolean(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('write true or false');
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('write a whole number from 1');
}

/** Go: time.ParseDuration, in whole hours, minutes and seconds. */
function parseDuration(atLeastMs: number): (text: string) => number {
  return (text) => {
    const match = /^(?:(?<hours>\d+)h)?(?:(?<minutes>\d+)m)?(?:(?<seconds>\d+)s)?$/u.exec(text);
    const { hours = 0, minutes = 0, seconds = 0 } = match?.groups ?? {};
    const ms = Number(hours) * HOUR_MS + Number(minutes) * 60_000 + Number(seconds) * 1_000;
    if (text !== '' && match !== null && ms >= atLeastMs) return ms;
    throw new InvalidArgumentError(`write a duration of at least ${atLeastMs / 1_000}s, such as 720h, 1h30m or 90s`);
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

/** zap's names, and its numbers for ever more detail (controller-runtime: log/zap). */
function parseZapLevel(text: string): LogLevel {
  if (/^[1-9]\d*$/u.test(text)) return 'debug';
  switch (text) {
    case 'debug':
    case 'info':
    case 'error':
      return text;
    case 'panic':
      return 'error';
    default:
      throw new InvalidArgumentError('write debug, info, error, panic or a whole number from 1');
  }
}
