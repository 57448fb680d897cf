import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { konnectivityAgent } from '#addons/konnectivity-agent.ts';
import { kubernetesEndpoints } from '#addons/kubernetes-endpoints.ts';
import type { AddonObject } from '#addons/objects.ts';
import { formatKubeconfig } from '#bootstrap/kubeconfig.ts';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import {
  AUTHORITIES,
  controlPlaneCertificates,
  datastoreCertificate,
  KUBECONFIG_CERTIFICATES,
  type KubeconfigUser,
} from '#pki/control-plane.ts';
import { generateKeyPair } from '#pki/key.ts';
import { testBinaries } from '#test/binaries.ts';
import { guard, type Program, startProgram } from '#test/child-processes.ts';
import { freePorts } from '#test/ports.ts';
import { startTlsEtcd, type TlsEtcd } from '#test/tls-etcd.ts';
import { authorizationFiles } from './authorization.ts';
import { controlPlaneDeployment } from './deployment.ts';
import { egressSelectorConfigMap } from './egress-selector.ts';
import type { ControlPlaneInput } from './input.ts';
import { namesOfControlPlane } from './names.ts';
import { type Contents, type PodOfProcesses, runPod } from './pod-of-processes.fake.ts';
import { inputFor } from './tenant-control-plane.fake.ts';

const run = promisify(execFile);

