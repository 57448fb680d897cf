import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection, escape, type RowDataPacket } from 'mysql2/promise';
import { type DatabaseServer, newAuthority, newPassword, writeCertificate } from './database-server.ts';
import { directoryOf, ensureServers } from './debian-servers.ts';
import { freePorts, withFreePort } from './ports.ts';
import { startServer } from './server-process.ts';
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
  await ensureServers(['mariadb']);
  return withFreePort(() => start(options));
}

async function start({ settings = {} }: MariadbOptions): Promise<MariadbServer> {
  const [[port = 0], authority] = await Promise.all([freePorts(1), newAuthority()]);
  const administrator = { username: 'admin', password: newPassword() };
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
  const server = await startServer({
    name: 'mariadb',
    command: (directory, { empty }) =>
      asUser(
        OWNER,
        join(directoryOf('mariadb'), 'mariadbd'),
        serverArguments({ directory, port, isNew: empty, settings }),
      ),
    prepare: (directory) => writeCertificate(directory, authority),
    async clear(directory) {
      await rm(join(directory, 'data'), { recursive: true, force: true });
      const { username, password } = administrator;
      const account = `${escape(username)}@'%'`;
      const statements = `CREATE USER ${account} IDENTIFIED BY ${escape(password)};\nGRANT ALL ON *.* TO ${account} WITH GRANT OPTION;\n`;
      await writeFile(join(directory, 'administrator.sql'), statements);
      // Of its own: a MariaDB that starts removes the temporary tables that it finds, also those of others that run.
      const temporary = join(directory, 'tmp');
      await mkdir(temporary, { recursive: true });
      await giveTo(OWNER, directory);
      const [file, args] = asUser(OWNER, 'mariadb-install-db', installArguments(directory));
      await promisify(execFile)(file, args, { env: { ...process.env, TMPDIR: temporary } });
    },
    answers: () =>
      query('SELECT 1').then(
        () => true,
        () => false,
      ),
  });
  return {
    ...server,
    endpoint: `127.0.0.1:${port}`,
    port,
    authority,
    administrator,
    query,
    async present(certificate) {
      await writeCertificate(server.directory, authority, certificate);
      await giveTo(OWNER, server.directory);
      await query('FLUSH SSL');
    },
  };
}

function installArguments(directory: string): string[] {
  return [
    '--no-defaults',
    `--datadir=${join(directory, 'data')}`,
    '--auth-root-authentication-method=socket',
    '--skip-test-db',
  ];
}

function serverArguments({
  directory,
  port,
  isNew,
  settings,
}: {
  readonly directory: string;
  readonly port: number;
  readonly isNew: boolean;
  readonly settings: Readonly<Record<string, string>>;
}): string[] {
  const all: Readonly<Record<string, string>> = {
    datadir: join(directory, 'data'),
    tmpdir: join(directory, 'tmp'),
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
