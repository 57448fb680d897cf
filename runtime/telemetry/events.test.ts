import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { suite, test } from 'node:test';
import type { Event } from '../client/builtin.ts';
import { ApiError, NetworkError } from '../client/errors.ts';
import type { KubeObject, ObjectKey } from '../client/resource.ts';
import { FakeClock } from '../clock.fake.ts';
import { type EventNote, type EventRecorderOptions, createEventRecorder } from './events.ts';
import { createLogger } from './logger.ts';

type EventClient = EventRecorderOptions['client'];

/** Keeps Events by name and counts requests; `failures` are thrown by the next ones. */
class EventServer {
  readonly stored = new Map<string, Event>();
  readonly failures: Error[] = [];
  requests = 0;

  readonly client = {
    create: async (_resource: unknown, event: Event): Promise<Event> => {
      this.#arrive();
      this.stored.set(event.metadata?.name ?? '', structuredClone(event));
      return event;
    },
    mergePatch: async (_resource: unknown, { name }: ObjectKey, patch: object): Promise<Event> => {
      this.#arrive();
      const event = this.stored.get(name);
      if (event === undefined) throw new ApiError({ message: 'gone', status: 404, reason: 'NotFound' });
      const patched = { ...event, ...patch };
      this.stored.set(name, patched);
      return patched;
    },
  } as unknown as EventClient;

  only(): Event {
    const [event, ...others] = this.stored.values();
    assert.ok(event !== undefined && others.length === 0, `${this.stored.size} events`);
    return event;
  }

  #arrive(): void {
    this.requests += 1;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }
}

function recorder() {
  const server = new EventServer();
  const clock = new FakeClock();
  const log = createLogger({ stream: new Writable({ write: (_chunk, _encoding, done) => done() }) });
  const controller = 'kamaji.clastix.io/manager';
  return {
    server,
    clock,
    recorder: createEventRecorder({ client: server.client, clock, log, controller, instance: 'pod-1' }),
  };
}

const tenant: KubeObject = {
  apiVersion: 'kamaji.clastix.io/v1alpha1',
  kind: 'TenantControlPlane',
  metadata: { namespace: 'tenants', name: 'one', uid: 'u1', resourceVersion: '7' },
};
const missing: EventNote = { type: 'Warning', reason: 'DataStoreMissing', action: 'Reconcile', note: 'create it' };
const minute = 60_000;

