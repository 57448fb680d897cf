import { createHash } from 'node:crypto';
import type { Client } from '#runtime/client/client.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { ClientMetrics } from '#runtime/client/metrics.ts';
import type { Transport, TransportOptions } from '#runtime/client/transport.ts';
import { createTransport } from '#runtime/client/transport.ts';
import type { Clock } from '#runtime/clock.ts';

/** How to reach one tenant's API server, and who we are to it. */
export interface TenantAccess {
  /** Names the tenant for as long as it lives: the UID of its TenantControlPlane. */
  readonly id: string;
  /** `https://host:port`. */
  readonly server: string;
  /** Name in the serving certificate, where it is not the host of `server`. */
  readonly serverName: string;
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface TenantPoolOptions {
  readonly clock: Clock;
  readonly metrics?: ClientMetrics;
  readonly userAgent: string;
  /** Called for each request immediately before it is written to the socket; throwing refuses it. */
  readonly beforeSend?: TransportOptions['beforeSend'];
  /** Default: over the network. */
  readonly connect?: (options: TransportOptions) => Transport;
  /** Tenants with open connections at the same time. Default 256. */
  readonly maxTenants?: number;
  /** Connections of a tenant that was not asked for this long are closed. Default 5 minutes. */
  readonly idleMs?: number;
}

/** Clients to tenants' API servers: one set of kept connections per tenant and credential, closed when unused. */
export interface TenantPool {
  /** The client for a tenant; new credentials replace the old connections. */
  client(access: TenantAccess): Client;
  /** Closes the connections to a tenant that is gone or asleep. */
  forget(id: string): void;
  close(): Promise<void>;
}

interface Entry {
  readonly fingerprint: string;
  readonly transport: Transport;
  readonly client: Client;
  usedAt: number;
}

export function createTenantPool(options: TenantPoolOptions): TenantPool {
  const { clock, maxTenants = 256, idleMs = 300_000 } = options;
  // A Map iterates in insertion order; re-inserting on use makes its first entries the least recently used ones.
  const entries = new Map<string, Entry>();
  const closing = new Set<Promise<void>>();

  const drop = (id: string, entry: Entry): void => {
    entries.delete(id);
    const closed = entry.transport.close().finally(() => closing.delete(closed));
    closing.add(closed);
  };

  const evict = (): void => {
    for (const [id, entry] of entries) {
      if (entries.size <= maxTenants && clock.monotonic() - entry.usedAt < idleMs) return;
      drop(id, entry);
    }
  };

  return {
    client(access) {
      const fingerprint = fingerprintOf(access);
      let entry = entries.get(access.id);
      if (entry !== undefined && entry.fingerprint !== fingerprint) {
        drop(access.id, entry);
        entry = undefined;
      }
      entry ??= open(access, fingerprint, options);
      entry.usedAt = clock.monotonic();
      entries.delete(access.id);
      entries.set(access.id, entry);
      evict();
      return entry.client;
    },
    forget(id) {
      const entry = entries.get(id);
      if (entry !== undefined) drop(id, entry);
    },
    async close() {
      for (const [id, entry] of entries) drop(id, entry);
      await Promise.all(closing);
    },
  };
}

function open(access: TenantAccess, fingerprint: string, options: TenantPoolOptions): Entry {
  const { beforeSend, connect = createTransport } = options;
  const transport = connect({
    server: access.server,
    tls: {
      ca: access.caPem,
      cert: access.certificatePem,
      key: access.privateKeyPem,
      serverName: access.serverName,
    },
    clock: options.clock,
    hostClass: 'tenant',
    userAgent: options.userAgent,
    connections: 4,
    connectTimeoutMs: 3_000,
    // Longer than kube-proxy collects changes (one second: minSyncPeriod), and than one connection that found no way waits.
    unreachableForMs: 4_000,
    // A tenant that hangs must not hold a worker for long.
    timeoutMs: 10_000,
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    ...(beforeSend === undefined ? {} : { beforeSend }),
  });
  return { fingerprint, transport, client: createClient(transport), usedAt: options.clock.monotonic() };
}

function fingerprintOf(access: TenantAccess): string {
  const { server, serverName, caPem, certificatePem, privateKeyPem } = access;
  return createHash('sha256')
    .update(JSON.stringify([server, serverName, caPem, certificatePem, privateKeyPem]))
    .digest('base64');
}
