import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificatePair, createAuthority, issue } from '#pki/authority.ts';
import { ProgramError } from './child-processes.ts';

/** A real SQL server of one's own, with TLS, on a free loopback port. Nothing of it outlives the calling process. */
export interface DatabaseServer extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly port: number;
  /** Signs the server's certificate and may sign clients'. */
  readonly authority: CertificatePair;
  /** Of the administrator that the server came up with. */
  readonly administrator: { readonly username: string; readonly password: string };
  /** Shows clients another certificate from now on; without `notAfter` a valid one for 127.0.0.1 and localhost. */
  present(certificate: ServerCertificate): Promise<void>;
  /** Ends it, by SIGKILL unless told otherwise; the data stay. */
  end(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same address, with its data or, if `empty`, with none. Resolves when it serves. */
  start(options?: { readonly empty?: boolean }): Promise<void>;
  /** Stops it in mid-air, or lets it go on: it accepts connections and answers nothing. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
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

/** Sends a signal to a process and to the children that it has. */
export async function signalTree(pid: number, signal: NodeJS.Signals): Promise<void> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const one of [pid, ...children.split(' ').filter(Boolean).map(Number)]) {
    try {
      process.kill(one, signal);
    } catch {
      // It has just ended.
    }
  }
}

/** Starts a server anew while another process takes the port that was chosen for it. */
export async function withFreePort<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const portTaken = error instanceof ProgramError && /address already in use/iu.test(error.output);
      if (!portTaken || attempt === 3) throw error;
    }
  }
}
