import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import type { ServerProcess } from './server-process.ts';

/** A real database of one's own, with TLS, on a free loopback port. */
export interface DatabaseServer extends ServerProcess {
  /** `127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly port: number;
  /** Signs the server's certificate and may sign clients'. */
  readonly authority: CertificatePair;
  /** Of the administrator that the server came up with. */
  readonly administrator: { readonly username: string; readonly password: string };
  /** Shows clients another certificate from now on; without `notAfter` a valid one for 127.0.0.1 and localhost. */
  present(certificate: ServerCertificate): Promise<void>;
}

export interface ServerCertificate {
  readonly notAfter?: Date;
  readonly ipAddresses?: readonly string[];
  readonly authority?: CertificatePair;
}

export function newAuthority(): Promise<CertificatePair> {
  return createAuthority({ commonName: 'database', now: new Date() });
}

/** Random, of letters and digits. */
export function newPassword(): string {
  return randomBytes(18).toString('hex');
}

/** Writes `ca.crt`, `tls.crt` and `tls.key` into the directory. */
export async function writeCertificate(
  directory: string,
  ours: CertificatePair,
  { notAfter, ipAddresses = ['127.0.0.1'], authority = ours }: ServerCertificate = {},
): Promise<void> {
  const server = await issue({
    authority,
    subject: { commonName: 'database' },
    usages: ['serverAuth'],
    ipAddresses,
    dnsNames: ipAddresses.includes('127.0.0.1') ? ['localhost'] : [],
    validityMs: dayMs,
    // Certificates are valid from shortly before `now`.
    now: notAfter === undefined ? new Date() : new Date(notAfter.getTime() - dayMs),
  });
  const files = { 'ca.crt': ours.certificatePem, 'tls.crt': server.certificatePem, 'tls.key': server.privateKeyPem };
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content, { mode: 0o600 });
}

const dayMs = 24 * 3_600_000;
