import type { Logger } from 'winston';
import { type Lease, leases } from '../client/builtin.ts';
import type { Client } from '../client/client.ts';
import { ApiError } from '../client/errors.ts';
import { type Clock, abortReason } from '../clock.ts';
import { microTime } from '../micro-time.ts';
import { type LeaderElector, LeadershipLostError } from './leadership.ts';

export interface LeaderElectionOptions {
  /**
   * For the Lease only. Its transport must not carry `refuseWritesUnless`: a candidate writes before it leads.
   */
  readonly client: Pick<Client, 'get' | 'create' | 'replace'>;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Unique per process, for example pod name and a random part: two processes of one identity would both lead. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** A number in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** How long others wait after the last change of the record that they saw. Default 15 000. */
  readonly leaseDurationMs?: number;
  /** How long a leader leads on without a successful renewal. Default 10 000. */
  readonly renewDeadlineMs?: number;
  /** Between attempts, for candidates times 1 to 2.2. Default 2 000. */
  readonly retryPeriodMs?: number;
  readonly metrics?: LeaderElectionMetrics;
}

/** What the elector reports; must not throw. */
export interface LeaderElectionMetrics {
  /** controller-runtime: `leader_election_master_status`. */
  leading(lease: string, isLeader: boolean): void;
}

/**
 * Election by a Lease (Kubernetes: `client-go/tools/leaderelection`). Clocks of different machines are never compared:
 * a candidate takes over when it has itself seen the record unchanged for the lease duration, by its monotonic clock.
 */
export function createLeaderElector(options: LeaderElectionOptions): LeaderElector {
  return new LeaseElector(options);
}

const jitterFactor = 1.2;

