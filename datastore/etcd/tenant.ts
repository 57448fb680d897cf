import type { TenantNames } from '../driver.ts';
import { DataStoreError } from '../errors.ts';
import type { EtcdCalls } from './channel.ts';
import { isEtcdRefusal, refusals, tolerate } from './failure.ts';
import { samePermission, sameRange, tenantPermission, tenantRange } from './keys.ts';
import { etcd, type Permission } from './protocol.ts';
import type { UserRoles } from './user-roles.ts';

/** One etcd under its administrator's credentials. */
export interface EtcdStore {
  readonly channel: EtcdCalls;
  readonly userRoles: UserRoles;
}

/**
 * User, role and prefix of a tenant. The role is named like the schema and bound to exactly one user, the user holds exactly
 * that role: that is how a tenant's names are told from someone else's. Throws `NameConflict` where they are.
 */
export async function ensureEtcdTenant(store: EtcdStore, names: TenantNames, signal: AbortSignal): Promise<void> {
  const { channel, userRoles } = store;
  const { schema, user } = names;
  const [roles, permissions] = await Promise.all([userRoles.of(user, signal), permissionsOf(channel, schema, signal)]);
  await refuseForeignNames(store, names, roles, permissions, signal);
  if (roles === undefined) {
    await claim(refusals.userExists, channel.call(etcd.userAdd, { name: user, options: { noPassword: true } }, signal));
  }
  if (permissions === undefined) {
    await claim(refusals.roleExists, channel.call(etcd.roleAdd, { name: schema }, signal));
  }
  await ensurePermissions(channel, schema, permissions ?? [], signal);
  if (roles?.includes(schema) === true) return;
  await channel.call(etcd.userGrantRole, { user, role: schema }, signal);
  await refuseLostRace(store, names, permissions !== undefined, signal);
}

/**
 * Takes the tenant's access away, then its keys, then role and user. The binding is what says that the data is this tenant's, so
 * it goes only after the data: a crash in between leaves a state that the next call finishes.
 */
export async function dropEtcdTenant(store: EtcdStore, names: TenantNames, signal: AbortSignal): Promise<void> {
  const { channel, userRoles } = store;
  const { schema, user } = names;
  const permissions = await permissionsOf(channel, schema, signal);
  if (permissions !== undefined) {
    const isHolder = (await userRoles.of(user, signal))?.includes(schema) === true;
    // Only a user that holds the role keeps others from being given it meanwhile.
    const others = isHolder
      ? await userRoles.othersWith(schema, user, signal)
      : await userRoles.holdersOf(schema, signal);
    if (others.length === 0) await dropSchema(channel, schema, permissions, signal);
  }
  const roles = await userRoles.of(user, signal);
  if (roles?.every((role) => role === schema) === true) {
    await tolerate(refusals.userMissing, channel.call(etcd.userDelete, { name: user }, signal));
  }
}

async function dropSchema(
  channel: EtcdCalls,
  schema: string,
  permissions: readonly Permission[],
  signal: AbortSignal,
): Promise<void> {
  for (const permission of permissions) await revoke(channel, schema, permission, signal);
  await deleteKeys(channel, schema, signal);
  await tolerate(refusals.roleMissing, channel.call(etcd.roleDelete, { role: schema }, signal));
}

/** Deletes page by page: one request for a whole tenant would stop everyone else's writes meanwhile. */
async function deleteKeys(channel: EtcdCalls, schema: string, signal: AbortSignal): Promise<void> {
  const range = tenantRange(schema);
  for (;;) {
    const page = await channel.call(etcd.range, { ...range, limit: deletionPage, keysOnly: true }, signal);
    const last = page.kvs.at(-1);
    if (last === undefined) return;
    const rangeEnd = page.more ? Buffer.concat([last.key, Buffer.of(0)]) : range.rangeEnd;
    await channel.call(etcd.deleteRange, { key: range.key, rangeEnd }, signal);
  }
}

const deletionPage = 1_000;

async function refuseForeignNames(
  { channel, userRoles }: EtcdStore,
  { schema, user }: TenantNames,
  roles: readonly string[] | undefined,
  permissions: readonly Permission[] | undefined,
  signal: AbortSignal,
): Promise<void> {
  const other = roles?.find((role) => role !== schema);
  if (other !== undefined) {
    throw conflict(`the user ${user} already holds the role ${other}; choose another dataStoreUsername`);
  }
  if (permissions === undefined) {
    const { kvs } = await channel.call(etcd.range, { ...tenantRange(schema), limit: 1, keysOnly: true }, signal);
    if (kvs.length > 0) {
      throw conflict(
        `there are keys under /${schema}/ but no role ${schema}, so they are not a tenant's; choose another dataStoreSchema, ` +
          `or, if they are meant, add the role ${schema} to the store`,
      );
    }
  } else if (roles?.includes(schema) !== true) {
    const [holder] = await userRoles.holdersOf(schema, signal);
    if (holder !== undefined) {
      throw conflict(`the schema ${schema} belongs to the user ${holder}; choose another dataStoreSchema`);
    }
  }
}

/**
 * A user or role that was free a moment ago and that this call did not make: either another tenant is just taking it, or an
 * earlier attempt of ours succeeded without our hearing of it. The next call sees which.
 */
async function claim(taken: string, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isEtcdRefusal(error, taken)) throw error;
    throw new DataStoreError('Unavailable', 'the names were made by another call at the same moment; trying again', {
      cause: error,
    });
  }
}

/**
 * Names that were found without an owner may be taken by two tenants at the same moment: neither keeps them then. Names made by
 * this call cannot, since the store makes each one only once.
 */
async function refuseLostRace(
  { channel, userRoles }: EtcdStore,
  { schema, user }: TenantNames,
  roleWasThere: boolean,
  signal: AbortSignal,
): Promise<void> {
  const roles = (await userRoles.of(user, signal)) ?? [];
  const holders = roleWasThere ? await userRoles.holdersOf(schema, signal) : [user];
  if (roles.length === 1 && holders.length === 1) return;
  await tolerate(refusals.roleNotGranted, channel.call(etcd.userRevokeRole, { name: user, role: schema }, signal));
  throw conflict(`the schema ${schema} or the user ${user} was taken by another tenant at the same time`);
}

async function ensurePermissions(
  channel: EtcdCalls,
  schema: string,
  present: readonly Permission[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = tenantPermission(schema);
  for (const permission of present) {
    if (!sameRange(permission, wanted)) await revoke(channel, schema, permission, signal);
  }
  if (!present.some((permission) => samePermission(permission, wanted))) {
    await channel.call(etcd.roleGrantPermission, { name: schema, perm: wanted }, signal);
  }
}

async function revoke(
  channel: EtcdCalls,
  role: string,
  { key, rangeEnd }: Permission,
  signal: AbortSignal,
): Promise<void> {
  const range = rangeEnd === undefined ? { key } : { key, rangeEnd };
  await tolerate(refusals.permissionNotGranted, channel.call(etcd.roleRevokePermission, { role, ...range }, signal));
}

/** The permissions of a role; undefined when there is no such role. */
async function permissionsOf(
  channel: EtcdCalls,
  role: string,
  signal: AbortSignal,
): Promise<readonly Permission[] | undefined> {
  try {
    return (await channel.call(etcd.roleGet, { role }, signal)).perm;
  } catch (error) {
    if (isEtcdRefusal(error, refusals.roleMissing)) return undefined;
    throw error;
  }
}

function conflict(message: string): DataStoreError {
  return new DataStoreError('NameConflict', message);
}
