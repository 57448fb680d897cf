import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createLogger } from 'winston';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { type TcpRelay, startTcpRelay } from '#test/tcp-relay.ts';
import { createCache } from '../cache/cache.ts';
import { configMaps, events, leases } from '../client/builtin.ts';
import type { Client } from '../client/client.ts';
import { NetworkError } from '../client/errors.ts';
import { createClient } from '../client/kube-client.ts';
import { createTransport } from '../client/transport.ts';
import { until } from '../clock.fake.ts';
import { systemClock } from '../clock.ts';
import { createController } from '../controller/controller.ts';
import { watchSource } from '../controller/sources.ts';
import { createEventRecorder } from '../telemetry/events.ts';
import { createLeaderElector } from './leader-election.ts';
import { LeadershipLostError, refuseWritesUnless } from './leadership.ts';
import { createManager } from './manager.ts';

// Tier 3: whole managers against a real kube-apiserver.
let controlPlane: ControlPlane;
before(async () => {
  controlPlane = await startControlPlane();
});
after(() => controlPlane.stop());

const namespace = 'default';
const log = createLogger({ silent: true });
const clock = systemClock;

/** A manager whose one controller writes the manager's name into every ConfigMap with the label `test=managers`. */
class Replica {
  readonly name: string;
  readonly client: Client;
  readonly running: Promise<void>;
  readonly #elector: ReturnType<typeof createLeaderElector>;
  readonly #stop = new AbortController();

  constructor(name: string, server: string) {
    this.name = name;
    const { certificatePem: cert, privateKeyPem: key } = controlPlane.admin;
    const connect = { server, tls: { ca: controlPlane.caCertificatePem, cert, key } };
    const leaseTransport = createTransport({ ...connect, connections: 1 });
    this.#elector = createLeaderElector({
      client: createClient(leaseTransport),
      lease: { namespace, name: 'managers' },
      identity: name,
      clock,
      log,
      leaseDurationMs: 3_000,
      renewDeadlineMs: 2_000,
      retryPeriodMs: 300,
    });
    const transport = createTransport({ ...connect, beforeSend: refuseWritesUnless(this.#elector) });
    const client = createClient(transport);
    this.client = client;
    const cache = createCache({ transport, clock, random: Math.random, log });
    const informer = cache.informer(configMaps, { labelSelector: 'test=managers' });
    const manager = createManager({
      cache,
      clock,
      log,
      leaderElection: this.#elector,
      closers: [transport, leaseTransport].map((one) => ({ name: 'transport', close: () => one.close() })),
    });
    manager.add(
      createController(
        {
          name: 'stamp',
          sources: [watchSource(informer)],
          reconcile: async (key, context) => {
            if (informer.get(key)?.data?.['by'] === undefined) {
              await context.client.mergePatch(configMaps, key, { data: { by: name } });
            }
            return {};
          },
        },
        { client, cache, clock, log },
      ),
    );
    this.running = manager.run(this.#stop.signal);
  }

  leads(): boolean {
    return this.#elector.isLeader();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('test'));
    await this.running;
  }
}

async function stampOf(name: string): Promise<string> {
  const metadata = { namespace, name, labels: { test: 'managers' } };
  await controlPlane.client.create(configMaps, { metadata });
  return eventually(async () => (await controlPlane.client.get(configMaps, metadata))?.data?.['by']);
}

/** Asks until there is an answer. */
async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const signal = AbortSignal.timeout(30_000);
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await clock.sleep(50, signal);
  }
}

suite('two managers on one API server', () => {
  let relay: TcpRelay;
  before(async () => {
    relay = await startTcpRelay(Number(new URL(controlPlane.server).port));
  });
  after(() => relay.close());

  test('one leads; when it ends, and when it can reach nobody, the other takes over', async () => {
    const first = new Replica('first', controlPlane.server);
    await until(() => first.leads(), 'the first leads');
    const second = new Replica('second', `https://127.0.0.1:${relay.port}`);
    assert.equal(await stampOf('one'), 'first');
    assert.equal(second.leads(), false);

    await first.stop();
    assert.equal(await stampOf('two'), 'second');
    assert.equal((await controlPlane.client.get(leases, { namespace, name: 'managers' }))?.spec?.leaseTransitions, 1);

    const third = new Replica('third', controlPlane.server);
    relay.silence();
    await assert.rejects(second.running, LeadershipLostError);
    assert.equal(second.leads(), false);
    assert.equal(await stampOf('three'), 'third');
    await third.stop();
    assert.equal((await controlPlane.client.get(leases, { namespace, name: 'managers' }))?.spec?.holderIdentity, '');
  });

  test('a manager that does not lead is refused its own writes', async () => {
    const leader = new Replica('leader', controlPlane.server);
    await until(() => leader.leads(), 'the leader leads');
    const other = new Replica('other', controlPlane.server);
    const write = other.client.create(configMaps, { metadata: { namespace, name: 'stray' } });
    await assert.rejects(write, (error) => error instanceof NetworkError && error.code === 'NOT_SENT');
    assert.equal(await other.client.get(configMaps, { namespace, name: 'stray' }), undefined);
    await other.stop();
    await leader.stop();
  });
});

suite('events on a real API server', () => {
  test('are accepted for objects with and without namespace, and count', async () => {
    const controller = 'kamaji.clastix.io/manager';
    const recorder = createEventRecorder({ client: controlPlane.client, clock, log, controller, instance: 'pod-1' });
    const note = { type: 'Warning', reason: 'DataStoreMissing', action: 'Reconcile', note: 'create it' } as const;
    const metadata = { namespace, name: 'subject' };
    const subject = await controlPlane.client.create(configMaps, { metadata });
    recorder.record(subject, note);
    // The first must be on its way before the others make it a series.
    await eventually(async () => (await controlPlane.client.list(events, { namespace })).items[0]);
    for (let again = 0; again < 4; again++) recorder.record(subject, note);
    recorder.record({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', uid: 'u1' } }, note);
    await recorder.close(AbortSignal.timeout(10_000));
    const { items } = await controlPlane.client.list(events, { namespace });
    const told = items.map(({ regarding, series }) => [regarding?.kind, regarding?.name, series?.count]);
    assert.deepEqual(
      new Set(told),
      new Set([
        ['ConfigMap', 'subject', 5],
        ['Node', 'node-1', undefined],
      ]),
    );
    const printed = await controlPlane.kubectl(['events', '--for', 'configmap/subject']);
    assert.match(printed, /x5.*Warning\s+DataStoreMissing\s+ConfigMap\/subject\s+create it/);
  });
});
