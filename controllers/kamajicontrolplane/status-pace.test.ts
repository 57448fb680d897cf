import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { KamajiControlPlane, KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { setConditions } from '#runtime/client/conditions.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import type { Finding } from './finding.ts';
import { PROGRESS_INTERVAL_MS, StatusPace } from './status-pace.ts';

suite('status writes of a control plane', () => {
  let clock: FakeClock;
  let pace: StatusPace;
  let controlPlane: KamajiControlPlane;
  beforeEach(() => {
    clock = new FakeClock();
    pace = new StatusPace(clock);
    controlPlane = {
      apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
      kind: 'KamajiControlPlane',
      metadata: { name: 'one', uid: 'one', creationTimestamp: new Date(clock.now()).toISOString() },
      spec: { version: 'v1.35.4' },
    };
  });

  const status = (replicas: number, ...findings: readonly Finding[]): KamajiControlPlaneStatus => ({
    externalManagedControlPlane: true,
    ready: false,
    version: '',
    replicas,
    conditions: setConditions([], findings, clock),
  });
  /** What a pass does: writes unless it may wait, and answers how long. */
  function pass(next: KamajiControlPlaneStatus): number {
    const waitMs = pace.waitMs(controlPlane, next);
    if (waitMs > 0) return waitMs;
    controlPlane = { ...controlPlane, status: next };
    pace.written(controlPlane);
    return 0;
  }
  const available: Finding = { type: 'Available', status: 'True', reason: 'Available', message: 'served' };
  const waiting: Finding = {
    type: 'EndpointReady',
    status: 'False',
    reason: 'WaitingForAddress',
    message: 'no address yet',
  };
  const conflict: Finding = { ...waiting, reason: 'EndpointConflict', message: 'it is another' };

  test('the steps of the first seconds are one write', async () => {
    assert.equal(pass(status(0, waiting)), PROGRESS_INTERVAL_MS);
    await clock.advance(2_000);
    assert.equal(pass(status(1)), PROGRESS_INTERVAL_MS - 2_000);
    await clock.advance(PROGRESS_INTERVAL_MS - 2_000);
    assert.equal(pass(status(2)), 0);
    assert.equal(controlPlane.status?.replicas, 2);
  });

  test('later steps are together, too', async () => {
    await clock.advance(60_000);
    assert.equal(pass(status(1)), 0);
    await clock.advance(1_000);
    assert.equal(pass(status(2)), PROGRESS_INTERVAL_MS - 1_000);
  });

  test('what others act on is told at once', () => {
    pass(status(0, waiting));
    assert.equal(pass(status(1, available)), 0);
    assert.equal(pass(status(1, { ...available, status: 'False', reason: 'NotAvailable' })), 0);
  });

  test('what went wrong is told at once, and its details later', async () => {
    assert.equal(pass(status(0, conflict)), 0);
    await clock.advance(1_000);
    assert.equal(pass(status(0, { ...conflict, message: 'it is yet another' })), PROGRESS_INTERVAL_MS - 1_000);
  });

  test('sleep that was asked for from the beginning is no alarm', () => {
    assert.equal(
      pass(status(0, { type: 'Ready', status: 'False', reason: 'Asleep', message: 'it sleeps' })),
      PROGRESS_INTERVAL_MS,
    );
  });

  test('a process that has just started tells what it finds at once', async () => {
    await clock.advance(60_000);
    pass(status(1));
    pace = new StatusPace(clock);
    assert.equal(pass(status(2)), 0);
  });

  test('control planes do not wait for one another', async () => {
    await clock.advance(60_000);
    pass(status(1));
    const other = { ...controlPlane, metadata: { ...controlPlane.metadata, uid: 'other' } };
    assert.equal(pace.waitMs(other, status(2)), 0);
  });
});
