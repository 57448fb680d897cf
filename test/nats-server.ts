import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatabaseServer, newAuthority, newPassword, writeCertificate } from './database-server.ts';
import { directoryOf, ensureServers } from './debian-servers.ts';
import { accepts, freePorts, withFreePort } from './ports.ts';
import { startServer } from './server-process.ts';

export interface NatsOptions {
  /** Default: true. */
  readonly jetStream?: boolean;
  /** Whether users must say who they are. Default: true. */
  readonly authorization?: boolean;
  /** Bytes that JetStream may hold. Default: 256 MiB. */
  readonly maxBytes?: number;
}

const executable = join(directoryOf('nats'), 'nats-server');

/** The NATS 2.9 of Debian 12, with TLS, JetStream and one user. */
export async function startNats(options: NatsOptions = {}): Promise<DatabaseServer> {
  await ensureServers(['nats']);
  return withFreePort(() => start(options));
}

async function start(options: NatsOptions): Promise<DatabaseServer> {
  const [[port = 0], authority] = await Promise.all([freePorts(1), newAuthority()]);
  const administrator = { username: 'admin', password: newPassword() };
  const server = await startServer({
    name: 'nats-server',
    command: (directory) => [executable, ['--config', join(directory, 'nats.conf')]],
    async prepare(directory) {
      await writeCertificate(directory, authority);
      await writeFile(join(directory, 'nats.conf'), configuration(directory, port, administrator, options));
    },
    clear: (directory) => rm(join(directory, 'data'), { recursive: true, force: true }),
    answers: () => accepts(port),
  });
  return {
    ...server,
    endpoint: `127.0.0.1:${port}`,
    port,
    authority,
    administrator,
    async present(certificate) {
      await writeCertificate(server.directory, authority, certificate);
      server.signal('SIGHUP');
    },
  };
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
