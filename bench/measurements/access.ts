import type { KubeConfig } from '@kubernetes/client-node';
import winston from 'winston';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import { type Transport, createTransport } from '#runtime/client/transport.ts';

/** Where an API server is, and a client certificate for it. */
export interface Access {
  readonly server: string;
  readonly ca: string;
  readonly client: CertificatePair;
}

/** What a TLS server of a benchmark needs, and the access of its clients but for the address. */
export interface ServerIdentity {
  readonly serving: CertificatePair;
  readonly access: Omit<Access, 'server'>;
}

/** Makes certificates for a server on the loopback address and its client. */
export async function createServerIdentity(): Promise<ServerIdentity> {
  const now = new Date();
  const validityMs = 24 * 3_600_000;
  const authority = await createAuthority({ commonName: 'bench', now });
  const [serving, client] = await Promise.all([
    issue({
      authority,
      subject: { commonName: 'server' },
      usages: ['serverAuth'],
      ipAddresses: ['127.0.0.1'],
      validityMs,
      now,
    }),
    issue({ authority, subject: { commonName: 'client' }, usages: ['clientAuth'], validityMs, now }),
  ]);
  return { serving, access: { ca: authority.certificatePem, client } };
}

/** Ours: a transport as the manager makes it, with so many sockets for requests. */
export function openTransport({ server, ca, client }: Access, connections: number): Transport {
  const tls = { ca, cert: client.certificatePem, key: client.privateKeyPem };
  return createTransport({ server, tls, connections });
}

/** The rival: a KubeConfig as client-node's users have it. */
export async function stockConfig({ server, ca, client }: Access): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const { certificatePem, privateKeyPem } = client;
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'bench', server, caData: base64(ca), skipTLSVerify: false }],
    users: [{ name: 'bench', certData: base64(certificatePem), keyData: base64(privateKeyPem) }],
    contexts: [{ name: 'bench', cluster: 'bench', user: 'bench' }],
    currentContext: 'bench',
  });
  return config;
}

/** A logger that prints nothing. */
export function silence(): winston.Logger {
  return winston.createLogger({ silent: true });
}
