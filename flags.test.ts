import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CommanderError } from 'commander';
import { commandLine, type Flags } from './flags.ts';

const HOUR_MS = 3_600_000;

async function parse(...args: string[]): Promise<Flags> {
  let seen: Flags | undefined;
  const program = commandLine('0.0.0', async (flags) => {
    seen = flags;
  })
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  await program.parseAsync(args, { from: 'user' });
  assert.ok(seen !== undefined);
  return seen;
}

suite('flags', () => {
  test('none are needed', async () => {
    const flags = await parse();
    assert.equal(flags.leaderElect, false);
    assert.deepEqual(flags.metricsBindAddress, { port: 8080 });
    assert.equal(flags.certificateExpirationDeadline, 720 * HOUR_MS);
    assert.equal(flags.controllerReconcileTimeout, undefined);
    assert.equal(flags.logLevel, 'info');
    assert.deepEqual(flags.serviceNodePortRange, { from: 30_000, to: 32_767 });
    // One tag for every architecture.
    assert.match(flags.kineImage, /^rancher\/kine:v[\d.]+$/u);
    assert.deepEqual(flags.ignored, []);
  });

  test('one namespace and one label divide the work between instances; empty ones are as if not given', async () => {
    const given = await parse('--namespace=team', '--watch-filter=blue');
    assert.deepEqual([given.namespace, given.watchFilter], ['team', 'blue']);
    const empty = await parse('--namespace=', '--watch-filter=');
    assert.deepEqual([empty.namespace, empty.watchFilter], [undefined, undefined]);
  });

  test('those of upstream’s installation are accepted; the ones without effect are named', async () => {
    const flags = await parse(
      '--metrics-bind-address=:9090',
      '--health-probe-bind-address=[::1]:8081',
      '--pprof-bind-address=:6060',
      '--leader-elect',
      '--tmp-directory=/tmp/kamaji',
      '--kine-image=rancher/kine:v0.11.10-amd64',
      '--datastore=default',
      '--migrate-image=docker.io/clastix/kamaji:edge',
      '--max-concurrent-tcp-reconciles=1',
      '--pod-namespace=kamaji-system',
      '--webhook-service-name=kamaji-webhook-service',
      '--serviceaccount-name=kamaji-controller-manager',
      '--webhook-ca-path=/tmp/k8s-webhook-server/serving-certs/ca.crt',
      '--controller-reconcile-timeout=1m30s',
      '--cache-resync-period=10h',
      '--disable-telemetry',
      '--certificate-expiration-deadline=24h',
      '--zap-devel=false',
      '--zap-encoder=json',
      '--zap-log-level=2',
      '--zap-stacktrace-level=panic',
      '--zap-time-encoding=rfc3339',
    );
    assert.equal(flags.leaderElect, true);
    assert.deepEqual(flags.healthProbeBindAddress, { port: 8081, host: '::1' });
    assert.equal(flags.controllerReconcileTimeout, 90_000);
    assert.equal(flags.certificateExpirationDeadline, 24 * HOUR_MS);
    assert.equal(flags.logLevel, 'debug');
    assert.deepEqual(flags.ignored, [
      '--pprof-bind-address',
      '--tmp-directory',
      '--migrate-image',
      '--webhook-service-name',
      '--webhook-ca-path',
      '--serviceaccount-name',
      '--cache-resync-period',
      '--disable-telemetry',
      '--zap-devel',
      '--zap-encoder',
      '--zap-stacktrace-level',
      '--zap-time-encoding',
    ]);
  });

  test('another range of node ports is taken as the API server takes it', async () => {
    const { serviceNodePortRange } = await parse('--service-node-port-range=20000-22767');
    assert.deepEqual(serviceNodePortRange, { from: 20_000, to: 22_767 });
  });

  test('wrong ones are refused, with what to write instead', async () => {
    const refusals: readonly [flag: string, says: RegExp][] = [
      ['--certificate-expiration-deadline=1h', /at least 86400s/u],
      ['--controller-reconcile-timeout=', /such as 720h, 1h30m or 90s/u],
      ['--controller-reconcile-timeout=5', /such as 720h, 1h30m or 90s/u],
      ['--metrics-bind-address=8080', /host:port/u],
      ['--max-concurrent-tcp-reconciles=0', /whole number/u],
      ['--leader-elect=maybe', /true or false/u],
      ['--service-node-port-range=30000', /first and the last port, such as 30000-32767/u],
      ['--service-node-port-range=32767-30000', /first and the last port/u],
      ['--zap-log-level=loud', /debug, info, error/u],
      ['--no-such-flag', /unknown option/u],
    ];
    for (const [flag, says] of refusals) {
      await assert.rejects(parse(flag), (error) => error instanceof CommanderError && says.test(error.message), flag);
    }
  });
});
