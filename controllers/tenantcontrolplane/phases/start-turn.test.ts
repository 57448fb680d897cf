import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { createStartTurns, INITIAL_STARTS } from '../start-turns.ts';
import { takeTurn } from './start-turn.ts';

suite('while as many control planes start as the nodes can take', () => {
  const busy = () => {
    const turns = createStartTurns(new FakeClock());
    for (let n = 0; n < INITIAL_STARTS; n += 1) turns.resume(String(n));
    return turns;
  };

  test('one that has never served waits, says so, and looks again', () => {
    const turns = busy();
    const step = takeTurn(tenant(), undefined, turns);
    assert.ok(step.finding !== undefined);
    assert.deepEqual(
      [step.value, step.finding.type, step.finding.reason],
      [undefined, 'ControlPlaneReady', 'WaitingForTurn'],
    );
    assert.match(step.finding.message, /other control planes are starting/u);
    assert.ok(step.requeueAfterMs !== undefined);
    turns.served('0');
    assert.deepEqual(takeTurn(tenant(), undefined, turns), { value: true });
  });

  const served: TenantControlPlane['status'] = { kubernetesResources: { version: { version: 'v1.35.4' } } };
  const cases: readonly [why: string, subject: TenantControlPlane, hasDeployment: boolean][] = [
    ['that has served before', { ...tenant(), status: served }, false],
    ['whose pods are there', tenant(), true],
    ['that is to sleep', tenant({ deployment: { replicas: 0 } }), false],
  ];
  for (const [why, subject, hasDeployment] of cases) {
    test(`one does not wait ${why}`, () => {
      const deployment = hasDeployment ? { metadata: { name: 'demo' } } : undefined;
      assert.deepEqual(takeTurn(subject, deployment, busy()), { value: true });
    });
  }

  test('none waits where starts are not paced', () => {
    assert.deepEqual(takeTurn(tenant(), undefined, undefined), { value: true });
  });
});
