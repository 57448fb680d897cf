import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { konnectivityAgent } from '#addons/konnectivity-agent.ts';
import type { BinaryName } from '#lab/binaries/ensure-binaries.ts';
import { testBinaries } from '#test/binaries.ts';
import { controlPlaneDeployment } from './deployment.ts';
import type { ControlPlaneInput, KineStorage } from './input.ts';
import { inputFor, tenant } from './tenant-control-plane.fake.ts';

// Every way in which arguments come about: what no test starts as a process is at least known to the program.
const kine = (driver: KineStorage['driver']): Partial<ControlPlaneInput> => ({
  storage: { driver, dataStore: 'sql', kineImage: 'kine:v1', tls: 'authority-and-client-certificate' },
});
const variants = [
  inputFor(),
  inputFor({ networkProfile: { podCidr: '' } }),
  inputFor({}, kine('MySQL')),
  inputFor({}, kine('NATS')),
  inputFor({}, { konnectivity: { serverImage: 'proxy-server:v0.28.6', countByLeases: false } }),
  inputFor(
    {},
    {
      storage: {
        driver: 'etcd',
        dataStore: 'default',
        endpoints: ['a:2379'],
        schema: 's',
        overrides: [{ resource: '/events', endpoints: ['b:2379'] }],
      },
    },
  ),
];

const programs: readonly (readonly [container: string, binary: BinaryName])[] = [
  ['kube-apiserver', 'kube-apiserver'],
  ['kube-controller-manager', 'kube-controller-manager'],
  ['kube-scheduler', 'kube-scheduler'],
  ['kine', 'kine'],
  ['konnectivity-server', 'proxy-server'],
];

suite('the real programs know every flag that they are given', () => {
  for (const [container, binary] of programs) {
    test(container, async () => {
      const given = variants.flatMap((input) =>
        controlPlaneDeployment(input)
          .spec.template.spec.containers.filter(({ name }) => name === container)
          .flatMap(({ args = [] }) => args),
      );
      await assertKnown(binary, given);
    });
  }

  test('konnectivity-agent', async () => {
    const workload = konnectivityAgent({
      tenantControlPlane: tenant(),
      server: { host: '192.0.2.10', port: 8132 },
      apiServer: { host: '192.0.2.10', port: 6443 },
    }).find(({ kind }) => kind === 'DaemonSet');
    assert.ok(workload?.kind === 'DaemonSet');
    await assertKnown('proxy-agent', workload.spec.template.spec.containers[0]?.args ?? []);
  });
});

async function assertKnown(binary: BinaryName, args: readonly string[]): Promise<void> {
  const flags = new Set(args.map((argument) => argument.split('=', 1)[0] ?? argument));
  assert.ok(flags.size > 0);
  const path = (await testBinaries([binary], new AbortController().signal))[binary];
  const { stdout, stderr } = await promisify(execFile)(path, ['--help'], { maxBuffer: 16 * 1024 * 1024 });
  const known = new Set(`${stdout}${stderr}`.match(/--[a-z0-9-]+/g));
  assert.deepEqual(
    [...flags].filter((flag) => !known.has(flag)),
    [],
  );
}
