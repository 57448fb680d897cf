import { type Clock, systemClock } from '#runtime/clock.ts';
import type { ConnectionConfig } from '../connection.ts';
import type { Driver, DriverOptions, ProbeResult } from '../driver.ts';
import { DataStoreError } from '../errors.ts';
import { assertTenantNames } from '../naming.ts';
import type { EtcdCalls, EtcdChannelOptions } from './channel.ts';
import { EtcdChannel } from './channel.ts';
import { isolationProblemsOf } from './advisories.ts';
import { identityKey } from './keys.ts';
import { initializeEtcd } from './initialize.ts';
import { etcd } from './protocol.ts';
import { withdrawSpaceAlarms } from './space-alarms.ts';
import { dropEtcdTenant, ensureEtcdTenant } from './tenant.ts';
import { usageOfEtcdTenant } from './usage.ts';
import { UserRoles } from './user-roles.ts';

export interface EtcdOptions extends DriverOptions {
  /** Default: over the network. */
  readonly connect?: (options: EtcdChannelOptions) => EtcdCalls;
  /** Default: this machine's. */
  readonly clock?: Pick<Clock, 'monotonic'>;
}

/**
 * The driver of an etcd v3 whose administrator is the client certificate with common name `root`. No connection is opened before
 * the first call.
 */
export function openEtcd(config: ConnectionConfig, options: EtcdOptions = {}): Driver {
  const { connect = (channelOptions) => new EtcdChannel(channelOptions), clock = systemClock, ...fence } = options;
  const { tls, endpoints } = config;
  if (tls?.client === undefined) {
    throw new DataStoreError('AuthenticationFailed', 'etcd needs a certificate authority and a client certificate');
  }
  const channel = connect({ endpoints, tls, ...fence });
  const store = { channel, userRoles: new UserRoles(channel, clock) };
  return Object.freeze<Driver>({
    driver: 'etcd',
    probe: (signal) => probe(channel, signal),
    async ensureTenant(tenant, signal) {
      assertTenantNames('etcd', tenant);
      await ensureEtcdTenant(store, tenant, signal);
    },
    async dropTenant(tenant, signal) {
      assertTenantNames('etcd', tenant);
      await dropEtcdTenant(store, tenant, signal);
    },
    async usage(tenant, signal) {
      assertTenantNames('etcd', tenant);
      return usageOfEtcdTenant(channel, tenant, signal);
    },
    async isolationProblems(signal) {
      // A tenant may talk to any member, so the oldest one counts.
      const members = await channel.callEach(etcd.status, {}, signal);
      return [...new Set(members.map(({ version }) => version))].flatMap(isolationProblemsOf);
    },
    initialize: (identity, signal) => initializeEtcd(channel, identity, signal),
    close: () => channel.close(),
  });
}

/**
 * Three small calls: whether authorization is on (only the administrator may ask, and it needs a quorum), the member's own status, and
 * the identity of a store that we run; any other etcd is identified by its cluster id. The first goes alone: its refusal is the
 * one that tells unknown credentials from insufficient ones. A store that was full and has room again is made to take writes.
 */
async function probe(channel: EtcdCalls, signal: AbortSignal): Promise<ProbeResult> {
  const authorization = await channel.call(etcd.authStatus, {}, signal);
  const [status, identity] = await Promise.all([
    channel.call(etcd.status, {}, signal),
    channel.call(etcd.range, { key: identityKey }, signal),
  ]);
  const isFull = status.errors.some((alarm) => /NOSPACE/u.test(alarm));
  if (isFull) await withdrawSpaceAlarms(channel, signal);
  const alarms = isFull ? (await channel.call(etcd.status, {}, signal)).errors : status.errors;
  const own = identity.kvs[0]?.value.toString();
  const quotaBytes = Number(status.dbSizeQuota);
  return {
    version: status.version,
    identity: own ?? `etcd-${BigInt(status.header?.clusterId ?? 0).toString(16)}`,
    authorizationEnabled: authorization.enabled,
    sizeBytes: Number(status.dbSize),
    ...(quotaBytes > 0 ? { quotaBytes } : {}),
    alarms,
    // Whoever may ask for authStatus has the role root, which may do everything.
    missingRights: [],
  };
}
