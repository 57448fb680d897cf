import assert from 'node:assert/strict';
import { createLogger } from 'winston';
import type { Lease, leases } from '../client/builtin.ts';
import type { CallOptions } from '../client/client.ts';
import { ApiError, NetworkError } from '../client/errors.ts';
import { FakeClock } from '../clock.fake.ts';
import { abortReason } from '../clock.ts';
import { createLeaderElector } from './leader-election.ts';
import type { LeaderElectionOptions } from './leader-election.ts';
import type { LeaderElector } from './leadership.ts';
import { ProcessClock } from './process-clock.fake.ts';

export const leaseDurationMs = 15_000;
export const renewDeadlineMs = 10_000;
export const retryPeriodMs = 2_000;

/** What the network and the server do with one call. A lost message is never delivered. */
export interface Fate {
  readonly requestMs: number | 'lost';
  readonly responseMs: number | 'lost';
  /** The server answers 500 and does nothing. */
  readonly serverError: boolean;
}

const quick: Fate = { requestMs: 2, responseMs: 3, serverError: false };

type LeaseClient = LeaderElectionOptions['client'];

/** One life of one candidate: a process with an identity of its own, which writes whenever it may. */
class Process {
  readonly identity: string;
  readonly clock: ProcessClock;
  readonly elector: LeaderElector;
  readonly stop = new AbortController();
  /** When, by its own clock, the last claim was sent that it knows to have succeeded. */
  claimedAt = Number.NEGATIVE_INFINITY;
  /** Number of times that another's name was written into the record, when its own first was. */
  usurpations: number | undefined;
  writes = 0;

  constructor(identity: string, clock: ProcessClock, client: LeaseClient, random: () => number) {
    this.identity = identity;
    this.clock = clock;
    this.elector = createLeaderElector({
      client,
      lease: { namespace: 'system', name: 'manager' },
      identity,
      clock,
      log: createLogger({ silent: true }),
      random,
      leaseDurationMs,
      renewDeadlineMs,
      retryPeriodMs,
    });
  }
}

/** Candidates, each on a machine of its own, one Lease, and a network between them that does as it is told. */
export class ElectionWorld {
  readonly clock = new FakeClock();
  readonly #machines: { readonly rate: number; process: Process | undefined }[];
  readonly #random: () => number;
  readonly #fates: Fate[];
  #lease: Lease | undefined;
  #version = 0;
  #lives = 0;
  /** Holders other than the empty one, in the order in which they got the record. */
  readonly #holders: string[] = [];
  #broken = new Set<() => void>();

  constructor(rates: readonly number[], fates: readonly Fate[], random: () => number) {
    this.#fates = [...fates];
    this.#random = random;
    this.#machines = rates.map((rate) => ({ rate, process: undefined }));
    for (const machine of rates.keys()) this.start(machine);
  }

  leaders(): readonly string[] {
    return this.#processes()
      .filter(({ elector }) => elector.isLeader())
      .map(({ identity }) => identity);
  }

  /** Writes that the named process has begun. */
  writesOf(identity: string): number {
    return this.#processes().find((process) => process.identity === identity)?.writes ?? 0;
  }