suite('the pod of a control plane, run as processes with its own arguments and files', () => {
  let etcd: TlsEtcd;
  let pod: PodOfProcesses;
  let input: ControlPlaneInput;
  let api: Api;
  let ports: { api: number; agent: number; managerHealth: number; schedulerHealth: number };

  before(async () => {
    etcd = await startTlsEtcd();
    const [apiPort = 0, agent = 0, admin = 0, health = 0, managerHealth = 0, schedulerHealth = 0] = await freePorts(6);
    ports = { api: apiPort, agent, managerHealth, schedulerHealth };
    input = inputFor(
      {
        networkProfile: { port: apiPort },
        addons: { konnectivity: { server: { port: agent } } },
        deployment: {
          extraArgs: {
            controllerManager: [`--secure-port=${managerHealth}`],
            scheduler: [`--secure-port=${schedulerHealth}`],
          },
        },
      },
      {
        advertiseAddress: '127.0.0.1',
        storage: { driver: 'etcd', dataStore: 'default', endpoints: [etcd.endpoint], schema: 'tenant-1' },
      },
    );
    const pki = await createPki(etcd, apiPort);
    const { spec } = controlPlaneDeployment(input).spec.template;
    pod = await runPod(spec, contentsOf(input, pki), { 8133: admin, 8134: health });
    api = await connect(pod, pki);
    await eventually(() => api.kubectl('get', '--raw', '/readyz'), pod.program('kube-apiserver'));
  });
  after(async () => {
    await pod?.[Symbol.asyncDispose]();
    await etcd?.stop();
  });

  test('the API server keeps everything below its prefix', async () => {
    await api.kubectl('create', 'namespace', 'one');
    assert.match(await api.kubectl('get', 'namespace', 'one', '-o', 'name'), /namespace\/one/);
  });

  test('the controller manager works: it gives a new namespace its ServiceAccount', async () => {
    await eventually(() => api.kubectl('-n', 'one', 'get', 'serviceaccount', 'default'), controllerManager());
    await eventually(() => api.kubectl('get', 'configmap', '-n', 'one', 'kube-root-ca.crt'), controllerManager());
  });

  test('and it signs for nodes, with the key that it alone has', async () => {
    await api.apply(signingRequest(await certificateRequest()));
    await api.kubectl('certificate', 'approve', 'node-1');
    await eventually(async () => {
      const certificate = await api.kubectl('get', 'csr', 'node-1', '-o', 'jsonpath={.status.certificate}');
      assert.match(Buffer.from(certificate, 'base64').toString(), /BEGIN CERTIFICATE/);
    }, controllerManager());
  });

  test('the scheduler works: it puts a pod on the one node', async () => {
    await api.apply(node('node-1', 1));
    await api.kubectl('patch', 'node', 'node-1', '--subresource=status', '-p', JSON.stringify(ready(1)));
    await api.kubectl('taint', 'nodes', '--all', 'node.kubernetes.io/not-ready-', '--overwrite').catch(() => undefined);
    await api.apply(simplePod('scheduled'));
    await eventually(async () => {
      assert.equal(
        await api.kubectl('-n', 'one', 'get', 'pod', 'scheduled', '-o', 'jsonpath={.spec.nodeName}'),
        'node-1',
      );
    }, pod.program('kube-scheduler'));
  });

  test('nobody but us writes the endpoints of default/kubernetes', async () => {
    await api.kubectl('get', 'service', 'kubernetes');
    await assert.rejects(api.kubectl('get', 'endpoints', 'kubernetes'), /not found/);
    for (const object of kubernetesEndpoints({ address: '192.0.2.10', port: ports.api })) await api.apply(object);
    const addresses = await api.kubectl(
      'get',
      'endpointslices',
      '-o',
      'jsonpath={.items[*].endpoints[*].addresses[*]}',
    );
    assert.equal(addresses, '192.0.2.10');
  });

  suite('the tunnel', () => {
    let kubelet: { readonly port: number; close(): void };
    let agent: Program;
    const logs = (): Promise<string> => api.kubectl('-n', 'one', 'logs', 'far-away');

    before(async () => {
      for (const object of agentObjects()) if (object.kind !== 'DaemonSet') await api.apply(object);
      kubelet = await startKubelet();
      await api.apply(node('node-2', kubelet.port));
      await api.kubectl('patch', 'node', 'node-2', '--subresource=status', '-p', JSON.stringify(ready(kubelet.port)));
      await api.apply({
        ...simplePod('far-away'),
        spec: { nodeName: 'node-2', containers: [{ name: 'main', image: 'x' }] },
      });
    });
    after(async () => {
      await agent?.end({ signal: 'SIGKILL' });
      kubelet?.close();
    });

    const agentObjects = (): readonly AddonObject[] =>
      konnectivityAgent({
        tenantControlPlane: input.tenantControlPlane,
        server: { host: '127.0.0.1', port: ports.agent },
        apiServer: { host: '127.0.0.1', port: ports.api },
      });

    test('without an agent the API server reaches no kubelet', async () => {
      await assert.rejects(logs());
    });

    test('servers announce themselves by a lease, with the rights of their own user', async () => {
      await eventually(async () => {
        const leases = await api.kubectl(
          '-n',
          'kube-system',
          'get',
          'leases',
          '-l',
          'k8s-app=konnectivity-server',
          '-o',
          'name',
        );
        assert.match(leases, /konnectivity-proxy-server-/);
      }, pod.program('konnectivity-server'));
    });

    test('with an agent the logs of a pod come through', async () => {
      const workload = agentObjects().find((object) => object.kind === 'DaemonSet');
      assert.ok(workload?.kind === 'DaemonSet');
      agent = await startAgent(pod.directory, api, workload.spec.template.spec.containers[0]?.args ?? []);
      await eventually(async () => assert.equal(await logs(), 'from far away\n'), agent);
    });

    test('and without it they do not any more', async () => {
      await agent.end({ signal: 'SIGKILL' });
      await eventually(() => assert.rejects(logs()), pod.program('konnectivity-server'));
    });
  });

  test('told to stop, the API server turns unready first and still answers', async () => {
    process.kill(pod.program('kube-apiserver').pid, 'SIGTERM');
    await eventually(() => assert.rejects(api.kubectl('get', '--raw', '/readyz')), pod.program('kube-apiserver'));
    assert.match(await api.kubectl('get', '--raw', '/version'), /v1\.35/);
    assert.match(await api.kubectl('get', 'namespace', 'one', '-o', 'name'), /namespace\/one/);
  });

  const controllerManager = (): Program => pod.program('kube-controller-manager');
});

interface Api {
  readonly kubeconfig: string;
  readonly caFile: string;
  kubectl(...args: string[]): Promise<string>;
  apply(object: object): Promise<void>;
}

