import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import { testBinaries } from './binaries.ts';
import { accepts, freePorts, withFreePort } from './ports.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** A real etcd with mutual TLS, one member, authorization off until someone turns it on. */
export interface TlsEtcd extends ServerProcess {
  /** `127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Signs the server's certificate and every client's. */
  readonly authority: CertificatePair;
  /** A client certificate with that common name. */
  client(user: string): Promise<CertificatePair>;
}

export interface TlsEtcdOptions {
  /** Bytes that it may hold. Default: etcd's own. */
  readonly quotaBytes?: number;
}

/** Starts such an etcd on free loopback ports; nothing outlives the calling process. */
export function startTlsEtcd(options: TlsEtcdOptions = {}): Promise<TlsEtcd> {
  return withFreePort(() => start(options));
}

async function start({ quotaBytes }: TlsEtcdOptions): Promise<TlsEtcd> {
  const now = new Date();
  const [{ etcd }, [port = 0, peerPort = 0], authority] = await Promise.all([
    testBinaries(['etcd'], new AbortController().signal),
    freePorts(2),
    createAuthority({ commonName: 'etcd', now }),
  ]);
  const server = await startServer({
    name: 'etcd',
    command: (directory) => [
      etcd,
      [
        ...flags(directory, port, peerPort),
        ...(quotaBytes === undefined ? [] : [`--quota-backend-bytes=${quotaBytes}`]),
      ],
    ],
    prepare: (directory) => writeCertificates(directory, authority, now),
    clear: (directory) => rm(join(directory, 'data'), { recursive: true, force: true }),
    answers: () => accepts(port),
  });
  return {
    ...server,
    endpoint: `127.0.0.1:${port}`,
    authority,
    client: (user) =>
      issue({ authority, subject: { commonName: user }, usages: ['clientAuth'], validityMs: dayMs, now: new Date() }),
  };
}

async function writeCertificates(directory: string, authority: CertificatePair, now: Date): Promise<void> {
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
