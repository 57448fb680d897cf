import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { Deployment, Pod } from '#runtime/client/builtin.ts';
import { controlPlaneFinding, rolloutOf, versionStateOf } from './rollout.ts';

/** Counts of pods: all, of the newest template, ready, available. */
type Counts = readonly [replicas: number, updated: number, ready: number, available: number];

function deployment([replicas, updatedReplicas, readyReplicas, availableReplicas]: Counts, observed = 2): Deployment {
  return {
    metadata: { name: 'demo', generation: 2 },
    status: { observedGeneration: observed, replicas, updatedReplicas, readyReplicas, availableReplicas },
  };
}

/** As its controller leaves one that has not come on for as long as it waits. */
function stalled(counts: Counts): Deployment {
  const { status, ...rest } = deployment(counts);
  const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
  return { ...rest, status: { ...status, conditions } };
}

/** The tenant `demo` of version v1.35.4 with two replicas, and what its status says of earlier passes. */
function subject(
  parts: { replicas?: number; installed?: string; wasReady?: boolean; was?: string; limited?: boolean } = {},
): TenantControlPlane {
  const { replicas = 2, installed, wasReady = false, was = 'X', limited = false } = parts;
  const { spec, ...rest } = tenant({ deployment: { replicas } });
  return {
    ...rest,
    spec: limited ? { ...spec, writePermissions: { blockCreation: true } } : spec,
    status: {
      ...(installed === undefined ? {} : { kubernetesResources: { version: { version: installed } } }),
      conditions: [
        {
          type: 'ControlPlaneReady',
          status: wasReady ? 'True' : 'False',
          reason: was,
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  };
}

suite('how far the pods are', () => {
  const before = { installed: 'v1.35.4', wasReady: true };
  const cases: readonly [
    why: string,
    parts: Parameters<typeof subject>[0],
    deployment: Deployment | undefined,
    state: string,
    condition: string,
  ][] = [
    ['nothing is there yet', {}, undefined, 'Provisioning', 'False Waiting'],
    ['no pod is ready', {}, deployment([2, 2, 0, 0]), 'Provisioning', 'False PodsStarting'],
    ['one of two is ready', {}, deployment([2, 2, 1, 1]), 'Provisioning', 'False PodsStarting'],
    ['all are ready', {}, deployment([2, 2, 2, 2]), 'Ready', 'True ControlPlaneReady'],
    ['all were ready for the template before', {}, deployment([2, 2, 2, 2], 1), 'Provisioning', 'False PodsStarting'],
    ['a rollout of the same version begins', before, deployment([2, 2, 2, 2], 1), 'Ready', 'True ControlPlaneReady'],
    ['old and new pods stand side by side', before, deployment([4, 2, 2, 2]), 'Ready', 'True ControlPlaneReady'],
    ['new pods are ready and old ones go', before, deployment([3, 2, 3, 3]), 'Ready', 'True ControlPlaneReady'],
    ['one pod was lost', before, deployment([2, 2, 1, 1]), 'Ready', 'True ControlPlaneReady'],
    ['every pod was lost', before, deployment([2, 2, 0, 0]), 'NotReady', 'False PodsNotReady'],
    [
      'every pod is still lost',
      { installed: 'v1.35.4', was: 'PodsNotReady' },
      deployment([2, 2, 0, 0]),
      'NotReady',
      'False PodsNotReady',
    ],
    [
      'one of the lost pods is back',
      { installed: 'v1.35.4', was: 'PodsNotReady' },
      deployment([2, 2, 1, 1]),
      'Ready',
      'False PodsStarting',
    ],
    ['old pods went before new ones come', before, deployment([0, 0, 0, 0]), 'NotReady', 'False PodsStarting'],
    ['pods never come on', {}, stalled([2, 2, 0, 0]), 'Provisioning', 'False RolloutStalled'],
    ['new pods never come on beside old ones', before, stalled([4, 2, 2, 2]), 'Ready', 'True ControlPlaneReady'],
    [
      'pods of another version come up',
      { installed: 'v1.34.1', wasReady: true },
      deployment([4, 2, 2, 2]),
      'Upgrading',
      'True ControlPlaneReady',
    ],
    [
      'an upgrade begins that has waited for kubelets',
      { installed: 'v1.34.1', was: 'KubeletsTooOld' },
      deployment([4, 2, 2, 2]),
      'Upgrading',
      'True ControlPlaneReady',
    ],
    [
      'all pods run the other version',
      { installed: 'v1.34.1', wasReady: true },
      deployment([2, 2, 2, 2]),
      'Ready',
      'True ControlPlaneReady',
    ],
    ['no pods are wanted', { ...before, replicas: 0 }, deployment([0, 0, 0, 0]), 'Sleeping', 'False Asleep'],
    [
      'no pods are wanted, and some are left',
      { ...before, replicas: 0 },
      deployment([1, 1, 1, 1]),
      'Sleeping',
      'False Asleep',
    ],
    [
      'writes are limited',
      { ...before, limited: true },
      deployment([2, 2, 2, 2]),
      'WriteLimited',
      'True ControlPlaneReady',
    ],
    [
      'an upgrade under limited writes goes on',
      { installed: 'v1.34.1', wasReady: true, limited: true },
      deployment([4, 2, 2, 2]),
      'Upgrading',
      'True ControlPlaneReady',
    ],
    [
      'it wakes up',
      { installed: 'v1.35.4', was: 'Asleep' },
      deployment([2, 2, 0, 0]),
      'NotReady',
      'False PodsStarting',
    ],
  ];
  for (const [why, parts, present, state, condition] of cases) {
    test(`${state}, ${condition}: ${why}`, () => {
      const tenantControlPlane = subject(parts);
      assert.equal(versionStateOf(tenantControlPlane, rolloutOf(tenantControlPlane, present)), state);
      const { status, reason } = controlPlaneFinding(tenantControlPlane, present, []);
      assert.equal(`${status} ${reason}`, condition);
    });
  }
});

suite('what keeps pods from starting', () => {
  const pod = (status: Pod['status'], metadata: Pod['metadata'] = {}): Pod => ({
    metadata: { name: 'demo-1', ...metadata },
    status: status ?? {},
  });
  const container = (state: object, restartCount = 0) => ({
    name: 'kube-apiserver',
    image: 'registry.k8s.io/kube-apiserver:v1.35.4',
    imageID: '',
    ready: false,
    restartCount,
    ...state,
  });
  const unscheduled = pod({
    conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }],
  });
  const pulling = { state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } };
  const crashed = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1 } } };
  const cases: readonly [why: string, pods: readonly Pod[], reason: string, message: RegExp][] = [
    [
      'the image is not there',
      [pod({ containerStatuses: [container(pulling)] })],
      'ImageUnavailable',
      /kube-apiserver:v1\.35\.4.*not found/u,
    ],
    [
      'nor that of an init container',
      [pod({ initContainerStatuses: [container(pulling)] })],
      'ImageUnavailable',
      /check spec/u,
    ],
    [
      'a container ends again and again',
      [pod({ containerStatuses: [container(crashed, 3)] })],
      'PodsFailing',
      /exit code 1: see kubectl logs demo-1 -c kube-apiserver/u,
    ],
    ['no node has room', [unscheduled], 'PodsUnschedulable', /0\/3 nodes are available/u],
    [
      'a container that runs again after a crash is given its time',
      [pod({ containerStatuses: [container({ state: { running: {} } }, 3)] })],
      'PodsStarting',
      /waiting/u,
    ],
    [
      'what a pod says on its way out is no news of the others',
      [pod({ containerStatuses: [container(crashed, 3)] }, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
      'PodsStarting',
      /waiting/u,
    ],
  ];
  for (const [why, pods, reason, message] of cases) {
    test(`${reason}: ${why}`, () => {
      const finding = controlPlaneFinding(subject(), deployment([2, 2, 0, 0]), pods);
      assert.deepEqual([finding.status, finding.reason], ['False', reason]);
      assert.match(finding.message, message);
    });
  }

  test('is what is said when pods do not come on, or else how long they have not', () => {
    const pods = [pod({ containerStatuses: [container(pulling)] })];
    assert.equal(controlPlaneFinding(subject(), stalled([2, 2, 0, 0]), pods).reason, 'ImageUnavailable');
    assert.match(
      controlPlaneFinding(subject(), stalled([2, 2, 0, 0]), []).message,
      /not come on for 600 s: see kubectl/u,
    );
  });

  test('is said of a control plane that is still served, which stays ready', () => {
    const pods = [pod({ containerStatuses: [container(pulling)] })];
    const finding = controlPlaneFinding(subject({ wasReady: true }), deployment([4, 2, 2, 2]), pods);
    assert.deepEqual([finding.status, finding.reason], ['True', 'ControlPlaneReady']);
    assert.match(finding.message, /cannot be pulled/u);
  });
});
