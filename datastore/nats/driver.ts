import { randomUUID } from 'node:crypto';
import type { ConnectionConfig } from '../connection.ts';
import type { Driver, DriverOptions, ProbeResult, TenantNames } from '../driver.ts';
import { DataStoreError } from '../errors.ts';
import { assertTenantNames } from '../naming.ts';
import { NatsChannel, type NatsChannelOptions, type NatsSession } from './channel.ts';
import { isRefusal, refusals } from './failure.ts';

/**
 * The driver of a NATS with JetStream, for one tenant: kine gets in with the store's own credentials and makes the tenant's bucket itself,
 * so that nothing could keep two tenants apart. No connection is opened before the first call.
 */
export function openNats(config: ConnectionConfig, options: DriverOptions & NatsChannelOptions = {}): Driver {
  const channel = new NatsChannel(config, options);
  const { beforeWrite = () => {} } = options;
  return Object.freeze<Driver>({
    driver: 'NATS',
    probe: (signal) => channel.call(signal, (session) => probe(session, beforeWrite)),
    async ensureTenant(tenant, signal) {
      assertTenantNames('NATS', tenant);
      await channel.call(signal, (session) => claim(session, tenant, beforeWrite));
    },
    async dropTenant(tenant, signal) {
      assertTenantNames('NATS', tenant);
      await channel.call(signal, (session) => drop(session, tenant, beforeWrite));
    },
    async usage(tenant, signal) {
      assertTenantNames('NATS', tenant);
      const { schema } = tenant;
      const state = await channel.call(signal, async ({ streams }) => infoOf(streams, bucketOf(schema)));
      return { keys: state?.state.num_subjects ?? 0, bytes: state?.state.bytes ?? 0 };
    },
    // It has one tenant.
    isolationProblems: async () => [],
    close: () => channel.close(),
  });
}

type Streams = NatsSession['streams'];

/**
 * The account, and the stream that marks the store. A NATS has no name of its own that outlives a restart and dies with its data, so
 * the first probe makes that stream; every other one only reads.
 */
async function probe({ streams, account, server }: NatsSession, beforeWrite: () => void): Promise<ProbeResult> {
  const common = {
    version: server.version,
    authorizationEnabled: server.auth_required === true || server.tls_verify === true,
    alarms: [],
  };
  try {
    const { storage, limits } = await account();
    const identity = await identityOf(streams, beforeWrite);
    const quotaBytes = limits.max_storage;
    return {
      ...common,
      identity,
      sizeBytes: storage,
      ...(quotaBytes > 0 ? { quotaBytes } : {}),
      missingRights: [],
    };
  } catch (error) {
    if (!isRefusal(error, refusals.notEnabled, refusals.notEnabledForAccount) && !isNotEnabled(error)) throw error;
    return { ...common, identity: '', missingRights: ['JetStream, which is not enabled for its account'] };
  }
}

function isNotEnabled(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled';
}

async function identityOf(streams: Streams, beforeWrite: () => void): Promise<string> {
  const found = await infoOf(streams, identityStream);
  if (found !== undefined) return found.config.description ?? '';
  return (await mark(streams, identityStream, randomUUID(), beforeWrite)) ?? '';
}

/** Makes the tenant the one of this store; kine makes its bucket. */
async function claim({ streams }: NatsSession, { schema }: TenantNames, beforeWrite: () => void): Promise<void> {
  const holder =
    (await infoOf(streams, tenantStream))?.config.description ??
    (await mark(streams, tenantStream, schema, beforeWrite));
  if (holder !== schema) {
    throw new DataStoreError(
      'NameConflict',
      `this NATS already holds the tenant with the schema ${holder ?? ''}, and all its users have the same rights: give each tenant a NATS account and a DataStore of its own`,
    );
  }
}

/** Removes the tenant's bucket, then the mark that says whose it was. */
async function drop({ streams }: NatsSession, { schema }: TenantNames, beforeWrite: () => void): Promise<void> {
  const holder = (await infoOf(streams, tenantStream))?.config.description;
  if (holder !== undefined && holder !== schema) return;
  for (const name of holder === undefined ? [bucketOf(schema)] : [bucketOf(schema), tenantStream]) {
    if ((await infoOf(streams, name)) === undefined) continue;
    beforeWrite();
    await orUndefined(streams.delete(name));
  }
}

/** A stream without messages whose description says something; what it says when another call made it first. */
async function mark(
  streams: Streams,
  name: string,
  description: string,
  beforeWrite: () => void,
): Promise<string | undefined> {
  beforeWrite();
  try {
    await streams.add({ name, description, subjects: [`$KAMAJI.${name}`], max_msgs: 1 });
    return description;
  } catch (error) {
    if (!isRefusal(error, refusals.streamNameInUse)) throw error;
    return (await infoOf(streams, name))?.config.description;
  }
}

async function infoOf(streams: Streams, name: string) {
  return orUndefined(streams.info(name));
}

async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isRefusal(error, refusals.streamNotFound)) return undefined;
    throw error;
  }
}

/** The stream behind a bucket of that name (NATS: ADR-8). */
function bucketOf(schema: string): string {
  return `KV_${schema}`;
}

const identityStream = 'kamaji-store-identity';
const tenantStream = 'kamaji-tenant';
