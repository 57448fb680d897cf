import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import { generateKeyPair } from '#pki/key.ts';
import type { Client } from '#runtime/client/client.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { type AuditEvent, openAuditLog } from './audit-log.ts';
import { testBinaries } from './binaries.ts';
import { type Program, guard, startProgram, waitUntil } from './child-processes.ts';
import { freePorts, withFreePort } from './ports.ts';
import {
  apiServerArguments,
  auditArguments,
  controllerManagerArguments,
  etcdArguments,
} from './control-plane-flags.ts';

export interface ControlPlaneOptions {
  /** Ends a start under way. */
  readonly signal?: AbortSignal;
  /** An `audit.k8s.io/v1` Policy, as object; every request it selects is then in `auditEvents()`. */
  readonly auditPolicy?: object;
  /** Further flags for kube-apiserver. */
  readonly extraArgs?: readonly string[];
  /** Runs kube-controller-manager too, with these controllers (`namespace-controller`, ...). Default: none. */
  readonly controllers?: readonly string[];
  /** Where kube-apiserver keeps its objects, such as the address of kine. Default: the etcd that is started beside it. */
  readonly storeEndpoint?: string;
  /** Signs the serving certificate and every identity, and is what clients are trusted by. Default: one of its own. */
  readonly authority?: CertificatePair;
}

/** Who a test is to the API server: a client certificate. */
export interface Identity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A real etcd and kube-apiserver of one's own, without nodes. */
export interface ControlPlane extends AsyncDisposable {
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** PEM of the authority that signs the serving certificate and every identity. */
  readonly caCertificatePem: string;
  /** A member of `system:masters`. */
  readonly admin: Identity;
  /** A kubeconfig file of the admin. */
  readonly kubeconfigPath: string;
  /** The admin's client. */
  readonly client: Client;
  /** Plain HTTP, no authentication. */
  readonly etcdEndpoint: string;
  /** Holds logs and certificates; goes with `stop`. */
  readonly directory: string;
  /** A client certificate for another user, e.g. `system:serviceaccount:ns:name` with its groups, to try out RBAC. */
  identity(user: string, groups?: readonly string[]): Promise<Identity>;
  /** A client of its own connections; closed by `stop`. */
  clientFor(identity: Identity): Client;
  /** Runs kubectl as the admin and answers its standard output; a failure throws with its standard error. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Every finished request since the start that the audit policy selected. */
  auditEvents(): Promise<readonly AuditEvent[]>;
  /** Ends kube-apiserver (SIGKILL by default) and starts it again at the same address, with the same data. */
  restartApiServer(options?: { readonly signal?: NodeJS.Signals }): Promise<void>;
  /** Ends the processes, waits for them, removes the directory. May be called twice. */
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;

/**
 * Starts etcd and kube-apiserver (tier 3 of the tests) on free loopback ports and resolves when `/readyz` is ok.
 * Nothing outlives the calling process, however it ends.
 */
export function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  return withFreePort(() => start(options));
}

