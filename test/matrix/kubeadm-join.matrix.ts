import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { bootstrapTokenSecret, generateBootstrapToken } from '#bootstrap/bootstrap-token.ts';
import { CLUSTER_INFO } from '#bootstrap/cluster-info.ts';
import { joinConfiguration } from '#bootstrap/join-cloud-config.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { RunningTenant } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import { secretText } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import type { World } from '#controllers/tenantcontrolplane/world.fake.ts';
import { startWorld } from '#controllers/tenantcontrolplane/world.fake.ts';
import type { BinaryName } from '#lab/binaries/ensure-binaries.ts';
import { ensureKubernetesBinaries } from '#lab/binaries/ensure-binaries.ts';
import { versions } from '#lab/versions.ts';
import { configMaps, leases, secrets } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { guard, startProgram, waitUntil } from '../child-processes.ts';
import { freePorts } from '../ports.ts';
import { JOINS } from './joins.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;

/** Programs of a Kubernetes version, without the leading "v". */
function programsOf<Name extends BinaryName>(names: readonly Name[], version: string) {
  const { signal } = new AbortController();
  return ensureKubernetesBinaries(names, version, { signal, report: (text) => void process.stderr.write(`${text}\n`) });
}

for (const { controlPlane, nodes } of JOINS) {
  suite(`a control plane of Kubernetes ${controlPlane}`, { concurrency: 1 }, () => joinedBy(controlPlane, nodes));
}

function joinedBy(controlPlane: string, nodes: readonly string[]): void {
  let world: World;
  let tenant: RunningTenant;
  let configuration: string;
  before(async () => {
    world = await startWorld();
    const [port = 0, managerPort = 0, schedulerPort = 0] = await freePorts(3);
    const extraArgs = {
      controllerManager: [`--secure-port=${managerPort}`],
      scheduler: [`--secure-port=${schedulerPort}`],
    };
    const key: ObjectKey = await world.tenant('joined', {
      kubernetes: {
        version: `v${controlPlane}`,
        // A kubelet refuses to start on a host with the older kind of cgroups unless told so.
        kubelet: { configurationJSONPatches: [{ op: 'add', path: '/failCgroupV1', value: false }] },
      },
      networkProfile: { address: world.address, port },
      controlPlane: { deployment: { extraArgs } },
    });
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    const containers = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
    tenant = await world.run(key, containers, (names) => programsOf(names, controlPlane));
    await world.reason(key, 'Ready', 'Ready');
    const token = generateBootstrapToken(new Date());
    await tenant.client.create(secrets, bootstrapTokenSecret(token, 'of a test'));
    await world.eventually('the control plane has signed cluster-info for it', async () => {
      const info = await tenant.client.get(configMaps, CLUSTER_INFO);
      return info?.data?.[`jws-kubeconfig-${token.id}`] !== undefined;
    });
    const caCertificatesPem = await secretText(
      world.client,
      { ...key, name: namesOfControlPlane('joined').ca },
      'ca.crt',
    );
    const controlPlaneEndpoint = tenant.server.replace('https://', '');
    configuration = join(tenant.directory, 'join.yaml');
    const joining = joinConfiguration({ controlPlaneEndpoint, caCertificatesPem, token }, 'kubeadm.k8s.io/v1beta4');
    await writeFile(configuration, stringify(joining));
  });
  after(() => world?.[Symbol.asyncDispose]());

  test('is of that version, and all of its programs accept their arguments and work', async () => {
    assert.match(await tenant.client.getRaw('/version'), new RegExp(`"gitVersion": "v${controlPlane}"`, 'u'));
    for (const name of ['kube-controller-manager', 'kube-scheduler']) {
      await world.eventually(`${name} leads`, async () => {
        return (
          (await tenant.client.get(leases, { namespace: 'kube-system', name }))?.spec?.holderIdentity !== undefined
        );
      });
    }
  });

  for (const version of nodes) {
    suite(`is joined with kubeadm and kubelet ${version}`, { concurrency: 1 }, () => {
      const node = `node-${version.replaceAll('.', '-')}`;
      let programs: Readonly<Record<'kubeadm' | 'kubelet', string>>;
      let directory: string;
      const file = (name: string): string => join(directory, name);
      before(async () => {
        programs = await programsOf(['kubeadm', 'kubelet'], version);
        directory = join(tenant.directory, version);
        await mkdir(directory);
      });

      test('kubeadm join trusts the tenant, reads its configuration and writes the kubelet’s', async () => {
        // All that it would do to the machine it does to the directory; what it asks the tenant is real.
        const args = ['join', '--dry-run', '--config', configuration, '--node-name', node, '--v=1'];
        const { stdout, stderr } = await run(programs.kubeadm, [...args, '--ignore-preflight-errors=all'], {
          env: { ...process.env, KUBEADM_JOIN_DRYRUN_DIR: directory },
          timeout: TIMEOUT_MS,
          maxBuffer: 16 * 1024 * 1024,
        });
        assert.match(stderr, /Cluster info signature and contents are valid and TLS certificate validates/u);
        assert.match(stdout, /This node has joined the cluster/u);
        assert.doesNotMatch(stdout + stderr, /unknown field|error unmarshaling/u);
        const kubelet: unknown = parse(await readFile(file('config.yaml'), 'utf8'));
        assert.ok(typeof kubelet === 'object' && kubelet !== null && 'clusterDNS' in kubelet);
        assert.deepEqual(kubelet.clusterDNS, ['10.96.0.10']);
      });

      test('the kubelet reads that, and gets a certificate of a node from the control plane', async () => {
        const kubeconfig = file('kubelet.conf');
        const args = [
          `--config=${file('config.yaml')}`,
          `--bootstrap-kubeconfig=${file('bootstrap-kubelet.conf')}`,
          `--kubeconfig=${kubeconfig}`,
          `--client-ca-file=${file('ca.crt')}`,
          `--cert-dir=${file('pki')}`,
          `--root-dir=${file('root')}`,
          `--hostname-override=${node}`,
          `--container-runtime-endpoint=unix://${file('silent.sock')}`,
        ];
        // Nobody runs containers here. A runtime that says nothing is waited for, and the node gets its certificate meanwhile.
        const silent = createServer().listen(file('silent.sock'));
        await once(silent, 'listening');
        const kubelet = await startProgram('kubelet', programs.kubelet, args, file('kubelet.log'));
        const release = guard([kubelet.pid], directory);
        try {
          const current = join(directory, 'pki', 'kubelet-client-current.pem');
          const certificate = async (): Promise<string> => readFile(current, 'utf8').catch(() => '');
          await waitUntil(kubelet, async () => (await certificate()) !== '', { timeoutMs: TIMEOUT_MS });
          const { subject } = new X509Certificate(await certificate());
          assert.equal(subject, `O=system:nodes\nCN=system:node:${node}`);
          assert.doesNotMatch(await readFile(file('kubelet.log'), 'utf8'), /unknown field|strict decoding/u);
          const { kubectl } = await programsOf(['kubectl'], versions.kubernetes);
          await waitUntil(kubelet, async () => (await readFile(kubeconfig, 'utf8').catch(() => '')) !== '', {
            timeoutMs: TIMEOUT_MS,
          });
          const { stdout } = await run(kubectl, ['--kubeconfig', kubeconfig, 'auth', 'whoami'], {
            timeout: TIMEOUT_MS,
          });
          assert.match(stdout, new RegExp(`system:node:${node}`, 'u'));
        } finally {
          release();
          await kubelet.end({ signal: 'SIGKILL' });
          silent.close();
        }
      });
    });
  }
}