interface Pki {
  readonly ca: CertificatePair;
  readonly frontProxyCa: CertificatePair;
  readonly contents: Contents;
  kubeconfig(user: KubeconfigUser): Promise<string>;
}

const names = namesOfControlPlane('demo');

async function createPki(etcd: TlsEtcd, port: number): Promise<Pki> {
  const now = new Date();
  const [ca, frontProxyCa, serviceAccount] = await Promise.all([
    createAuthority({ commonName: AUTHORITIES.ca.commonName, now }),
    createAuthority({ commonName: AUTHORITIES['front-proxy-ca'].commonName, now }),
    generateKeyPair('RSA-2048'),
  ]);
  const wanted = controlPlaneCertificates({
    name: 'demo',
    namespace: 'tenants',
    clusterDomain: 'cluster.local',
    managementDomain: 'cluster.local',
    serviceCidrs: ['10.96.0.0/16'],
    hosts: ['127.0.0.1'],
    certSANs: [],
  });
  const make = (name: keyof typeof wanted): Promise<CertificatePair> =>
    issue({ ...wanted[name], authority: name === 'front-proxy-client' ? frontProxyCa : ca, now });
  const [serving, kubeletClient, frontProxyClient, store] = await Promise.all([
    make('apiserver'),
    make('apiserver-kubelet-client'),
    make('front-proxy-client'),
    issue({ ...datastoreCertificate('tenant-1'), authority: etcd.authority, now }),
  ]);
  const kubeconfig = async (user: KubeconfigUser): Promise<string> => {
    const pair = await issue({ ...KUBECONFIG_CERTIFICATES[user], authority: ca, now });
    return formatKubeconfig({
      server: `https://127.0.0.1:${port}`,
      clusterName: 'demo',
      userName: user,
      caCertificatesPem: ca.certificatePem,
      clientCertificatePem: pair.certificatePem,
      clientKeyPem: pair.privateKeyPem,
    });
  };
  return {
    ca,
    frontProxyCa,
    kubeconfig,
    contents: {
      [names.ca]: { 'ca.crt': ca.certificatePem, 'ca.key': ca.privateKeyPem },
      [names.frontProxyCa]: { 'front-proxy-ca.crt': frontProxyCa.certificatePem },
      [names.serviceAccount]: { 'sa.pub': serviceAccount.publicKeyPem, 'sa.key': serviceAccount.privateKeyPem },
      [names.apiServerCertificate]: { 'apiserver.crt': serving.certificatePem, 'apiserver.key': serving.privateKeyPem },
      [names.apiServerKubeletClient]: {
        'apiserver-kubelet-client.crt': kubeletClient.certificatePem,
        'apiserver-kubelet-client.key': kubeletClient.privateKeyPem,
      },
      [names.frontProxyClient]: {
        'front-proxy-client.crt': frontProxyClient.certificatePem,
        'front-proxy-client.key': frontProxyClient.privateKeyPem,
      },
      [names.datastoreCertificate]: {
        'ca.crt': etcd.authority.certificatePem,
        'server.crt': store.certificatePem,
        'server.key': store.privateKeyPem,
      },
      [names.controllerManagerKubeconfig]: { 'controller-manager.conf': await kubeconfig('controller-manager') },
      [names.schedulerKubeconfig]: { 'scheduler.conf': await kubeconfig('scheduler') },
      [names.konnectivityKubeconfig]: { 'konnectivity-server.conf': await kubeconfig('konnectivity-server') },
    },
  };
}

function contentsOf({ tenantControlPlane }: ControlPlaneInput, pki: Pki): Contents {
  return {
    ...pki.contents,
    [names.authorization]: authorizationFiles(tenantControlPlane, undefined),
    [names.egressSelectorConfiguration]: egressSelectorConfigMap(tenantControlPlane).data,
  };
}

