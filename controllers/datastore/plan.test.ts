import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { PersistentVolumeClaim, Pod, StatefulSet } from '#runtime/client/builtin.ts';
import type { ManagedObjects } from './gather.ts';
import { managedSettings, ungrantedChange } from './managed/settings.ts';
import { etcdStatefulSet, quotaBytes } from './managed/stateful-set.ts';
import { membersFinding, specProblem, storageObstacle } from './plan.ts';

const nothing: ManagedObjects = {
  statefulSet: undefined,
  service: undefined,
  peersService: undefined,
  podDisruptionBudget: undefined,
  networkPolicy: undefined,
  secrets: new Map(),
  pods: [],
  claims: [],
  storageClasses: [],
};

function dataStore(managed: NonNullable<DataStore['spec']['managed']>): DataStore {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name: 'default' },
    spec: { driver: 'etcd', managed },
  };
}

const settingsOf = (managed: NonNullable<DataStore['spec']['managed']>, live?: StatefulSet) =>
  managedSettings(dataStore(managed), 'kamaji-system', live);

suite('the volumes of a managed store', () => {
  const standard = { metadata: { name: 'standard' }, provisioner: 'x' };
  const isDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const cases: readonly [
    reason: string,
    managed: NonNullable<DataStore['spec']['managed']>,
    objects: Partial<ManagedObjects>,
    expected: RegExp | undefined,
  ][] = [
    ['need a StorageClass', {}, {}, /no default StorageClass: mark one/u],
    ['need a default one, and say which there are', {}, { storageClasses: [standard] }, /it has: standard/u],
    [
      'are made of the default one',
      {},
      { storageClasses: [{ ...standard, metadata: { name: 'standard', annotations: isDefault } }] },
      undefined,
    ],
    ['are made of one that is named', { storage: { storageClassName: 'fast' } }, {}, undefined],
    ['are not there on request', { ephemeral: true }, {}, undefined],
    ['may have been left by a store before', {}, { claims: [{}] }, undefined],
    ['are not looked at again once the members exist', {}, { statefulSet: { metadata: {} } }, undefined],
  ];
  for (const [reason, managed, objects, expected] of cases) {
    test(reason, () => {
      const obstacle = storageObstacle(settingsOf(managed), { ...nothing, ...objects });
      if (expected === undefined) assert.equal(obstacle, undefined);
      else assert.match(obstacle?.message ?? '', expected);
    });
  }

  test('leave a quarter of themselves to the log, and no more than eight GiB to the database', () => {
    const of = (storageSize: string, ephemeral = false): number => quotaBytes({ storageSize, ephemeral });
    assert.equal(of('4Gi'), 3 * 2 ** 30);
    assert.equal(of('10Gi'), 7.5 * 2 ** 30);
    assert.equal(of('1Ti'), 8 * 2 ** 30);
    assert.equal(of('2000M'), 1_500_000_000);
    assert.equal(of('10Gi', true), 2 * 2 ** 30);
  });
});

suite('the members of a managed store', () => {
  const set = (readyReplicas: number): Partial<ManagedObjects> => ({
    statefulSet: { status: { replicas: 3, readyReplicas } },
  });
  const pod = (status: Pod['status']): readonly Pod[] => [
    { metadata: { name: 'default-etcd-0' }, ...(status === undefined ? {} : { status }) },
  ];
  const waiting = (reason: string, message = ''): readonly Pod[] =>
    pod({
      containerStatuses: [
        {
          name: 'etcd',
          image: 'etcd',
          imageID: '',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason, message } },
          lastState: { terminated: { exitCode: 2, reason: 'Error' } },
        },
      ],
    });
  const claim = (storageClassName?: string): PersistentVolumeClaim => ({
    metadata: { name: 'data-default-etcd-0' },
    spec: storageClassName === undefined ? {} : { storageClassName },
    status: { phase: 'Pending' },
  });
  const cases: readonly [
    reason: string,
    replicas: number,
    objects: Partial<ManagedObjects>,
    expected: string,
    message: RegExp,
  ][] = [
    ['are waited for', 1, {}, 'WaitingForMembers', /0 of 1/u],
    ['are all there', 3, set(3), 'ManagedReady', /3 of 3/u],
    ['are enough when a majority is there', 3, set(2), 'ManagedReady', /2 of 3/u],
    ['are too few without one', 3, set(1), 'WaitingForMembers', /at least 2/u],
    ['wait for a volume', 1, { claims: [claim()] }, 'WaitingForVolumes', /data-default-etcd-0/u],
    ['wait for a StorageClass that does not exist', 1, { claims: [claim('gone')] }, 'StorageClassNotFound', /gone/u],
    [
      'have no image',
      1,
      { pods: waiting('ImagePullBackOff', 'not found: etcd:9') },
      'ImageUnavailable',
      /not found: etcd:9/u,
    ],
    ['end again and again', 1, { pods: waiting('CrashLoopBackOff') }, 'MembersFailing', /exit code 2/u],
    [
      'have no node',
      1,
      { pods: pod({ conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes: taint' }] }) },
      'WaitingForMembers',
      /has no node: 0\/1 nodes/u,
    ],
    [
      'name what is wrong with the one that is missing',
      3,
      { ...set(2), pods: waiting('CrashLoopBackOff') },
      'ManagedReady',
      /2 of 3 members ready; pod default-etcd-0 ends/u,
    ],
  ];
  for (const [reason, replicas, objects, expected, message] of cases) {
    test(reason, () => {
      const finding = membersFinding(settingsOf({ replicas }), { ...nothing, ...objects });
      assert.equal(finding.reason, expected);
      assert.match(finding.message, message);
    });
  }
});

suite('what a running etcd cannot change', () => {
  const live = etcdStatefulSet(settingsOf({ replicas: 3, storage: { size: '20Gi', storageClassName: 'fast' } }), []);

  test('stays as it is, and is named', () => {
    const changed = { replicas: 1, storage: { size: '30Gi', storageClassName: 'slow' }, image: 'etcd:next' };
    const settings = settingsOf(changed, live);
    assert.equal(settings.replicas, 3);
    assert.equal(settings.storageSize, '20Gi');
    assert.equal(settings.storageClassName, 'fast');
    assert.equal(settings.image, 'etcd:next');
    const said = ungrantedChange(dataStore(changed), settings) ?? '';
    assert.match(said, /replicas stays 3, storage\.size stays 20Gi, storage\.storageClassName stays fast/u);
  });

  test('is not turned into memory', () => {
    const settings = settingsOf({ replicas: 3, ephemeral: true }, live);
    assert.equal(settings.ephemeral, false);
    assert.match(
      ungrantedChange(dataStore({ replicas: 3, ephemeral: true }), settings) ?? '',
      /ephemeral stays false/u,
    );
  });

  test('raises no word when nothing is asked', () => {
    assert.equal(ungrantedChange(dataStore({ replicas: 3 }), settingsOf({ replicas: 3 }, live)), undefined);
  });
});

test('several members without lasting volumes are refused', () => {
  assert.equal(specProblem(dataStore({ replicas: 1, ephemeral: true })), undefined);
  assert.match(specProblem(dataStore({ replicas: 3, ephemeral: true })) ?? '', /replicas 1, not 3/u);
});
