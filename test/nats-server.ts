import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDebianPackages } from '#lab/debian-packages.ts';
import { type Program, freePorts, guard, startProgram, waitUntil } from './child-processes.ts';
import { type DatabaseServer, newAuthority, newPassword, withFreePort, writeCertificate } from './database-server.ts';

export interface NatsOptions {
  /** Default: true. */
  readonly jetStream?: boolean;
  /** Whether users must say who they are. Default: true. */
  readonly authorization?: boolean;
  /** Bytes that JetStream may hold. Default: 256 MiB. */
  readonly maxBytes?: number;
}

const executable = '/usr/sbin/nats-server';

/** The NATS 2.9 of Debian 12, with TLS, JetStream and one user. */
export async function startNats(options: NatsOptions = {}): Promise<DatabaseServer> {
  await ensureInstalled();
  return withFreePort(() => start(options));
}

async function start(options: NatsOptions): Promise<DatabaseServer> {
  const [[port = 0], directory, authority] = await Promise.all([
    freePorts(1),
    mkdtemp(join(tmpdir(), 'nats-')),
    newAuthority(),
  ]);
  const administrator = { username: 'admin', password: newPassword() };
  let program: Program | undefined;
  let release = guard([], directory);
  const launch = async ({ empty = false } = {}): Promise<void> => {
    if (empty) await rm(join(directory, 'data'), { recursive: true, force: true });
    const started = await startProgram(
      'nats-server',
      executable,
      ['--config', join(directory, 'nats.conf')],
      join(directory, 'nats.log'),
    );
    program = started;
    const before = release;
    release = guard([started.pid], directory);
    before();
    await waitUntil(started, () => accepts(port), { timeoutMs: 30_000 });
  };
  const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => program?.end({ signal, graceMs: 30_000 });
  const stop = async (): Promise<void> => {
    await end();
    await rm(directory, { recursive: true, force: true });
    release();
  };
  try {
    await writeCertificate(directory, authority);
    await writeFile(join(directory, 'nats.conf'), configuration(directory, port, administrator, options));
    await launch({ empty: true });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint: `127.0.0.1:${port}`,
    port,
    authority,
    administrator,
    async present(certificate) {
      await writeCertificate(directory, authority, certificate);
      process.kill(program?.pid ?? 0, 'SIGHUP');
    },
    end,
    start: launch,
    freeze: async () => void process.kill(program?.pid ?? 0, 'SIGSTOP'),
    thaw: async () => void process.kill(program?.pid ?? 0, 'SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function ensureInstalled(): Promise<void> {
  const installed = await access(executable).then(
    () => true,
    () => false,
  );
  if (installed) return;
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  await ensureDebianPackages(['nats-server'], { signal: new AbortController().signal, report });
}

function configuration(
  directory: string,
  port: number,
  { username, password }: DatabaseServer['administrator'],
  { authorization = true, jetStream = true, maxBytes = 256 * 2 ** 20 }: NatsOptions,
): string {
  const user = { user: username, password };
  return JSON.stringify({
    host: '127.0.0.1',
    port,
    server_name: 'test',
    tls: { cert_file: join(directory, 'tls.crt'), key_file: join(directory, 'tls.key') },
    ...(authorization ? { authorization: { users: [user] } } : {}),
    ...(jetStream ? { jetstream: { store_dir: join(directory, 'data'), max_file_store: maxBytes } } : {}),
  });
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
