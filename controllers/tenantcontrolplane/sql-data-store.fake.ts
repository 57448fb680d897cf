import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { DatabaseServer } from '#test/database-server.ts';

/** The DataStore of a server under its administrator's password, with all that it needs inline. */
export function sqlDataStore(
  name: string,
  driver: 'PostgreSQL' | 'MySQL',
  endpoints: readonly string[],
  server: Pick<DatabaseServer, 'administrator' | 'authority'>,
): DataStore {
  const inline = (text: string) => ({ content: Buffer.from(text).toString('base64') });
  const { username, password } = server.administrator;
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name },
    spec: {
      driver,
      endpoints: [...endpoints],
      basicAuth: { username: inline(username), password: inline(password) },
      tlsConfig: { certificateAuthority: { certificate: inline(server.authority.certificatePem) } },
    },
  };
}
