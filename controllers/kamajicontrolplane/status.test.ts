import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KamajiControlPlane, KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { Finding } from './finding.ts';
import { stateChanges } from './state-changes.ts';
import { pausedStatus, statusOf } from './status.ts';

const clock = { now: () => Date.UTC(2026, 0, 1) };
type State = readonly ['True' | 'False', string, string?];

function controlPlane(
  status?: KamajiControlPlaneStatus,
  spec: Partial<KamajiControlPlane['spec']> = {},
): KamajiControlPlane {
  return {
    apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
    kind: 'KamajiControlPlane',
    metadata: { name: 'shop', namespace: 'team', generation: 4 },
    spec: { version: 'v1.35.4', replicas: 2, ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

function tenant(
  conditions: Readonly<Record<string, State>>,
  deployment: Readonly<Record<string, number>> = {},
  observedGeneration = 1,
): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { name: 'shop', namespace: 'team', generation: 1 },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
    },
    status: {
      observedGeneration,
      kubernetesResources: { deployment: { selector: 'app=shop', ...deployment } },
      conditions: Object.entries(conditions).map(([type, [status, reason, message]]) => ({
        type,
        status,
        reason,
        message: message ?? reason,
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    },
  };
}

const fine: Readonly<Record<string, State>> = {
  Ready: ['True', 'Ready'],
  Available: ['True', 'Available'],
  BootstrapReady: ['True', 'BootstrapReady'],
  DataStoreReady: ['True', 'DataStoreReady'],
};
const settled = { replicas: 2, readyReplicas: 2, availableReplicas: 2, updatedReplicas: 2 };
const good: readonly Finding[] = [
  { type: 'TenantControlPlaneCreated', status: 'True', reason: 'Succeeded', message: '' },
  { type: 'EndpointReady', status: 'True', reason: 'EndpointReady', message: '' },
  { type: 'CertificatesAvailable', status: 'True', reason: 'Available', message: '' },
  { type: 'BootstrapConfigReady', status: 'True', reason: 'BootstrapConfigReady', message: '' },
];
const without = (finding: Finding): readonly Finding[] => [
  ...good.filter(({ type }) => type !== finding.type),
  finding,
];

function statusAfter(
  of: KamajiControlPlane,
  tenantControlPlane: TenantControlPlane | undefined,
  findings: readonly Finding[] = good,
): KamajiControlPlaneStatus {
  return statusOf(of, { findings, tenantControlPlane, pods: [] }, clock);
}

const reasonsOf = (status: KamajiControlPlaneStatus, ...types: string[]) =>
  types.map((type) => findCondition(status.conditions, type)?.reason);

suite('the status', () => {
  test('has explicit zeros before there is anything', () => {
    const status = statusAfter(controlPlane(), undefined, []);
    assert.deepEqual(
      [status.replicas, status.readyReplicas, status.availableReplicas, status.upToDateReplicas],
      [0, 0, 0, 0],
    );
    assert.equal(status.externalManagedControlPlane, true);
    assert.equal(status.ready, false);
    assert.equal(status.initialization, undefined, 'an empty object would be refused');
  });

  test("takes counters and selector from the tenant's Deployment", () => {
    const counts = { replicas: 4, readyReplicas: 3, availableReplicas: 2, updatedReplicas: 1 };
    const status = statusAfter(controlPlane(), tenant(fine, counts));
    assert.deepEqual(
      [status.replicas, status.readyReplicas, status.availableReplicas, status.upToDateReplicas],
      [4, 3, 2, 1],
    );
    assert.equal(status.selector, 'app=shop');
  });

  test('says the same twice when nothing has changed', () => {
    const first = statusAfter(controlPlane(), tenant(fine, settled));
    assert.deepEqual(
      statusOf(
        controlPlane(first),
        { findings: good, tenantControlPlane: tenant(fine, settled), pods: [] },
        { now: () => 0 },
      ),
      first,
    );
  });

  test('shows a new generation as observed only when the tenant has seen what became of it', () => {
    const before = { observedGeneration: 3 };
    assert.equal(statusAfter(controlPlane(before), tenant(fine, settled, 0)).observedGeneration, 3);
    assert.equal(statusAfter(controlPlane(before), tenant(fine, settled, 1)).observedGeneration, 4);
  });

  test('of a paused object is as it was, but for the condition', () => {
    const before = statusAfter(controlPlane(), tenant(fine, settled));
    const { conditions, ...rest } = pausedStatus(controlPlane(before), 'Cluster shop is paused', clock);
    const { conditions: conditionsBefore, ...restBefore } = before;
    assert.deepEqual(rest, restBefore);
    assert.equal(findCondition(conditions, 'Paused')?.status, 'True');
    const others = (list: typeof conditions) => list?.filter(({ type }) => type !== 'Paused');
    assert.deepEqual(others(conditions), others(conditionsBefore));
  });
});

suite('Initialized', () => {
  const cases: readonly [string, Readonly<Record<string, State>>, readonly Finding[], boolean][] = [
    ['comes when the API answers and all is published', fine, good, true],
    [
      'does not wait for the tenant to be Ready in every respect',
      { ...fine, Ready: ['False', 'AddonsNotReady'] },
      good,
      true,
    ],
    [
      'does not wait for the infrastructure',
      fine,
      [...good, { type: 'InfrastructureClusterPatched', status: 'False', reason: 'Forbidden', message: '' }],
      true,
    ],
    ['waits for an API server', { ...fine, Available: ['False', 'NotAvailable'] }, good, false],
    ['waits for what nodes need to join', { ...fine, BootstrapReady: ['False', 'Waiting'] }, good, false],
    [
      'waits for kubeconfig and CA',
      fine,
      without({ type: 'CertificatesAvailable', status: 'False', reason: 'ForeignSecret', message: '' }),
      false,
    ],
    [
      'waits for bootstrap data',
      fine,
      without({ type: 'BootstrapConfigReady', status: 'False', reason: 'TenantUnreachable', message: '' }),
      false,
    ],
    [
      'waits for the endpoint in the spec',
      fine,
      without({ type: 'EndpointReady', status: 'False', reason: 'EndpointConflict', message: '' }),
      false,
    ],
  ];
  for (const [name, conditions, findings, expected] of cases) {
    test(name, () => {
      const status = statusAfter(controlPlane(), tenant(conditions, settled), findings);
      assert.equal(status.initialization?.controlPlaneInitialized ?? false, expected);
    });
  }

  test('is never taken back', () => {
    const before = { initialization: { controlPlaneInitialized: true } };
    const status = statusAfter(controlPlane(before), undefined, []);
    assert.equal(status.initialization?.controlPlaneInitialized, true);
    assert.deepEqual(reasonsOf(status, 'Initialized'), ['Initialized']);
  });
});

suite('Ready', () => {
  const ready = (status: KamajiControlPlaneStatus) => {
    const { reason, message } = findCondition(status.conditions, 'Ready') ?? {};
    return [reason, message];
  };

  test('is True when the tenant is and all is published, and upstream knows it by another name', () => {
    const status = statusAfter(controlPlane(), tenant(fine, settled));
    assert.deepEqual(reasonsOf(status, 'Ready', 'KamajiControlPlaneIsReady', 'Available'), [
      'Ready',
      'Ready',
      'Available',
    ]);
    assert.equal(status.ready, true);
  });

  test("gives the tenant's own reason where one waits for it", () => {
    const waiting = without({
      type: 'CertificatesAvailable',
      status: 'False',
      reason: 'WaitingForControlPlane',
      message: 'later',
    });
    const not = tenant({ ...fine, Ready: ['False', 'ControlPlaneNotReady', 'the image cannot be pulled'] });
    assert.deepEqual(ready(statusAfter(controlPlane(), not, waiting)), ['NotReady', 'the image cannot be pulled']);
  });

  test('names what is in the way here before what is wrong there', () => {
    const foreign = without({
      type: 'CertificatesAvailable',
      status: 'False',
      reason: 'ForeignSecret',
      message: 'delete it',
    });
    const not = tenant({ ...fine, Ready: ['False', 'ControlPlaneNotReady', 'starting'] });
    assert.deepEqual(ready(statusAfter(controlPlane(), not, foreign)), ['NotReady', 'delete it']);
  });

  test('says Asleep and nothing else when replicas is 0', () => {
    const asleep = tenant({ ...fine, Ready: ['False', 'Asleep'], Available: ['False', 'Asleep'] });
    const status = statusAfter(controlPlane(undefined, { replicas: 0 }), asleep);
    assert.deepEqual(reasonsOf(status, 'Ready', 'Available'), ['Asleep', 'Asleep']);
    assert.equal(status.ready, false);
  });

  test('says Deleting while it is deleted', () => {
    const deleting: Finding = {
      type: 'Deleting',
      status: 'True',
      reason: 'WaitingForTenantControlPlaneDeletion',
      message: 'waiting',
    };
    const status = statusAfter(controlPlane(), tenant(fine, settled), [deleting]);
    assert.deepEqual(reasonsOf(status, 'Ready', 'Deleting'), ['Deleting', 'WaitingForTenantControlPlaneDeletion']);
  });
});

suite('RollingOut, ScalingUp and ScalingDown', () => {
  const rolling: State = ['True', 'RollingOut'];
  const cases: readonly [string, State, Readonly<Record<string, number>>, readonly string[]][] = [
    ['are quiet when all is settled', ['False', 'Settled'], settled, []],
    ['show the first pods coming', ['True', 'Provisioning'], { replicas: 0 }, ['ScalingUp']],
    ['show a rollout with a second set of pods', rolling, { ...settled, replicas: 4 }, ['RollingOut']],
    ['show a rollout before its first pod exists', rolling, settled, ['RollingOut']],
    [
      'do not call more pods a rollout',
      rolling,
      { ...settled, replicas: 1, readyReplicas: 1, updatedReplicas: 1 },
      ['ScalingUp'],
    ],
    [
      'do not call fewer pods a rollout',
      rolling,
      { replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3 },
      ['ScalingDown'],
    ],
    ['do not call a pod that lost its readiness a rollout', rolling, { ...settled, readyReplicas: 1 }, []],
  ];
  for (const [name, progressing, deployment, expected] of cases) {
    test(name, () => {
      const status = statusAfter(controlPlane(), tenant({ ...fine, Progressing: progressing }, deployment));
      const shown = ['RollingOut', 'ScalingUp', 'ScalingDown'].filter(
        (type) => findCondition(status.conditions, type)?.status === 'True',
      );
      assert.deepEqual(shown, expected);
    });
  }
});

suite('Events', () => {
  const eventsOf = (before: KamajiControlPlaneStatus | undefined, after: KamajiControlPlaneStatus) =>
    stateChanges(before, after).map(({ type, reason }) => `${type} ${reason}`);

  test('none for what every control plane waits for at its start', () => {
    const waiting: Finding = { type: 'EndpointReady', status: 'False', reason: 'WaitingForAddress', message: '' };
    const status = statusAfter(controlPlane(), tenant({}), [...good.slice(0, 1), waiting]);
    assert.deepEqual(eventsOf(undefined, status), ['Normal TenantControlPlaneCreated']);
  });

  test('none for steps that the TenantControlPlane has Events of', () => {
    const waiting: Finding = { type: 'EndpointReady', status: 'False', reason: 'WaitingForAddress', message: '' };
    const before = statusAfter(controlPlane(), tenant({}), without(waiting));
    const after = statusAfter(controlPlane(before), tenant(fine, settled));
    assert.deepEqual(eventsOf(before, after), ['Normal Initialized', 'Normal Ready']);
  });

  test('one for each milestone, one Warning for each trouble, none when nothing changes', () => {
    const blocked = statusAfter(
      controlPlane(),
      tenant(fine, settled),
      without({ type: 'CertificatesAvailable', status: 'False', reason: 'ForeignSecret', message: '' }),
    );
    assert.ok(eventsOf(undefined, blocked).includes('Warning ForeignSecret'));
    const healed = statusAfter(controlPlane(blocked), tenant(fine, settled));
    assert.deepEqual(eventsOf(blocked, healed), ['Normal CertificatesAvailable', 'Normal Initialized', 'Normal Ready']);
    assert.deepEqual(eventsOf(healed, healed), []);
  });

  test('a Warning when it was Ready and is no more', () => {
    const before = statusAfter(controlPlane(), tenant(fine, settled));
    const after = statusAfter(
      controlPlane(before),
      tenant({ ...fine, Ready: ['False', 'ControlPlaneNotReady'] }, settled),
    );
    assert.deepEqual(eventsOf(before, after), ['Warning NotReady']);
  });
});
