import { execFile } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection, escape, type RowDataPacket } from 'mysql2/promise';
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

/** MariaDB 10.11 of Debian 12. */
export interface MariadbServer extends DatabaseServer {
  /** Runs a statement, as the administrator without a database unless told otherwise, and answers its rows. */
  query(statement: string, login?: MariadbLogin): Promise<readonly Record<string, unknown>[]>;
}

export interface MariadbLogin {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}

export interface MariadbOptions {
  /** Settings by name, such as `max-connections`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const OWNER = 'mysql';

export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbServer> {
  await ensureInstalled();
  return withFreePort(() => start(options));
}

async function start({ settings = {} }: MariadbOptions): Promise<MariadbServer> {
  const [[port = 0], directory, authority] = await Promise.all([
    freePorts(1),
    mkdtemp(join(tmpdir(), 'mariadb-')),
    newAuthority(),
  ]);
  const administrator = { username: 'admin', password: newPassword() };
  let program: Program | undefined;
  let release = guard([], directory);

  const query: MariadbServer['query'] = async (statement, login = {}) => {
    const user = { user: administrator.username, password: administrator.password, ...login };
    const connection = await createConnection({
      host: '127.0.0.1',
      port,
      ...user,
      ssl: { rejectUnauthorized: false },
    });
    connection.on('error', () => {});
    try {
      const [rows] = await connection.query<RowDataPacket[]>(statement);
      return Array.isArray(rows) ? rows : [];
    } finally {
      connection.destroy();
    }
  };
  const answers = async (): Promise<boolean> =>
    query('SELECT 1').then(
      () => true,
      () => false,
    );
  const initialize = async (): Promise<void> => {
    await rm(join(directory, 'data'), { recursive: true, force: true });
    const { username, password } = administrator;
    const account = `${escape(username)}@'%'`;
    const statements = `CREATE USER ${account} IDENTIFIED BY ${escape(password)};\nGRANT ALL ON *.* TO ${account} WITH GRANT OPTION;\n`;
    await writeFile(join(directory, 'administrator.sql'), statements);
    await giveTo(OWNER, directory);
    await promisify(execFile)(...asUser(OWNER, 'mariadb-install-db', installArguments(directory)));
  };
  const launch = async ({ empty = false } = {}): Promise<void> => {
    if (empty) await initialize();
    const [file, args] = asUser(OWNER, '/usr/sbin/mariadbd', serverArguments(directory, port, empty, settings));
    const started = await startProgram('mariadbd', file, args, join(directory, 'mariadb.log'));
    program = started;
    const before = release;
    release = guard([started.pid], directory);
    before();
    await waitUntil(started, answers, { timeoutMs: 60_000 });
  };
  const end = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => program?.end({ signal, graceMs: 30_000 });
  const stop = async (): Promise<void> => {
    await end();
    await rm(directory, { recursive: true, force: true });
    release();
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
      await query('FLUSH SSL');
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
  const installed = await access('/usr/sbin/mariadbd').then(
    () => true,
    () => false,
  );
  if (installed) return;
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  await ensureDebianPackages(['mariadb-server'], { signal: new AbortController().signal, report });
}

function installArguments(directory: string): string[] {
  return [
    '--no-defaults',
    `--datadir=${join(directory, 'data')}`,
    '--auth-root-authentication-method=socket',
    '--skip-test-db',
  ];
}

function serverArguments(
  directory: string,
  port: number,
  isNew: boolean,
  settings: Readonly<Record<string, string>>,
): string[] {
  const all: Readonly<Record<string, string>> = {
    datadir: join(directory, 'data'),
    port: `${port}`,
    'bind-address': '127.0.0.1',
    socket: join(directory, 'socket'),
    'pid-file': join(directory, 'pid'),
    'ssl-ca': join(directory, 'ca.crt'),
    'ssl-cert': join(directory, 'tls.crt'),
    'ssl-key': join(directory, 'tls.key'),
    // What is committed outlives the process, if not the machine.
    'innodb-flush-log-at-trx-commit': '2',
    'innodb-buffer-pool-size': '32M',
    'innodb-log-file-size': '8M',
    'skip-name-resolve': 'ON',
    ...(isNew ? { 'init-file': join(directory, 'administrator.sql') } : {}),
    ...settings,
  };
  return ['--no-defaults', ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)];
}
