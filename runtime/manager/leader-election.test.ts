import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { suite, test } from 'node:test';
import type { Lease, leases } from '../client/builtin.ts';
import type { CallOptions } from '../client/client.ts';
import { ApiError } from '../client/errors.ts';
import { FakeClock } from '../clock.fake.ts';
import { abortReason } from '../clock.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createLeaderElector } from './leader-election.ts';
import type { LeaderElectionOptions } from './leader-election.ts';
import { type LeaderElector, LeadershipLostError, refuseUnlessLeading, refuseWritesUnless } from './leadership.ts';

type LeaseClient = LeaderElectionOptions['client'];

/** What happens to the next call of a candidate. */
type Fault = 'lose request' | 'lose response' | 'no answer' | 'server error';

/** One Lease with optimistic locking, and a client per candidate whose calls can be made to go wrong. */
class LeaseServer {
  lease: Lease | undefined;
  #version = 0;

  clientFor(fault: () => Fault | undefined): LeaseClient {
    const call = async <R>(options: CallOptions | undefined, carryOut: () => R): Promise<R> => {
      options?.signal?.throwIfAborted();
      const wrong = fault();
      if (wrong === 'no answer') return untilAborted(options?.signal);
      if (wrong === 'server error') throw new ApiError({ message: 'etcd is down', status: 500 });
      if (wrong === 'lose request') throw new Error('socket hang up');
      const result = structuredClone(carryOut());
      if (wrong === 'lose response') throw new Error('socket hang up');
      return result;
    };
    // The client is generic over kinds; this server knows one.
    const server = {
      get: (_resource: typeof leases, _key: unknown, options?: CallOptions) => call(options, () => this.lease),
      create: (_resource: typeof leases, lease: Lease, options?: CallOptions) =>
        call(options, () => {
          if (this.lease !== undefined) throw new ApiError({ message: 'exists', status: 409, reason: 'AlreadyExists' });
          return this.#store(lease);
        }),
      replace: (_resource: typeof leases, lease: Lease, options?: CallOptions) =>
        call(options, () => {
          if (this.lease === undefined) throw new ApiError({ message: 'gone', status: 404, reason: 'NotFound' });
          if (lease.metadata?.resourceVersion !== this.lease.metadata?.resourceVersion) {
            throw new ApiError({ message: 'stale', status: 409, reason: 'Conflict' });
          }
          return this.#store(lease);
        }),
    };
    return server as unknown as LeaseClient;
  }

  edit(change: Partial<Lease>): void {
    this.#store({ ...this.lease, ...change });
  }

  holder(): string | undefined {
    return this.lease?.spec?.holderIdentity;
  }

  #store(lease: Lease): Lease {
    this.#version += 1;
    const metadata = { ...lease.metadata, resourceVersion: String(this.#version) };
    this.lease = { ...structuredClone(lease), metadata };
    return this.lease;
  }
}

/** Time goes on while the process stands still: no timer runs. */
class StoppableClock extends FakeClock {
  stoppedForMs = 0;

  override monotonic(): number {
    return super.monotonic() + this.stoppedForMs;
  }
}

interface Candidate {
  readonly elector: LeaderElector;
  readonly clock: FakeClock;
  fault: Fault | undefined;
  /** Set once acquire has resolved. */
  lost: AbortSignal | undefined;
  readonly stop: AbortController;
}

function candidate(server: LeaseServer, identity: string, clock: FakeClock): Candidate {
  const self: { fault: Fault | undefined; lost: AbortSignal | undefined } = { fault: undefined, lost: undefined };
  const stop = new AbortController();
  const client = server.clientFor(() => self.fault);
  const lease = { namespace: 'system', name: 'manager' };
  const log = createLogger({ stream: new Writable({ write: (_chunk, _encoding, done) => done() }) });
  const elector = createLeaderElector({ client, lease, identity, clock, log, random: () => 0.5 });
  elector.acquire(stop.signal).then(
    (lost) => (self.lost = lost),
    () => undefined,
  );
  return Object.assign(self, { elector, clock, stop });
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(abortReason(signal)), { once: true });
  });
}

const never = new AbortController().signal;