async function connect(pod: PodOfProcesses, pki: Pki): Promise<Api> {
  const { kubectl } = await testBinaries(['kubectl'], new AbortController().signal);
  const kubeconfig = join(pod.directory, 'admin.conf');
  const caFile = join(pod.directory, 'ca.crt');
  await writeFile(kubeconfig, await pki.kubeconfig('super-admin'), { mode: 0o600 });
  await writeFile(caFile, pki.ca.certificatePem);
  const call = async (args: readonly string[], stdin?: string): Promise<string> => {
    const running = run(kubectl, ['--kubeconfig', kubeconfig, '--request-timeout=20s', ...args]);
    running.child.stdin?.end(stdin ?? '');
    return (await running).stdout;
  };
  return {
    kubeconfig,
    caFile,
    kubectl: (...args) => call(args),
    apply: async (object) => void (await call(['apply', '--server-side', '-f', '-'], JSON.stringify(object))),
  };
}

// The agent with the arguments of its container, but for what the kubelet would mount: token, CA and API server.
async function startAgent(directory: string, api: Api, args: readonly string[]): Promise<Program> {
  const { 'proxy-agent': file } = await testBinaries(['proxy-agent'], new AbortController().signal);
  const account = ['-n', 'kube-system', 'create', 'token', 'konnectivity-agent'];
  const tokenFile = join(directory, 'agent-token');
  await writeFile(tokenFile, await api.kubectl(...account, '--audience=system:konnectivity-server'));
  const kubeconfig = join(directory, 'agent.conf');
  const token = (await api.kubectl(...account)).trim();
  const server = await api.kubectl('config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      clusters: [{ name: 'a', cluster: { server, 'certificate-authority': api.caFile } }],
      users: [{ name: 'a', user: { token } }],
    }),
  );
  const [admin = 0, health = 0] = await freePorts(2);
  const exchanged = args.map((argument) => {
    if (argument.startsWith('--ca-cert=')) return `--ca-cert=${api.caFile}`;
    if (argument.startsWith('--service-account-token-path=')) return `--service-account-token-path=${tokenFile}`;
    if (argument.startsWith('--admin-server-port=')) return `--admin-server-port=${admin}`;
    if (argument.startsWith('--health-server-port=')) return `--health-server-port=${health}`;
    return argument;
  });
  const program = await startProgram(
    'agent',
    file,
    [...exchanged, `--kubeconfig=${kubeconfig}`],
    join(directory, 'agent.log'),
  );
  const release = guard([program.pid], join(directory, 'agent.log'));
  void program.exited.then(release);
  return program;
}

// What a kubelet answers when asked for logs.
async function startKubelet(): Promise<{ readonly port: number; close(): void }> {
  const authority = await createAuthority({ commonName: 'kubelet', now: new Date() });
  const server = createServer({ key: authority.privateKeyPem, cert: authority.certificatePem }, (request, response) => {
    response.statusCode = request.url?.startsWith('/containerLogs/one/far-away/main') === true ? 200 : 404;
    response.end('from far away\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function certificateRequest(): Promise<string> {
  const pair = await generateKeyPair('RSA-2048');
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(pair.publicKeyPem);
  request.setSubject([
    { name: 'organizationName', value: 'system:nodes' },
    { name: 'commonName', value: 'system:node:node-1' },
  ]);
  request.sign(forge.pki.privateKeyFromPem(pair.privateKeyPem), forge.md.sha256.create());
  return forge.pki.certificationRequestToPem(request);
}

function signingRequest(request: string): object {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'node-1' },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    },
  };
}

function node(name: string, kubeletPort: number): object {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, ...ready(kubeletPort) };
}

function ready(kubeletPort: number): object {
  return {
    status: {
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'test' }],
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    },
  };
}

function simplePod(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'one' },
    spec: {
      containers: [{ name: 'main', image: 'x' }],
      tolerations: [{ operator: 'Exists' }],
    },
  };
}

/** Tries until it succeeds; the last failure comes with what the program printed. */
async function eventually(attempt: () => Promise<unknown>, program: Program): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline || program.hasExited()) {
        throw new Error(`${String(error)}\n${program.name} said:\n${await program.log(30)}`, { cause: error });
      }
      await sleep(200);
    }
  }
}
