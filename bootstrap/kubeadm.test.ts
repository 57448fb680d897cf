import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createAuthority } from '#pki/authority.ts';
import { testBinaries } from '#test/binaries.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { startControlPlane } from '#test/control-plane.ts';
import { bootstrapTokenSecret, formatBootstrapToken, generateBootstrapToken } from './bootstrap-token.ts';
import { signClusterInfo } from './cluster-info.ts';
import { joinConfiguration } from './join-cloud-config.ts';
import { clusterConfiguration } from './kubeadm-config.ts';
import { kubeletConfiguration } from './kubelet-config.ts';
import type { TenantBootstrapInput } from './tenant-objects.ts';
import { bootstrapObjects } from './tenant-objects.ts';
import { toYaml } from './yaml-text.ts';

const run = promisify(execFile);
const BOOTSTRAPPERS = 'system:bootstrappers:kubeadm:default-node-token';

let folder: string;
let kubeadm: string;
let kubernetesVersion: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeadm-test-'));
  ({ kubeadm } = await testBinaries(['kubeadm'], new AbortController().signal));
  kubernetesVersion = (await run(kubeadm, ['version', '-o', 'short'])).stdout.trim();
});
after(() => rm(folder, { recursive: true }));

async function fileOf(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

function configMap(namespace: string, name: string): object {
  return { verb: 'get', resource: 'configmaps', namespace, name };
}

function tenant(controlPlane: Pick<ControlPlane, 'server' | 'caCertificatePem'>): TenantBootstrapInput {
  return {
    clusterName: 'demo',
    kubernetesVersion,
    controlPlaneEndpoint: new URL(controlPlane.server).host,
    caCertificatesPem: controlPlane.caCertificatePem,
    clusterDomain: 'cluster.local',
    serviceCidrs: ['10.96.0.0/16'],
    podCidrs: ['10.244.0.0/16'],
    certSANs: ['api.example.org', '192.0.2.1'],
    dnsServiceIPs: ['10.96.0.10'],
    kubeletPatches: [{ op: 'add', path: '/failCgroupV1', value: false }],
  };
}

describe('kubeadm', () => {
  it('finds nothing wrong with our configurations', async () => {
    const { certificatePem } = await createAuthority({ commonName: 'kubernetes', now: new Date() });
    const input = tenant({ server: 'https://[fd00::1]:6443', caCertificatePem: certificatePem });
    const joining = {
      controlPlaneEndpoint: input.controlPlaneEndpoint,
      caCertificatesPem: certificatePem,
      token: generateBootstrapToken(new Date()),
      kubeletExtraArgs: { 'node-labels': 'a=b' },
    };
    // A kubeadm refuses versions older than its own, in whatever form they are written.
    const old = { ...clusterConfiguration({ ...input, kubernetesVersion: 'v1.32.1' }), kubernetesVersion };
    const documents: Record<string, readonly object[]> = {
      cluster: [clusterConfiguration(input), kubeletConfiguration(input)],
      'cluster-old': [old, kubeletConfiguration(input)],
      join: [joinConfiguration(joining, 'kubeadm.k8s.io/v1beta4')],
      'join-old': [joinConfiguration(joining, 'kubeadm.k8s.io/v1beta3')],
    };
    for (const [name, parts] of Object.entries(documents)) {
      const config = await fileOf(`${name}.yaml`, parts.map(toYaml).join('---\n'));
      const { stdout, stderr } = await run(kubeadm, ['config', 'validate', '--config', config]);
      assert.equal(stdout.trim(), 'ok', `${name}: ${stdout}${stderr}`);
      assert.doesNotMatch(stderr, /strict|unknown field/i, name);
    }
  });
});

describe('a tenant with the bootstrap objects', () => {
  const token = generateBootstrapToken(new Date());
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane({
      extraArgs: ['--enable-bootstrap-token-auth=true'],
      controllers: ['bootstrap-signer-controller', 'certificatesigningrequest-approving-controller'],
    });
    await apply([...bootstrapObjects(tenant(controlPlane)), bootstrapTokenSecret(token, 'for a test')]);
  });
  after(() => controlPlane.stop());

  async function apply(items: readonly object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await controlPlane.kubectl(['apply', '--server-side', '--field-manager=test', '-f', '-'], list);
  }

  async function create<T>(object: object): Promise<T> {
    return JSON.parse(await controlPlane.kubectl(['create', '-o', 'json', '-f', '-'], JSON.stringify(object)));
  }

  async function read(...args: readonly string[]): Promise<string> {
    return (await controlPlane.kubectl(['get', ...args])).trim();
  }

  async function eventually(what: string, probe: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if (await probe()) return;
      await sleep(100);
    }
    assert.fail(`${what} did not happen within 30 s`);
  }

  it('is signed by its own bootstrap signer exactly as we sign it', async () => {
    const clusterInfo = ['configmap', 'cluster-info', '-n', 'kube-public'];
    const signature = (): Promise<string> => read(...clusterInfo, '-o', `jsonpath={.data.jws-kubeconfig-${token.id}}`);
    await eventually('the signature', async () => (await signature()) !== '');
    const kubeconfig = await controlPlane.kubectl(['get', ...clusterInfo, '-o', 'jsonpath={.data.kubeconfig}']);
    assert.equal(await signature(), await signClusterInfo(kubeconfig, token.id, token.secret));
  });

  it('lets a real kubeadm discover it and read its configuration with nothing but a token', async () => {
    const { controlPlaneEndpoint, caCertificatesPem } = tenant(controlPlane);
    const joining = joinConfiguration({ controlPlaneEndpoint, caCertificatesPem, token }, 'kubeadm.k8s.io/v1beta4');
    const config = await fileOf('preflight.yaml', toYaml(joining));
    const args = ['join', 'phase', 'preflight', '--config', config, '--ignore-preflight-errors=all', '--v=1'];
    const { stdout, stderr } = await run(kubeadm, args);
    const output = stdout + stderr;
    assert.match(
      output,
      /Cluster info signature and contents are valid and TLS certificate validates against pinned roots/,
    );
    assert.match(output, /Reading configuration from the "kubeadm-config" ConfigMap/);
    assert.match(output, /attempting to download the KubeletConfiguration/);
    assert.doesNotMatch(output, /error unmarshaling configuration|unknown field/);
  });

  it('refuses a token that nobody issued and a CA that is not pinned', async () => {
    const { controlPlaneEndpoint, caCertificatesPem } = tenant(controlPlane);
    const other = await createAuthority({ commonName: 'kubernetes', now: new Date() });
    const refused = async (name: string, input: object, stderr: RegExp): Promise<void> => {
      const joining = joinConfiguration(
        { controlPlaneEndpoint, caCertificatesPem, token, ...input },
        'kubeadm.k8s.io/v1beta4',
      );
      const config = await fileOf(`${name}.yaml`, toYaml({ ...joining, timeouts: { discovery: '2s' } }));
      const args = ['join', 'phase', 'preflight', '--config', config, '--ignore-preflight-errors=all'];
      await assert.rejects(run(kubeadm, args), { stderr });
    };
    await refused('other-token', { token: generateBootstrapToken(new Date()) }, /could not find a JWS signature/);
    await refused('other-ca', { caCertificatesPem: other.certificatePem }, /none of the public keys .* are pinned/);
  });

  it('approves the certificate of a joining node by itself', async () => {
    const subject = '/O=system:nodes/CN=system:node:worker';
    const key = join(folder, 'node.key');
    await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key]);
    const { stdout: request } = await run('openssl', ['req', '-new', '-key', key, '-subj', subject]);
    const csr = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'worker' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['digital signature', 'client auth'],
      },
    };
    const as = [`--as=system:bootstrap:${token.id}`, `--as-group=${BOOTSTRAPPERS}`, '--as-group=system:bootstrappers'];
    await controlPlane.kubectl([...as, 'create', '-f', '-'], JSON.stringify(csr));
    await eventually('the approval', async () =>
      (await read('csr', 'worker', '-o', 'jsonpath={.status.conditions[*].type}')).includes('Approved'),
    );
  });

  it('gives everybody just the rights that kubeadm gives', async () => {
    const cases: readonly [user: string, group: string, attributes: object, allowed: boolean][] = [
      ['system:bootstrap:x', BOOTSTRAPPERS, { verb: 'get', resource: 'nodes' }, true],
      ['system:bootstrap:x', BOOTSTRAPPERS, { verb: 'list', resource: 'nodes' }, false],
      ['system:bootstrap:x', BOOTSTRAPPERS, configMap('kube-system', 'kubeadm-config'), true],
      ['system:bootstrap:x', BOOTSTRAPPERS, configMap('kube-system', 'kubelet-config'), true],
      ['system:bootstrap:x', BOOTSTRAPPERS, configMap('kube-system', 'other'), false],
      ['system:bootstrap:x', BOOTSTRAPPERS, { verb: 'get', resource: 'secrets', namespace: 'kube-system' }, false],
      ['system:node:worker', 'system:nodes', configMap('kube-system', 'kubelet-config'), true],
      ['system:anonymous', 'system:unauthenticated', configMap('kube-public', 'cluster-info'), true],
      ['system:anonymous', 'system:unauthenticated', configMap('kube-system', 'kubeadm-config'), false],
      ['kubernetes-admin', 'kubeadm:cluster-admins', { verb: 'delete', resource: 'namespaces' }, true],
      ['kube-apiserver-kubelet-client', '', { verb: 'create', resource: 'nodes', subresource: 'proxy' }, true],
      ['kube-apiserver-kubelet-client', '', { verb: 'list', resource: 'secrets' }, false],
    ];
    for (const [user, group, resourceAttributes, allowed] of cases) {
      const review: { status: { allowed: boolean } } = await create({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user, groups: group === '' ? [] : [group], resourceAttributes },
      });
      assert.equal(review.status.allowed, allowed, `${user} ${JSON.stringify(resourceAttributes)}`);
    }
  });

  it('answers a token with the identity that may join', async () => {
    const review: { status: { authenticated?: boolean; user: { username: string; groups: string[] } } } = await create({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: formatBootstrapToken(token) },
    });
    assert.equal(review.status.authenticated, true);
    assert.equal(review.status.user.username, `system:bootstrap:${token.id}`);
    assert.ok(review.status.user.groups.includes(BOOTSTRAPPERS));
  });
});
