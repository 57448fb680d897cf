import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { createAuthority } from '#pki/authority.ts';
import { caPin } from '#pki/inspect.ts';
import { joinCloudConfig, joinConfiguration, readJoinToken } from './join-cloud-config.ts';

const { certificatePem } = await createAuthority({ commonName: 'kubernetes', now: new Date() });
const INPUT = {
  controlPlaneEndpoint: '[fd00::1]:6443',
  caCertificatesPem: certificatePem,
  token: { id: 'abc123', secret: '0123456789abcdef' },
};
const TEXT = joinCloudConfig({ ...INPUT, kubeletExtraArgs: { 'node-labels': 'a=b', v: '2' } });
const CLOUD_CONFIG = readCloudConfig(TEXT);

interface CloudConfig {
  readonly files: readonly { readonly path: string; readonly permissions: string; readonly content: string }[];
  readonly commands: readonly string[];
}

function readCloudConfig(text: string): CloudConfig {
  const document: { write_files: CloudConfig['files']; runcmd: string[] } = parse(text);
  return { files: document.write_files, commands: document.runcmd };
}

/** Does to a folder what cloud-init would do to a machine whose kubeadm is of that version; answers what kubeadm was called with. */
async function provision(
  version: string,
  options: { readonly joinExitCode?: number; readonly edit?: (content: string) => string } = {},
): Promise<{ readonly joined: string; readonly succeeded: boolean }> {
  const folder = await mkdtemp(join(tmpdir(), 'join-test-'));
  try {
    const inFolder = (text: string): string => text.replaceAll('/run/', `${folder}/run/`);
    for (const { path, content } of CLOUD_CONFIG.files) {
      await mkdir(dirname(inFolder(path)), { recursive: true });
      const edited = path === '/run/kubeadm/kubeadm-join-config.yaml' ? (options.edit?.(content) ?? content) : content;
      await writeFile(inFolder(path), edited);
    }
    const kubeadm = `#!/bin/sh
if [ "$1" = version ]; then echo ${version}; exit; fi
cp "$3" ${folder}/joined
exit ${options.joinExitCode ?? 0}
`;
    await writeFile(join(folder, 'kubeadm'), kubeadm, { mode: 0o755 });
    // As cloud-init does: all commands in one script, which goes on after a failure.
    const script = CLOUD_CONFIG.commands.map(inFolder).join('\n');
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    await promisify(execFile)('/bin/sh', ['-c', script], { env }).catch((error: unknown) => {
      if (options.joinExitCode === undefined) throw error;
    });
    const success = await readFile(join(folder, 'run/cluster-api/bootstrap-success.complete'), 'utf8').catch(() => '');
    return { joined: await readFile(join(folder, 'joined'), 'utf8'), succeeded: success === 'success\n' };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('the user data is cloud-config of files and commands, one of them the literal kubeadm join', () => {
  assert.ok(TEXT.startsWith('#cloud-config\nwrite_files:\n'));
  assert.deepEqual(
    TEXT.split('\n').filter((line) => /^\w/.test(line)),
    ['write_files:', 'runcmd:'],
  );
  assert.deepEqual(
    CLOUD_CONFIG.commands.filter((command) => command.includes('kubeadm join')),
    [
      'kubeadm join --config /run/kubeadm/kubeadm-join-config.yaml && echo success > /run/cluster-api/bootstrap-success.complete',
    ],
  );
  assert.deepEqual(new Set(CLOUD_CONFIG.files.map((file) => file.permissions)), new Set(['0600']));
});

test('a node pins the CA, uses the token, keeps its own name and waits for Cluster API to initialize it', () => {
  assert.deepEqual(joinConfiguration(INPUT, 'kubeadm.k8s.io/v1beta4'), {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'JoinConfiguration',
    discovery: {
      bootstrapToken: {
        apiServerEndpoint: '[fd00::1]:6443',
        token: 'abc123.0123456789abcdef',
        caCertHashes: [caPin(certificatePem)],
      },
    },
    nodeRegistration: { taints: [{ key: 'node.cluster.x-k8s.io/uninitialized', effect: 'NoSchedule' }] },
  });
});

test('a machine joins with the configuration version that its kubeadm reads', async () => {
  for (const [version, apiVersion] of [
    ['v1.9.0', 'v1beta3'],
    ['v1.29.14', 'v1beta3'],
    ['v1.30.0', 'v1beta3'],
    ['v1.31.0', 'v1beta4'],
    ['v1.35.4', 'v1beta4'],
    ['v1.103.1', 'v1beta4'],
    ['v2.0.0', 'v1beta4'],
  ] as const) {
    const { joined, succeeded } = await provision(version);
    assert.ok(succeeded, version);
    const { nodeRegistration, ...rest } = parse(joined);
    assert.equal(rest.apiVersion, `kubeadm.k8s.io/${apiVersion}`, version);
    const args = { 'node-labels': 'a=b', v: '2' };
    const list = Object.entries(args).map(([name, value]) => ({ name, value }));
    assert.deepEqual(nodeRegistration.kubeletExtraArgs, apiVersion === 'v1beta3' ? args : list, version);
  }
});

test('a configuration that the infrastructure provider has adapted to the machine stays as it is', async () => {
  const adapted = 'apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\n';
  assert.equal((await provision('v1.30.2', { edit: () => adapted })).joined, adapted);
});

test('the success marker is missing when the join fails', async () => {
  assert.equal((await provision('v1.35.4', { joinExitCode: 1 })).succeeded, false);
});

test('the published token is read back from the user data', () => {
  assert.deepEqual(readJoinToken(TEXT), INPUT.token);
  assert.equal(readJoinToken('#cloud-config\nruncmd: []\n'), undefined);
  assert.equal(readJoinToken('a: ['), undefined);
  assert.equal(readJoinToken(''), undefined);
});
