import { access } from 'node:fs/promises';
import { ensureDebianPackages } from '#lab/debian-packages.ts';

/** Servers of Debian 12 that tests start: where each one is, and the package that holds it. */
const debianServers = {
  postgresql: { directory: '/usr/lib/postgresql/15/bin', file: 'postgres', debianPackage: 'postgresql-15' },
  mariadb: { directory: '/usr/sbin', file: 'mariadbd', debianPackage: 'mariadb-server' },
  nats: { directory: '/usr/sbin', file: 'nats-server', debianPackage: 'nats-server' },
} as const;

export type DebianServer = keyof typeof debianServers;

export const allDebianServers: readonly DebianServer[] = ['postgresql', 'mariadb', 'nats'];

export function directoryOf(server: DebianServer): string {
  return debianServers[server].directory;
}

/** Installs those that are missing. Throws LabError `UnsupportedHost` where that cannot be done. */
export async function ensureServers(
  servers: readonly DebianServer[],
  signal = new AbortController().signal,
  report = (line: string): void => void process.stderr.write(`${line}\n`),
): Promise<void> {
  const missing: string[] = [];
  for (const server of servers) {
    const { directory, file, debianPackage } = debianServers[server];
    if (!(await exists(`${directory}/${file}`))) missing.push(debianPackage);
  }
  if (missing.length > 0) await ensureDebianPackages(missing, { signal, report });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