class LeaseElector implements LeaderElector {
  readonly #options: LeaderElectionOptions;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  /** The Lease as last seen, and when by our own monotonic clock its record was first seen like this. */
  #observed: { readonly lease: Lease; readonly at: number } | undefined;
  /** Our copy may be older than our own last write. */
  #mustRead = true;
  /** Monotonic time until which we lead. */
  #leadUntil = Number.NEGATIVE_INFINITY;
  #stopRenewing: () => Promise<void> = async () => {};

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
    const ordered =
      this.#leaseDurationMs > this.#renewDeadlineMs && this.#renewDeadlineMs > this.#retryPeriodMs * jitterFactor;
    if (!ordered) throw new TypeError('leader election needs lease duration > renew deadline > 1.2 × retry period');
    this.#setLeading(false);
  }

  isLeader(): boolean {
    return this.#options.clock.monotonic() < this.#leadUntil;
  }

  async acquire(signal: AbortSignal): Promise<AbortSignal> {
    const { clock, identity, lease, log, random = Math.random } = this.#options;
    let announced: string | undefined;
    while (!(await this.#attempt(signal))) {
      const holder = this.#holder();
      if (holder !== announced) log.info('waiting for leadership', { lease: lease.name, holder });
      announced = holder;
      await clock.sleep(this.#retryPeriodMs * (1 + jitterFactor * random()), signal);
    }
    log.info('leading', { lease: lease.name, identity });
    this.#setLeading(true);
    return this.#renewInBackground();
  }

  async release(signal: AbortSignal): Promise<void> {
    const { client, clock, identity, lease: key, log } = this.#options;
    await this.#stopRenewing();
    this.#setLeading(false);
    try {
      // A renewal that was cut off may have been carried out.
      const lease = this.#mustRead ? await client.get(leases, key, { signal }) : this.#observed?.lease;
      if (lease?.spec?.holderIdentity !== identity) return;
      const now = microTime(clock.now());
      // One second is the shortest duration that the API allows.
      const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
      this.#mustRead = true;
      await client.replace(leases, { ...lease, spec }, { signal });
      log.info('released leadership', { lease: key.name });
    } catch (error) {
      log.warn('could not release the lease; it runs out by itself', { lease: key.name, error });
    }
  }

  async abandon(): Promise<void> {
    await this.#stopRenewing();
  }

  #renewInBackground(): AbortSignal {
    const { clock } = this.#options;
    const lost = new AbortController();
    const stop = new AbortController();
    let cancelDeadline = (): void => {};
    const lose = (why: string): void => {
      if (stop.signal.aborted) return;
      stop.abort(new Error('no longer leading'));
      this.#setLeading(false);
      lost.abort(new LeadershipLostError(why));
    };
    // Apart from the renewals, so that a request without an answer cannot hold it up.
    const watchDeadline = (): void => {
      if (!this.isLeader()) lose(`the lease was not renewed for ${this.#renewDeadlineMs} ms`);
      else cancelDeadline = clock.setTimeout(watchDeadline, this.#leadUntil - clock.monotonic());
    };
    const renew = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(this.#retryPeriodMs, stop.signal);
        if (!(await this.#attempt(stop.signal)) && this.#isHeldByOther())
          lose(`the lease is held by ${this.#holder()}`);
      }
    };
    watchDeadline();
    // Nothing but the abort of `stop` ends the loop.
    const renewing = renew().catch(() => {});
    this.#stopRenewing = async () => {
      stop.abort(new Error('leadership is given up'));
      cancelDeadline();
      await renewing;
    };
    return lost.signal;
  }

  /** One try to take or keep the Lease; true when that succeeded in time. Rejects only with the signal's reason. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    try {
      if (this.#mustRead || !this.isLeader()) return await this.#readAndClaim(signal);
      try {
        return await this.#claim(this.#observed?.lease, signal);
      } catch (error) {
        // Someone changed or removed the Lease that we hold: learn at once who.
        if (error instanceof ApiError && (error.isConflict || error.isNotFound))
          return await this.#readAndClaim(signal);
        throw error;
      }
    } catch (error) {
      if (signal.aborted) throw abortReason(signal);
      const { lease, log } = this.#options;
      const level = error instanceof ApiError && (error.isConflict || error.isAlreadyExists) ? 'debug' : 'warn';
      log.log(level, 'could not update the lease', { lease: lease.name, error });
      return false;
    }
  }

  async #readAndClaim(signal: AbortSignal): Promise<boolean> {
    const { client, lease: key } = this.#options;
    const lease = await client.get(leases, key, this.#call(signal));
    this.#observe(lease);
    this.#mustRead = false;
    return this.#isHeldByOther() && !this.#hasRunOut() ? false : this.#claim(lease, signal);
  }

  async #claim(present: Lease | undefined, signal: AbortSignal): Promise<boolean> {
    const { client, clock, identity, lease: key } = this.#options;
    const now = microTime(clock.now());
    const before = present?.spec;
    const isNew = before?.holderIdentity !== identity;
    const spec = {
      ...before,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#leaseDurationMs / 1000),
      renewTime: now,
      acquireTime: isNew ? now : (before.acquireTime ?? now),
      leaseTransitions: (before?.leaseTransitions ?? 0) + (isNew && present !== undefined ? 1 : 0),
    };
    this.#mustRead = true;
    // Others count from when they see the new record, which cannot be before it is sent.
    const sentAt = clock.monotonic();
    const stored =
      present === undefined
        ? await client.create(leases, { metadata: { ...key }, spec }, this.#call(signal))
        : await client.replace(leases, { ...present, spec }, this.#call(signal));
    this.#observe(stored);
    this.#mustRead = false;
    signal.throwIfAborted();
    this.#leadUntil = sentAt + this.#renewDeadlineMs;
    return this.isLeader();
  }

  #observe(lease: Lease | undefined): void {
    const at = this.#options.clock.monotonic();
    // Judged by the record alone: an edit of labels or annotations is no sign of life.
    const isSame = lease !== undefined && JSON.stringify(lease.spec) === JSON.stringify(this.#observed?.lease.spec);
    this.#observed = lease === undefined ? undefined : { lease, at: isSame ? (this.#observed?.at ?? at) : at };
  }

  #holder(): string | undefined {
    return this.#observed?.lease.spec?.holderIdentity;
  }

  #isHeldByOther(): boolean {
    const holder = this.#holder();
    return holder !== undefined && holder !== '' && holder !== this.#options.identity;
  }

  #hasRunOut(): boolean {
    if (this.#observed === undefined) return true;
    const { lease, at } = this.#observed;
    // A holder that was started with a longer duration relies on it.
    const durationMs = Math.max(this.#leaseDurationMs, (lease.spec?.leaseDurationSeconds ?? 0) * 1000);
    return this.#options.clock.monotonic() >= at + durationMs;
  }

  // Half the deadline, so that one answer that never comes leaves time for another try.
  #call(signal: AbortSignal): { readonly signal: AbortSignal; readonly timeoutMs: number } {
    return { signal, timeoutMs: this.#renewDeadlineMs / 2 };
  }

  #setLeading(isLeading: boolean): void {
    if (!isLeading) this.#leadUntil = Number.NEGATIVE_INFINITY;
    this.#options.metrics?.leading(this.#options.lease.name, isLeading);
  }
}
