/** The kinds of store, as `spec.driver` of a DataStore spells them. */
export type DriverName = 'etcd' | 'PostgreSQL' | 'MySQL' | 'NATS';

/** What a store said about itself, under credentials that may administer it. */
export interface ProbeResult {
  /** Version of the server, such as `3.6.16`. */
  readonly version: string;
  /**
   * Names the data of this store: the same after a restart, a change of address or of credentials, different on every
   * other store and on an emptied one. A tenant is bound to it.
   */
  readonly identity: string;
  /** False on a store that does not enforce permissions: no tenant may be put there. */
  readonly authorizationEnabled: boolean;
  /** Bytes on disk, where the store knows. */
  readonly sizeBytes?: number;
  /** Bytes it may grow to, where there is a limit. */
  readonly quotaBytes?: number;
  /** Alarms that the store itself raises, in its own words. */
  readonly alarms: readonly string[];
  /** Rights that the administrator lacks, each in the store's own words; while there is one, no tenant may be put there. */
  readonly missingRights: readonly string[];
  /** Connections in use and allowed, all clients together, where the store tells. */
  readonly connections?: { readonly used: number; readonly limit: number };
}

/** How much one tenant has in a store. */
export interface TenantUsage {
  /** Keys of Kubernetes that exist now, without their past. */
  readonly keys: number;
  /** Bytes that they take. Of a tenant with very many keys this may be an estimate. */
  readonly bytes: number;
}

/** Something about a store itself, not about one tenant, by which tenants could reach one another. */
export interface IsolationProblem {
  /** What is wrong, with the advisory where there is one. */
  readonly summary: string;
  /** What the administrator of the store does against it. */
  readonly remedy: string;
}

/** What every driver is opened with besides the coordinates of its store. */
export interface DriverOptions {
  /**
   * Runs right before a call that changes something in the store is sent, after any wait for a connection; a throw stops
   * it. Lets a process that lost its lease refuse to write.
   */
  readonly beforeWrite?: () => void;
}

/** The names of one tenant in a store. */
export interface TenantNames {
  /** Database, key prefix or bucket. */
  readonly schema: string;
  readonly user: string;
}

/** What {@link Driver.ensureTenant} brings about. */
export interface TenantAccess extends TenantNames {
  /** For stores that know users by password; absent where a client certificate names the user. */
  readonly password?: string;
}

/**
 * One store under its administrator's credentials, over kept connections. Every method may be called at any time, also
 * concurrently, and fails with a DataStoreError; an aborted signal rejects with the signal's reason.
 */
export interface Driver {
  readonly driver: DriverName;

  /** Asks the store how it is. Refused connections fail at once, silent ones within 15 seconds. */
  probe(signal: AbortSignal): Promise<ProbeResult>;

  /**
   * Makes schema, user and permissions so that the user reaches everything in its schema and nothing else. Idempotent
   * from every half-done state. `NameConflict` when schema or user is someone else's: nothing was changed then.
   */
  ensureTenant(tenant: TenantAccess, signal: AbortSignal): Promise<void>;

  /**
   * Removes user, permissions and all data of the tenant, its access first. Idempotent. What belongs to another user
   * is left alone, so that a tenant that was refused its names can be deleted safely.
   */
  dropTenant(tenant: TenantNames, signal: AbortSignal): Promise<void>;

  /**
   * Counts what the tenant has there, in pieces small enough that other tenants do not notice. Nothing there is no failure: zeros.
   */
  usage(tenant: TenantNames, signal: AbortSignal): Promise<TenantUsage>;

  /**
   * Takes a little room and gives it back; fails with `QuotaExceeded` where there is none. Absent where the store itself tells in its
   * probe that it is full.
   */
  tryRoom?(signal: AbortSignal): Promise<void>;

  /** What of the store's version and configuration breaks the isolation of its tenants; empty when nothing is known. */
  isolationProblems(signal: AbortSignal): Promise<readonly IsolationProblem[]>;

  /**
   * Brings a store that we run ourselves from empty to usable: marks it with `identity` unless it already has one, makes the
   * administrator, turns authorization on. Idempotent from every half-done state. Absent where we run no such store.
   */
  initialize?(identity: string, signal: AbortSignal): Promise<void>;

  /** Closes all connections; calls under way may still finish. Idempotent. */
  close(): void;
}
