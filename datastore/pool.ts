import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { Reader } from '#runtime/client/client.ts';
import type { Clock } from '#runtime/clock.ts';
import { withBreaker } from './breaker.ts';
import type { ConnectionConfig } from './connection.ts';
import type { Driver } from './driver.ts';
import { openDriver } from './open-driver.ts';
import { resolveDataStore } from './resolve.ts';
import { withRoom } from './room.ts';
import { UsageBook } from './usage-book.ts';

/** A store that can be used: how it is reached, and the driver that reaches it. */
export interface Connection {
  readonly config: ConnectionConfig;
  readonly driver: Driver;
}

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** Read Secrets anew even if that was done a moment ago: after a failure that other credentials may heal. */
  readonly fresh?: boolean;
}

export interface DataStorePoolOptions {
  /** Reads the Secrets that DataStores name. */
  readonly reader: Reader;
  readonly managerNamespace: string;
  readonly open?: (config: ConnectionConfig) => Driver;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * One driver, and so one set of kept connections, per DataStore, shared by everything in the manager. Secrets are read at most once
 * a minute; a driver whose endpoints or credentials changed is replaced, one that nobody used for ten minutes is closed. A replaced
 * driver finishes the calls that it has begun.
 */
export class DataStorePool {
  /** What tenants were last found to use of each DataStore. */
  readonly usage = new UsageBook();
  readonly #options: DataStorePoolOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: DataStorePoolOptions) {
    this.#options = options;
  }

  /** The connection of a DataStore. Throws DataStoreConfigError, DataStoreError, or the reader's error. */
  async connect(dataStore: DataStore, { signal, fresh = false }: ConnectOptions): Promise<Connection> {
    this.#closeIdle();
    const key = dataStore.metadata.name ?? '';
    const revision = `${dataStore.metadata.uid ?? ''}/${dataStore.metadata.generation ?? 0}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined && !fresh && entry.revision === revision && this.#age(entry.resolvedAt) < resolveAgainMs) {
      entry.usedAt = this.#options.clock.monotonic();
      return entry.connection;
    }
    const { reader, managerNamespace } = this.#options;
    const config = await resolveDataStore(dataStore, { reader, managerNamespace, signal });
    return this.#store(key, revision, config);
  }

  /** Closes the connections of a DataStore that is gone. */
  forget(name: string): void {
    this.usage.retain(name, new Set());
    this.#entries.get(name)?.connection.driver.close();
    this.#entries.delete(name);
  }

  /** Closes everything; the pool may be used again afterwards. */
  close(): void {
    for (const name of this.#entries.keys()) this.forget(name);
  }

  #store(key: string, revision: string, config: ConnectionConfig): Connection {
    // Looked up again: another caller may have resolved the same DataStore meanwhile.
    const present = this.#entries.get(key)?.connection;
    const now = this.#options.clock.monotonic();
    if (present?.config.fingerprint === config.fingerprint) {
      this.#entries.set(key, { connection: present, revision, resolvedAt: now, usedAt: now });
      return present;
    }
    const { open = openDriver, clock } = this.#options;
    const connection = { config, driver: withBreaker(withRoom(open(config), clock)) };
    present?.driver.close();
    this.#entries.set(key, { connection, revision, resolvedAt: now, usedAt: now });
    return connection;
  }

  #closeIdle(): void {
    for (const [name, entry] of this.#entries) {
      if (this.#age(entry.usedAt) > idleMs) this.forget(name);
    }
  }

  #age(since: number): number {
    return this.#options.clock.monotonic() - since;
  }
}

interface Entry {
  readonly connection: Connection;
  readonly revision: string;
  readonly resolvedAt: number;
  usedAt: number;
}

const resolveAgainMs = 60_000;
const idleMs = 600_000;