suite('leader election', () => {
  test('the first candidate leads, the second waits', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    const b = candidate(server, 'b', clock);
    await clock.advance(120_000);
    assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [true, false]);
    assert.equal(server.holder(), 'a');
    assert.equal(server.lease?.spec?.leaseTransitions, 0);
  });

  test('the record carries times of six digits and the duration in seconds', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    candidate(server, 'a', clock);
    await clock.advance(0);
    const { acquireTime, renewTime, leaseDurationSeconds } = server.lease?.spec ?? {};
    assert.match(acquireTime ?? '', /^2026-01-01T00:00:00\.\d{6}Z$/);
    assert.equal(renewTime, acquireTime);
    assert.equal(leaseDurationSeconds, 15);
    await clock.advance(2_000);
    assert.equal(server.lease?.spec?.acquireTime, acquireTime);
    assert.equal(server.lease?.spec?.renewTime, '2026-01-01T00:00:02.000000Z');
  });

  test('a released lease passes on at the next try of the other', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    const b = candidate(server, 'b', clock);
    await clock.advance(10_000);
    await a.elector.release(never);
    assert.equal(server.holder(), '');
    assert.equal(a.elector.isLeader(), false);
    assert.equal(a.lost?.aborted, false);
    await clock.advance(2_000 * 2.2);
    assert.equal(b.elector.isLeader(), true);
    assert.equal(server.lease?.spec?.leaseTransitions, 1);
  });

  test('a leader that can reach nobody stops before the other starts', async () => {
    for (const fault of ['no answer', 'lose request', 'server error'] as const) {
      const server = new LeaseServer();
      const clock = new FakeClock();
      const a = candidate(server, 'a', clock);
      await clock.advance(0);
      const b = candidate(server, 'b', clock);
      await clock.advance(10_000);
      a.fault = fault;
      while (!b.elector.isLeader()) {
        await clock.advance(100);
        assert.ok(!(a.elector.isLeader() && b.elector.isLeader()), fault);
      }
      assert.ok(a.lost?.reason instanceof LeadershipLostError, fault);
      assert.equal(server.holder(), 'b');
    }
  });

  test('a leader whose renewals arrive but are never answered stops, and nobody leads beside it', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    const b = candidate(server, 'b', clock);
    a.fault = 'lose response';
    await clock.advance(9_999);
    assert.equal(a.elector.isLeader(), true);
    await clock.advance(1);
    assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [false, false]);
    assert.ok(a.lost?.aborted);
  });

  test('an acquisition whose answer was lost is recognised as our own', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    let calls = 0;
    Object.defineProperty(a, 'fault', { get: () => (calls++ === 0 ? 'lose response' : undefined) });
    await clock.advance(0);
    assert.deepEqual([server.holder(), a.elector.isLeader()], ['a', false]);
    await clock.advance(2_000 * 2.2);
    assert.equal(a.elector.isLeader(), true);
  });

  test('a single failed renewal changes nothing', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    a.fault = 'server error';
    await clock.advance(4_000);
    a.fault = undefined;
    await clock.advance(60_000);
    assert.deepEqual([a.elector.isLeader(), a.lost?.aborted], [true, false]);
  });

  test('a lease taken by another hand is noticed at the next renewal', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    server.edit({ spec: { ...server.lease?.spec, holderIdentity: 'intruder' } });
    await clock.advance(2_000);
    assert.equal(a.elector.isLeader(), false);
    assert.match(String(a.lost?.reason), /held by intruder/);
  });

  test('a deleted lease is made again without a pause in leadership', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    server.lease = undefined;
    await clock.advance(30_000);
    assert.deepEqual([a.elector.isLeader(), server.holder()], [true, 'a']);
  });

  test('wall clocks hours apart and jumping do not matter', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    const b = candidate(server, 'b', clock);
    for (const jump of [7_200_000, -86_400_000, 3_600_000]) {
      clock.jumpWallClock(jump);
      await clock.advance(40_000);
      assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [true, false]);
    }
  });

  test('an edit of labels neither loses the lease nor counts as a sign of life', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    const b = candidate(server, 'b', clock);
    server.edit({ metadata: { ...server.lease?.metadata, labels: { touched: 'yes' } } });
    await clock.advance(20_000);
    assert.equal(a.elector.isLeader(), true);
    assert.deepEqual(server.lease?.metadata?.labels, { touched: 'yes' });
    a.fault = 'no answer';
    const touch = async (): Promise<void> => {
      server.edit({ metadata: { ...server.lease?.metadata, annotations: { at: String(clock.monotonic()) } } });
      await clock.advance(1_000);
    };
    for (let second = 0; second < 20; second++) await touch();
    assert.equal(b.elector.isLeader(), true);
  });

  test('a process that was stopped knows it leads no more before any timer has run', async () => {
    const server = new LeaseServer();
    const clock = new StoppableClock();
    const a = candidate(server, 'a', clock);
    await clock.advance(0);
    assert.equal(a.elector.isLeader(), true);
    clock.stoppedForMs = 10_000;
    assert.deepEqual([a.elector.isLeader(), a.lost?.aborted], [false, false]);
  });

  test('giving up while waiting leaves the lease alone', async () => {
    const server = new LeaseServer();
    const clock = new FakeClock();
    candidate(server, 'a', clock);
    await clock.advance(0);
    const b = candidate(server, 'b', clock);
    await clock.advance(5_000);
    b.stop.abort();
    await b.elector.release(never);
    assert.equal(server.holder(), 'a');
  });
});

suite('the fence', () => {
  test('lets reads pass and refuses writes without leadership', () => {
    const state = { leads: false };
    const check = refuseWritesUnless({ isLeader: () => state.leads });
    check('GET');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      assert.throws(() => check(method), LeadershipLostError);
    }
    assert.throws(() => refuseUnlessLeading({ isLeader: () => state.leads }, 'a write'), /a write refused/);
    state.leads = true;
    check('POST');
    refuseUnlessLeading({ isLeader: () => state.leads }, 'a write');
  });
});
