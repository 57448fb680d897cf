import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { type DatabaseServer, newAuthority, newPassword, writeCertificate } from './database-server.ts';
import { directoryOf, ensureServers } from './debian-servers.ts';
import { freePorts, withFreePort } from './ports.ts';
import { startServer } from './server-process.ts';
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
const BINARIES = directoryOf('postgresql');
const PASSWORDS = ['host all all 127.0.0.1/32 scram-sha-256'];

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  await ensureServers(['postgresql']);
  return withFreePort(() => start(options));
}

async function start({ settings = {} }: PostgresOptions): Promise<PostgresServer> {
  const [[port = 0], authority] = await Promise.all([freePorts(1), newAuthority()]);
  const administrator = { username: 'admin', password: newPassword() };
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
  const reload = async (): Promise<void> => {
    await query('SELECT pg_reload_conf()');
  };
  const server = await startServer({
    name: 'postgresql',
    command: (directory) => asUser(OWNER, join(BINARIES, 'postgres'), serverArguments(directory, port, settings)),
    prepare: (directory) => writeCertificate(directory, authority),
    async clear(directory) {
      const data = join(directory, 'data');
      await rm(data, { recursive: true, force: true });
      await mkdir(data, { mode: 0o700 });
      await writeFile(join(directory, 'password'), administrator.password);
      await giveTo(OWNER, directory);
      const args = initdbArguments(directory, administrator.username);
      await promisify(execFile)(...asUser(OWNER, join(BINARIES, 'initdb'), args));
      await writeFile(join(data, 'pg_hba.conf'), PASSWORDS.join('\n'));
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
      await reload();
    },
    async admit(lines) {
      await writeFile(join(server.directory, 'data', 'pg_hba.conf'), lines.join('\n'));
      await reload();
    },
  };
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