  start(machine: number): void {
    const place = this.#machines[machine];
    if (place === undefined || place.process !== undefined) return;
    const identity = `m${machine}-${++this.#lives}`;
    const clock = new ProcessClock(this.clock, place.rate);
    const client = this.#clientOf(() => place.process, identity, clock);
    const process = new Process(identity, clock, client, this.#random);
    place.process = process;
    const exitWhenLost = (lost: AbortSignal): void => {
      if (lost.aborted) this.crash(machine);
      else lost.addEventListener('abort', () => this.crash(machine), { once: true });
    };
    process.elector.acquire(process.stop.signal).then(exitWhenLost, () => undefined);
  }

  /** The process is gone from one moment to the next; what it has sent is on its way. */
  crash(machine: number): void {
    const place = this.#machines[machine];
    place?.process?.clock.kill();
    if (place !== undefined) place.process = undefined;
  }

  /** An orderly end: nothing writes any more, the leadership is released, the process ends. */
  release(machine: number): void {
    const process = this.#machines[machine]?.process;
    if (process === undefined || process.clock.isStopped() || process.stop.signal.aborted) return;
    process.stop.abort(new Error('shutdown'));
    const end = (): void => {
      if (this.#machines[machine]?.process === process) this.crash(machine);
    };
    process.elector.release(new AbortController().signal).then(end, end);
  }

  pause(machine: number): void {
    this.#machines[machine]?.process?.clock.stop();
  }

  async resume(machine: number, first: 'timer' | 'answer'): Promise<void> {
    await this.#machines[machine]?.process?.clock.resume(first);
    this.#check();
  }

  jumpWallClock(machine: number, ms: number): void {
    this.#machines[machine]?.process?.clock.jump(ms);
  }

  /** From now on every call succeeds, every process runs, and what was on its way is lost. */
  async heal(): Promise<void> {
    this.#fates.length = 0;
    for (const reset of this.#broken) reset();
    for (const machine of this.#machines.keys()) {
      await this.resume(machine, 'answer');
      this.start(machine);
    }
  }

  /** Lets time pass; after every single thing that happens, what must hold is asked. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.monotonic() + ms;
    for (let left = ms; left > 0; left = end - this.clock.monotonic()) {
      await this.clock.advance(Math.min(left, this.clock.pending()[0] ?? left, 2_000));
      this.#check();
    }
  }

  #processes(): Process[] {
    return this.#machines.flatMap(({ process }) => process ?? []);
  }

  #check(): void {
    const leaders = this.leaders();
    assert.ok(leaders.length <= 1, `two leaders at once: ${leaders.join(' and ')}`);
    for (const process of this.#processes()) {
      const { clock, identity } = process;
      // What `refuseWritesUnless` asks immediately before a write.
      if (clock.isStopped() || !process.elector.isLeader()) continue;
      process.writes++;
      const age = clock.monotonic() - process.claimedAt;
      // Clocks that run at another rate bring fractions.
      assert.ok(age < renewDeadlineMs + 1e-6, `${identity} begins a write ${age} ms after its last claim was sent`);
      assert.equal(this.#holders.at(-1), identity, `${identity} begins a write under another's lease`);
      const usurpations = this.#holders.filter((holder) => holder !== identity).length;
      process.usurpations ??= usurpations;
      assert.equal(usurpations, process.usurpations, `${identity} goes on although another has led meanwhile`);
    }
  }

  #clientOf(self: () => Process | undefined, identity: string, clock: ProcessClock): LeaseClient {
    const claiming = async (lease: Lease, options: CallOptions | undefined, store: () => Lease): Promise<Lease> => {
      const sentAt = clock.monotonic();
      const stored = await this.#call(clock, options, store);
      const process = self();
      if (process?.identity === identity && lease.spec?.holderIdentity === identity) process.claimedAt = sentAt;
      return stored;
    };
    const client = {
      get: (_resource: typeof leases, _key: unknown, options?: CallOptions) =>
        this.#call(clock, options, () => this.#lease),
      create: (_resource: typeof leases, lease: Lease, options?: CallOptions) =>
        claiming(lease, options, () => {
          if (this.#lease !== undefined) throw failure(409, 'AlreadyExists');
          return this.#store(lease);
        }),
      replace: (_resource: typeof leases, lease: Lease, options?: CallOptions) =>
        claiming(lease, options, () => {
          if (this.#lease === undefined) throw failure(404, 'NotFound');
          if (lease.metadata?.resourceVersion !== this.#lease.metadata?.resourceVersion) throw failure(409, 'Conflict');
          return this.#store(lease);
        }),
    };
    // The client is generic over kinds; this server knows one.
    return client as unknown as LeaseClient;
  }

  #store(lease: Lease): Lease {
    const metadata = { ...lease.metadata, resourceVersion: String(++this.#version) };
    this.#lease = { ...structuredClone(lease), metadata };
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder !== '' && holder !== this.#holders.at(-1)) this.#holders.push(holder);
    return this.#lease;
  }

  /** One call over the network: what is on its way arrives, whatever has become of the caller. */
  #call<R>(clock: ProcessClock, options: CallOptions | undefined, carryOut: () => R): Promise<R> {
    const { requestMs, responseMs, serverError } = this.#fates.shift() ?? quick;
    const { signal, timeoutMs = 30_000 } = options ?? {};
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    if (signal?.aborted === true) return Promise.reject(abortReason(signal));
    const inFlight: (() => void)[] = [];
    const finish = (settle: () => void): void => {
      cancelTimeout();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => finish(() => reject(abortReason(signal ?? AbortSignal.abort())));
    const cancelTimeout = clock.setTimeout(
      () => finish(() => reject(new NetworkError('TIMEOUT', 'no answer'))),
      timeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    const reset = (): void => {
      this.#broken.delete(reset);
      for (const cancel of inFlight) cancel();
      clock.deliver('answer', () => finish(() => reject(new NetworkError('CONNECTION_RESET', 'socket hang up'))));
    };
    this.#broken.add(reset);
    const answer = (settle: () => void): void => {
      if (responseMs === 'lost') return;
      const arrive = (): void => {
        this.#broken.delete(reset);
        clock.deliver('answer', () => finish(settle));
      };
      inFlight.push(this.clock.setTimeout(arrive, responseMs));
    };
    const arriveAtServer = (): void => {
      if (serverError) {
        answer(() => reject(failure(500, 'InternalError')));
        return;
      }
      try {
        const result = structuredClone(carryOut());
        answer(() => resolve(result));
      } catch (error) {
        answer(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    };
    if (requestMs !== 'lost') inFlight.push(this.clock.setTimeout(arriveAtServer, requestMs));
    return promise;
  }
}

function failure(status: number, reason: string): ApiError {
  return new ApiError({ message: reason, status, reason });
}