suite('events', () => {
  test('tell what happened to which object, in the form of events.k8s.io/v1', async () => {
    const { server, clock, recorder: events } = recorder();
    events.record(tenant, missing);
    await clock.advance(0);
    const { metadata, ...event } = server.only();
    assert.equal(metadata?.namespace, 'tenants');
    assert.match(metadata?.name ?? '', /^one\.[0-9a-f]{16}$/);
    assert.deepEqual(event, {
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'kamaji.clastix.io/manager',
      reportingInstance: 'pod-1',
      regarding: { apiVersion: tenant.apiVersion, kind: tenant.kind, namespace: 'tenants', name: 'one', uid: 'u1' },
      ...missing,
    });
  });

  test('about an object without namespace live in default', async () => {
    const { server, clock, recorder: events } = recorder();
    events.record({ kind: 'DataStore', metadata: { name: 'default', uid: 'u2' } }, missing);
    await clock.advance(0);
    assert.equal(server.only().metadata?.namespace, 'default');
  });

  test('that repeat become one series, written at most every 10 s', async () => {
    const { server, clock, recorder: events } = recorder();
    for (let second = 0; second < 30; second++) {
      events.record(tenant, missing);
      await clock.advance(1_000);
    }
    await clock.advance(10_000);
    assert.deepEqual(server.only().series, { count: 30, lastObservedTime: '2026-01-01T00:00:29.000000Z' });
    assert.equal(server.requests, 4);
  });

  test('that differ in reason, note or object stay apart', async () => {
    const { server, clock, recorder: events } = recorder();
    events.record(tenant, missing);
    events.record(tenant, { ...missing, reason: 'Other' });
    events.record(tenant, { ...missing, note: 'other' });
    events.record({ ...tenant, metadata: { ...tenant.metadata, uid: 'u9' } }, missing);
    await clock.advance(minute);
    assert.equal(server.stored.size, 4);
  });

  test('after six quiet minutes a new series begins', async () => {
    const { server, clock, recorder: events } = recorder();
    events.record(tenant, missing);
    await clock.advance(5 * minute);
    events.record(tenant, missing);
    await clock.advance(5 * minute);
    assert.equal(server.only().series?.count, 2);
    await clock.advance(2 * minute);
    events.record(tenant, missing);
    await clock.advance(minute);
    assert.equal(server.stored.size, 2);
  });

  test('a storm about one object is limited to 25 writes and one more per five minutes; other objects are not', async () => {
    const { server, clock, recorder: events } = recorder();
    for (let index = 0; index < 100; index++) events.record(tenant, { ...missing, note: `note ${index}` });
    events.record({ ...tenant, metadata: { ...tenant.metadata, uid: 'u2' } }, missing);
    await clock.advance(minute);
    assert.equal(server.stored.size, 26);
    await clock.advance(5 * minute);
    events.record(tenant, { ...missing, note: 'later' });
    events.record(tenant, { ...missing, note: 'too early' });
    await clock.advance(minute);
    assert.equal(server.stored.size, 27);
  });

  test('the count of a limited series is written when it may be', async () => {
    const { server, clock, recorder: events } = recorder();
    for (let second = 0; second < 1_000; second++) {
      events.record(tenant, missing);
      await clock.advance(1_000);
    }
    await clock.advance(10 * minute);
    assert.equal(server.only().series?.count, 1_000);
    assert.ok(server.requests <= 25 + 6, `${server.requests} requests`);
  });

  test('an Event that the server has forgotten is written again', async () => {
    const { server, clock, recorder: events } = recorder();
    events.record(tenant, missing);
    await clock.advance(0);
    const first = server.only();
    server.stored.clear();
    events.record(tenant, missing);
    await clock.advance(minute);
    const series = { count: 2, lastObservedTime: first.eventTime };
    assert.deepEqual(server.only(), { ...first, series });
  });

  test('survive a server that is away for a moment, and a lost answer', async () => {
    const { server, clock, recorder: events } = recorder();
    const exists = new ApiError({ message: 'exists', status: 409, reason: 'AlreadyExists' });
    server.failures.push(new NetworkError('CONNECTION_REFUSED', 'away'), exists);
    events.record(tenant, missing);
    await clock.advance(minute);
    assert.equal(server.requests, 2);
    events.record(tenant, missing);
    await clock.advance(minute);
    assert.equal(server.only().series?.count, 2);
  });

  test('a refusal is not repeated and stops nobody', async () => {
    const { server, clock, recorder: events } = recorder();
    server.failures.push(new ApiError({ message: 'namespace is being deleted', status: 403, reason: 'Forbidden' }));
    events.record(tenant, missing);
    events.record(tenant, { ...missing, reason: 'Other' });
    await clock.advance(minute);
    assert.equal(server.only().reason, 'Other');
    assert.equal(server.requests, 2);
  });

  test('that wait are written at the end, later ones are dropped', async () => {
    const { server, recorder: events } = recorder();
    events.record(tenant, missing);
    events.record(tenant, missing);
    events.record(tenant, { ...missing, reason: 'Other' });
    await events.close(new AbortController().signal);
    events.record(tenant, { ...missing, reason: 'Late' });
    assert.deepEqual(
      [...server.stored.values()].map(({ reason, series }) => [reason, series?.count]),
      [
        ['DataStoreMissing', 2],
        ['Other', undefined],
      ],
    );
  });

  test('do not hold up the end longer than allowed', async () => {
    const { server, recorder: events } = recorder();
    const away = new NetworkError('TIMEOUT', 'away');
    server.failures.push(away, away, away);
    events.record(tenant, missing);
    const limit = new AbortController();
    const closed = events.close(limit.signal);
    limit.abort(new Error('time is up'));
    await closed;
  });

  test('nothing is kept of a series a minute after its end', async () => {
    const { clock, recorder: events } = recorder();
    events.record(tenant, missing);
    await clock.advance(minute / 2);
    events.record({ ...tenant, metadata: { ...tenant.metadata, uid: 'u2' } }, missing);
    await clock.advance(6 * minute);
    assert.equal(clock.pending().length, 1);
    await clock.advance(minute);
    assert.deepEqual(clock.pending(), []);
  });

  test('nothing is kept about objects once all is quiet', async () => {
    const { clock, recorder: events } = recorder();
    for (let index = 0; index < 50; index++) {
      events.record({ ...tenant, metadata: { ...tenant.metadata, uid: `u${index}` } }, missing);
    }
    await clock.advance(20 * minute);
    assert.deepEqual(clock.pending(), []);
  });
});