async function start(options: ControlPlaneOptions): Promise<ControlPlane> {
  const signal = options.signal ?? new AbortController().signal;
  const names = ['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager'] as const;
  const wanted = options.controllers === undefined ? names.slice(0, 3) : names;
  const [binaries, [etcdPort = 0, peerPort = 0, port = 0], directory] = await Promise.all([
    testBinaries(wanted, signal),
    freePorts(3),
    mkdtemp(join(tmpdir(), 'control-plane-')),
  ]);
  const etcdEndpoint = `http://127.0.0.1:${etcdPort}`;
  const server = `https://127.0.0.1:${port}`;
  const kubeconfigPath = join(directory, 'kubeconfig');
  const auditLogPath = join(directory, 'audit.log');
  const auditLog = openAuditLog(auditLogPath);
  const programs: Program[] = [];
  const transports: { close(): Promise<void> }[] = [];
  let release = guard([], directory);
  let stopped: Promise<void> | undefined;

  const launch = async (name: (typeof names)[number], args: readonly string[]): Promise<Program> => {
    const program = await startProgram(name, binaries[name], args, join(directory, `${name}.log`));
    programs.push(program);
    const before = release;
    release = guard(
      programs.filter((one) => !one.hasExited()).map(({ pid }) => pid),
      directory,
    );
    before();
    return program;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(transports.map((transport) => transport.close()));
    // The API server first: it would otherwise wait long for an etcd that is gone.
    for (const program of programs.toReversed()) await program.end({ signal: 'SIGKILL' });
    await rm(directory, { recursive: true, force: true });
    release();
  };

  try {
    const credentials = await createCredentials(directory, options.authority);
    const clientFor = (identity: Identity): Client => {
      const tls = {
        ca: credentials.authority.certificatePem,
        cert: identity.certificatePem,
        key: identity.privateKeyPem,
      };
      const transport = createTransport({ server, tls });
      transports.push(transport);
      return createClient(transport);
    };
    const client = clientFor(credentials.admin);
    const { authority, admin } = credentials;
    await writeFile(kubeconfigPath, kubeconfigText(server, authority.certificatePem, admin));
    if (options.auditPolicy !== undefined) {
      await writeFile(join(directory, 'audit-policy.json'), JSON.stringify(options.auditPolicy));
    }
    const etcd = await launch('etcd', etcdArguments(directory, etcdEndpoint, `http://127.0.0.1:${peerPort}`));
    const store = options.storeEndpoint ?? etcdEndpoint;
    const launchApiServer = async (): Promise<Program> => {
      const audit = options.auditPolicy === undefined ? [] : auditArguments(directory, auditLogPath);
      const extra = options.extraArgs ?? [];
      // A configuration file stands for itself.
      const isConfigured = extra.some((argument) => argument.startsWith('--authorization-config='));
      const own = apiServerArguments(directory, store, port).filter(
        (argument) => !isConfigured || !argument.startsWith('--authorization-mode='),
      );
      const args = [...own, ...audit, ...extra];
      const apiServer = await launch('kube-apiserver', args);
      const ready = (): Promise<boolean> => succeeds(client.getRaw('/readyz', { signal }));
      await waitUntil(apiServer, ready, { timeoutMs: startTimeoutMs, signal });
      return apiServer;
    };
    await waitUntil(etcd, () => succeeds(fetchOk(`${etcdEndpoint}/health`, signal)), {
      timeoutMs: startTimeoutMs,
      signal,
    });
    let apiServer = await launchApiServer();
    if (options.controllers !== undefined) {
      await launch('kube-controller-manager', controllerManagerArguments(directory, options.controllers));
    }
    return {
      server,
      caCertificatePem: credentials.authority.certificatePem,
      admin: credentials.admin,
      kubeconfigPath,
      client,
      etcdEndpoint,
      directory,
      identity: (user, groups = []) => clientCertificate(credentials.authority, user, groups),
      clientFor,
      kubectl: (args, input) => runKubectl(binaries.kubectl, kubeconfigPath, args, input),
      auditEvents: () => auditLog.events(),
      restartApiServer: async ({ signal: kill = 'SIGKILL' } = {}) => {
        await apiServer.end({ signal: kill });
        apiServer = await launchApiServer();
      },
      stop: () => (stopped ??= stop()),
      [Symbol.asyncDispose]: () => (stopped ??= stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Credentials {
  readonly authority: CertificatePair;
  readonly admin: Identity;
}

async function createCredentials(directory: string, given: CertificatePair | undefined): Promise<Credentials> {
  const now = new Date();
  const authority = given ?? (await createAuthority({ commonName: 'test', now }));
  const [serving, admin, serviceAccount] = await Promise.all([
    issue({
      authority,
      subject: { commonName: 'kube-apiserver' },
      usages: ['serverAuth'],
      ipAddresses: ['127.0.0.1', '10.96.0.1'],
      dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
      validityMs: dayMs,
      now,
    }),
    clientCertificate(authority, 'test-admin', ['system:masters']),
    generateKeyPair(),
  ]);
  const files = {
    'ca.crt': authority.certificatePem,
    'apiserver.crt': serving.certificatePem,
    'apiserver.key': serving.privateKeyPem,
    'sa.key': serviceAccount.privateKeyPem,
    'sa.pub': serviceAccount.publicKeyPem,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content, { mode: 0o600 });
  return { authority, admin };
}

const dayMs = 24 * 3600 * 1000;

function clientCertificate(authority: CertificatePair, user: string, groups: readonly string[]): Promise<Identity> {
  const subject = { commonName: user, organizations: groups };
  return issue({ authority, subject, usages: ['clientAuth'], validityMs: dayMs, now: new Date() });
}

/** The text of a kubeconfig with that identity alone. */
export function kubeconfigText(server: string, caCertificatePem: string, identity: Identity): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(caCertificatePem) } }],
    users: [
      {
        name: 'test',
        user: {
          'client-certificate-data': base64(identity.certificatePem),
          'client-key-data': base64(identity.privateKeyPem),
        },
      },
    ],
  });
}

async function runKubectl(
  file: string,
  kubeconfigPath: string,
  args: readonly string[],
  input: string | undefined,
): Promise<string> {
  const running = promisify(execFile)(file, ['--kubeconfig', kubeconfigPath, ...args], { maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin?.end(input ?? '');
  return (await running).stdout;
}

async function fetchOk(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}

function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  );
}
