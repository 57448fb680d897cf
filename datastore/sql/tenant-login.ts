import type { TenantAccess } from '../driver.ts';
import { DataStoreError } from '../errors.ts';
import type { SqlServers } from './servers.ts';

/** Finds out whether user and password open the database: what was not made by us is taken up only from who has them. */
export type TryLogin = (access: Required<TenantAccess>) => Promise<boolean>;

/** The tenant with its password; users of SQL stores have one. */
export function withPassword(tenant: TenantAccess): Required<TenantAccess> {
  const { password } = tenant;
  if (password !== undefined && password !== '') return { ...tenant, password };
  throw new DataStoreError('AuthenticationFailed', `the user ${tenant.user} needs a password`);
}

/** Whether a connection comes about, or is refused to this user. */
export async function opens(database: SqlServers, signal: AbortSignal): Promise<boolean> {
  try {
    return await database.use(signal, async () => true);
  } catch (error) {
    if (error instanceof DataStoreError && refused.includes(error.code)) return false;
    throw error;
  } finally {
    database.close();
  }
}

const refused: readonly string[] = ['AuthenticationFailed', 'PermissionDenied'];
