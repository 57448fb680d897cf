import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import { testBinaries } from './binaries.ts';
import { type Program, ProgramError, freePorts, guard, startProgram, waitUntil } from './child-processes.ts';

/** A real etcd with mutual TLS, one member, authorization off until someone turns it on. */
export interface TlsEtcd extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Signs the server's certificate and every client's. */
  readonly authority: CertificatePair;
  /** A client certificate with that common name. */
  client(user: string): Promise<CertificatePair>;
  /** Ends the process, by SIGKILL unless told otherwise; the data stay. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same address, with its data or, if `empty`, without. Resolves when it accepts connections. */
  start(options?: { readonly empty?: boolean }): Promise<void>;
  /** Stops it in mid-air, or lets it go on: connections stand, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Starts such an etcd on free loopback ports; nothing outlives the calling process. */
export async function startTlsEtcd(): Promise<TlsEtcd> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const portTaken = error instanceof ProgramError && error.output.includes('address already in use');
      if (!portTaken || attempt === 3) throw error;
    }
  }
}

async function start(): Promise<TlsEtcd> {
  const signal = new AbortController().signal;
  const [{ etcd: file }, [port = 0, peerPort = 0], directory] = await Promise.all([
    testBinaries(['etcd'], signal),
    freePorts(2),
    mkdtemp(join(tmpdir(), 'tls-etcd-')),
  ]);
  const now = new Date();
  const authority = await createAuthority({ commonName: 'etcd', now });
  const server = await issue({
    authority,
    subject: { commonName: 'etcd' },
    usages: ['serverAuth', 'clientAuth'],
    ipAddresses: ['127.0.0.1'],
    dnsNames: ['localhost'],
    validityMs: dayMs,
    now,
  });
  const files = {
    'ca.crt': authority.certificatePem,
    'tls.crt': server.certificatePem,
    'tls.key': server.privateKeyPem,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content, { mode: 0o600 });

  let program: Program | undefined;
  let release = guard([], directory);
  const end = async (by: NodeJS.Signals = 'SIGKILL'): Promise<void> => program?.end({ signal: by });
  const launch = async ({ empty = false } = {}): Promise<void> => {
    if (empty) await rm(join(directory, 'data'), { recursive: true, force: true });
    const started = await startProgram('etcd', file, flags(directory, port, peerPort), join(directory, 'etcd.log'));
    program = started;
    const before = release;
    release = guard([started.pid], directory);
    before();
    await waitUntil(started, () => accepts(port), { timeoutMs: 30_000 });
  };
  const stop = async (): Promise<void> => {
    await end();
    await rm(directory, { recursive: true, force: true });
    release();
  };
  try {
    await launch();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint: `127.0.0.1:${port}`,
    authority,
    client: (user) =>
      issue({ authority, subject: { commonName: user }, usages: ['clientAuth'], validityMs: dayMs, now: new Date() }),
    end,
    start: launch,
    freeze: () => void process.kill(program?.pid ?? 0, 'SIGSTOP'),
    thaw: () => void process.kill(program?.pid ?? 0, 'SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const dayMs = 24 * 3600 * 1000;

function flags(directory: string, port: number, peerPort: number): string[] {
  const endpoint = `https://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    `--data-dir=${join(directory, 'data')}`,
    `--listen-client-urls=${endpoint}`,
    `--advertise-client-urls=${endpoint}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--client-cert-auth=true',
    `--trusted-ca-file=${join(directory, 'ca.crt')}`,
    `--cert-file=${join(directory, 'tls.crt')}`,
    `--key-file=${join(directory, 'tls.key')}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
