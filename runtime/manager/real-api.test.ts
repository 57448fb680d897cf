import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createLogger } from 'winston';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { type TcpRelay, startTcpRelay } from '#test/tcp-relay.ts';
import { configMaps, events, leases } from '../client/builtin.ts';
import { NetworkError } from '../client/errors.ts';
import { until } from '../clock.fake.ts';
import { systemClock } from '../clock.ts';
import { createEventRecorder } from '../telemetry/events.ts';
import { LeadershipLostError } from './leadership.ts';
import { Replica, labels, lease } from './replica.fake.ts';

// Tier 3: whole managers against a real kube-apiserver.
let controlPlane: ControlPlane;
before(async () => {
  controlPlane = await startControlPlane();
});
after(() => controlPlane.stop());

const namespace = 'default';
const log = createLogger({ silent: true });
const clock = systemClock;

async function stampOf(name: string): Promise<string> {
  const metadata = { namespace, name, labels };
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
  const replica = (name: string, server = controlPlane.server): Replica => {
    const { certificatePem: cert, privateKeyPem: key } = controlPlane.admin;
    return new Replica(name, { server, tls: { ca: controlPlane.caCertificatePem, cert, key } });
  };
  before(async () => {
    relay = await startTcpRelay(Number(new URL(controlPlane.server).port));
  });
  after(() => relay.close());

  test('one leads; when it ends, and when it can reach nobody, the other takes over', async () => {
    const first = replica('first');
    await until(() => first.leads(), 'the first leads');
    const second = replica('second', `https://127.0.0.1:${relay.port}`);
    assert.equal(await stampOf('one'), 'first');
    assert.equal(second.leads(), false);

    await first.stop();
    assert.equal(await stampOf('two'), 'second');
    assert.equal((await controlPlane.client.get(leases, lease))?.spec?.leaseTransitions, 1);

    const third = replica('third');
    relay.silence();
    await assert.rejects(second.running, LeadershipLostError);
    assert.equal(second.leads(), false);
    assert.equal(await stampOf('three'), 'third');
    await third.stop();
    assert.equal((await controlPlane.client.get(leases, lease))?.spec?.holderIdentity, '');
  });

  test('a manager that does not lead is refused its own writes', async () => {
    const leader = replica('leader');
    await until(() => leader.leads(), 'the leader leads');
    const other = replica('other');
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
    const ours = async () =>
      (await controlPlane.client.list(events, { namespace })).items.filter(
        (one) => one.reportingController === controller,
      );
    const note = { type: 'Warning', reason: 'DataStoreMissing', action: 'Reconcile', note: 'create it' } as const;
    const metadata = { namespace, name: 'subject' };
    const subject = await controlPlane.client.create(configMaps, { metadata });
    recorder.record(subject, note);
    // The first must be on its way before the others make it a series.
    await eventually(async () => (await ours())[0]);
    for (let again = 0; again < 4; again++) recorder.record(subject, note);
    recorder.record({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', uid: 'u1' } }, note);
    await recorder.close(AbortSignal.timeout(10_000));
    const told = (await ours()).map(({ regarding, series }) => [regarding?.kind, regarding?.name, series?.count]);
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
