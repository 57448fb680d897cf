import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { ensureDebianPackages } from '#lab/debian-packages.ts';
import { type Program, freePorts, guard, startProgram, waitUntil } from './child-processes.ts';
import {
  type DatabaseServer,
  newAuthority,
  newPassword,
  signalTree,
  withFreePort,
  writeCertificate,
} from './database-server.ts';
import { asUser, giveTo } from './server-user.ts';

/** PostgreSQL 15 of Debian 12. */
export interface PostgresServer extends DatabaseServer {
  /** Runs a statement, as the administrator in the database `postgres` unless told otherwise, and answers its rows. */
  query(statement: string, login?: PostgresLogin): Promise<readonly Record<string, unknown>[]>;
  /** Replaces the lines of pg_hba.conf. */
  admit(lines: readonly string[]): Promise<void>;
}

export interface PostgresLogin {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}

export interface PostgresOptions {
  /** Settings by name, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const OWNER = 'postgres';
const BINARIES = '/usr/lib/postgresql/15/bin';
const PASSWORDS = ['host all all 127.0.0.1/32 scram-sha-256'];

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  await ensureInstalled();
  return withFreePort(() => start(options));
}

async function start({ settings = {} }: PostgresOptions): Promise<PostgresServer> {
  const [[port = 0], directory, authority] = await Promise.all([
    freePorts(1),
    mkdtemp(join(tmpdir(), 'postgresql-')),
    newAuthority(),
  ]);
  const administrator = { username: 'admin', password: newPassword() };
  const data = join(directory, 'data');
  let program: Program | undefined;
  let release = guard([], directory);

  const initialize = async (): Promise<void> => {
    await rm(data, { recursive: true, force: true });
    await mkdir(data, { mode: 0o700 });
    await writeFile(join(directory, 'password'), administrator.password);
    await giveTo(OWNER, directory);
    await promisify(execFile)(
      ...asUser(OWNER, join(BINARIES, 'initdb'), initdbArguments(directory, administrator.username)),
    );
    await writeFile(join(data, 'pg_hba.conf'), PASSWORDS.join('\n'));
  };
  const query: PostgresServer['query'] = async (statement, login = {}) => {
    const user = { user: administrator.username, password: administrator.password, database: 'postgres', ...login };
    const client = new Client({ host: '127.0.0.1', port, ...user, ssl: { rejectUnauthorized: false } });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const answers = async (): Promise<boolean> =>
    query('SELECT 1').then(
      () => true,
      () => false,
    );
  const launch = async ({ empty = false } = {}): Promise<void> => {
    if (empty) await initialize();
    const [file, args] = asUser(OWNER, join(BINARIES, 'postgres'), serverArguments(directory, port, settings));
    const started = await startProgram('postgres', file, args, join(directory, 'postgres.log'));
    program = started;
    const before = release;
    release = guard([started.pid], directory);
    before();
    await waitUntil(started, answers, { timeoutMs: 60_000 });
  };
  const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    // Sessions that outlive the first process keep its memory, and the next one from starting.
    if (signal === 'SIGKILL' && program !== undefined && !program.hasExited()) await signalTree(program.pid, signal);
    await program?.end({ signal, graceMs: 30_000 });
  };
  const stop = async (): Promise<void> => {
    await end();
    await rm(directory, { recursive: true, force: true });
    release();
  };
  const reload = async (): Promise<void> => {
    await query('SELECT pg_reload_conf()');
  };
  try {
    await writeCertificate(directory, authority);
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
    query,
    async present(certificate) {
      await writeCertificate(directory, authority, certificate);
      await giveTo(OWNER, directory);
      await reload();
    },
    async admit(lines) {
      await writeFile(join(data, 'pg_hba.conf'), lines.join('\n'));
      await reload();
    },
    end,
    start: launch,
    freeze: async () => signalTree(program?.pid ?? 0, 'SIGSTOP'),
    thaw: async () => signalTree(program?.pid ?? 0, 'SIGCONT'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function ensureInstalled(): Promise<void> {
  const installed = await access(join(BINARIES, 'postgres')).then(
    () => true,
    () => false,
  );
  if (installed) return;
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  await ensureDebianPackages(['postgresql-15'], { signal: new AbortController().signal, report });
}

function initdbArguments(directory: string, administrator: string): string[] {
  return [
    `--pgdata=${join(directory, 'data')}`,
    `--username=${administrator}`,
    `--pwfile=${join(directory, 'password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
}

function serverArguments(directory: string, port: number, settings: Readonly<Record<string, string>>): string[] {
  const all: Readonly<Record<string, string>> = {
    port: `${port}`,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ssl: 'on',
    ssl_ca_file: join(directory, 'ca.crt'),
    ssl_cert_file: join(directory, 'tls.crt'),
    ssl_key_file: join(directory, 'tls.key'),
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '16MB',
    ...settings,
  };
  return ['-D', join(directory, 'data'), ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
