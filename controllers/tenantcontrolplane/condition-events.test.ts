import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { EventNote } from '#runtime/telemetry/events.ts';
import { recordChanges, recordReissues } from './condition-events.ts';

type Condition = readonly [type: string, status: 'True' | 'False' | 'Unknown', reason: string];

function withConditions(conditions: readonly Condition[]): TenantControlPlane {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  return {
    ...tenant(),
    status: {
      conditions: conditions.map(([type, status, reason]) => ({
        type,
        status,
        reason,
        message: 'why',
        lastTransitionTime,
      })),
    },
  };
}

function recorder(): { readonly notes: EventNote[]; record(regarding: object, note: EventNote): void } {
  const notes: EventNote[] = [];
  return { notes, record: (_regarding, note) => void notes.push(note) };
}

suite('an Event tells of a condition', () => {
  const cases: readonly [
    why: string,
    before: readonly Condition[],
    after: readonly Condition[],
    notes: readonly string[],
  ][] = [
    [
      'that became good',
      [['EndpointReady', 'False', 'WaitingForLoadBalancer']],
      [['EndpointReady', 'True', 'EndpointReady']],
      ['Normal EndpointReady'],
    ],
    [
      'that became bad, as a warning',
      [['DataStoreReady', 'True', 'DataStoreReady']],
      [['DataStoreReady', 'False', 'DataStoreUnreachable']],
      ['Warning DataStoreUnreachable'],
    ],
    [
      'that is bad for another reason',
      [['ControlPlaneReady', 'False', 'PodsStarting']],
      [['ControlPlaneReady', 'False', 'ImageUnavailable']],
      ['Warning ImageUnavailable'],
    ],
    ['that is bad from the start', [], [['CertificatesReady', 'False', 'ForeignObject']], ['Warning ForeignObject']],
    [
      'that a control plane has on its way, which is nothing to worry about',
      [],
      [['ControlPlaneReady', 'False', 'PodsStarting']],
      ['Normal PodsStarting'],
    ],
    ['but not while it stays', [['Ready', 'True', 'Ready']], [['Ready', 'True', 'Ready']], []],
    ['but not of waiting for what comes before', [], [['BootstrapReady', 'False', 'Waiting']], []],
    [
      'but not of what everything starts with',
      [],
      [
        ['WritesLimited', 'False', 'NotLimited'],
        ['Paused', 'False', 'NotPaused'],
        ['Deleting', 'False', 'NotDeleting'],
      ],
      [],
    ],
    [
      'but not of each step of a rollout',
      [['Progressing', 'False', 'Settled']],
      [['Progressing', 'True', 'RollingOut']],
      [],
    ],
    [
      'a rollout that does not come on, whatever is served meanwhile',
      [['Progressing', 'True', 'Upgrading']],
      [['Progressing', 'True', 'Stalled']],
      ['Warning Stalled'],
    ],
    ['limited writes are what was asked for', [], [['WritesLimited', 'True', 'Limited']], ['Normal Limited']],
    [
      'a limit that is not enforced',
      [],
      [['WritesLimited', 'False', 'OwnAuthorizationFlags']],
      ['Warning OwnAuthorizationFlags'],
    ],
    ['the whole is ready', [['Ready', 'False', 'AddonsNotReady']], [['Ready', 'True', 'Ready']], ['Normal Ready']],
    [
      'the whole is not ready any more',
      [['Ready', 'True', 'Ready']],
      [['Ready', 'False', 'DataStoreNotReady']],
      ['Warning DataStoreNotReady'],
    ],
    [
      'but not of the whole while a part says why',
      [['Ready', 'False', 'EndpointNotReady']],
      [['Ready', 'False', 'DataStoreNotReady']],
      [],
    ],
    ['sleep is what was asked for', [['Ready', 'True', 'Ready']], [['Ready', 'False', 'Asleep']], ['Normal Asleep']],
    [
      'but not of each part that sleeps with the pods',
      [],
      [
        ['ControlPlaneReady', 'False', 'Asleep'],
        ['BootstrapReady', 'False', 'Asleep'],
        ['AddonsReady', 'False', 'Asleep'],
      ],
      ['Normal Asleep'],
    ],
    ['a pause that began', [['Paused', 'False', 'NotPaused']], [['Paused', 'True', 'Paused']], ['Normal Paused']],
    ['a deletion that cannot go on', [], [['Deleting', 'True', 'DataStoreMissing']], ['Warning DataStoreMissing']],
    ['a pause that ended', [['Paused', 'True', 'Paused']], [['Paused', 'False', 'NotPaused']], ['Normal NotPaused']],
  ];
  for (const [why, before, after, notes] of cases) {
    test(`${notes.join(', ') || 'none'}: ${why}`, () => {
      const events = recorder();
      recordChanges(withConditions(before), withConditions(after), events);
      assert.deepEqual(
        events.notes.map(({ type, reason }) => `${type} ${reason}`),
        notes,
      );
    });
  }

  test('in its words, and names it', () => {
    const events = recorder();
    recordChanges(withConditions([]), withConditions([['EndpointReady', 'False', 'PortOccupied']]), events);
    assert.equal(events.notes[0]?.note, 'EndpointReady: why');
  });
});

test('an Event tells of every Secret that got other content, and of none that is new', () => {
  const events = recorder();
  const reissued = [
    { secretName: 'demo-ca', reason: 'Missing', message: 'there is none yet' },
    { secretName: 'demo-admin-kubeconfig', reason: 'ServerChanged', message: 'it points elsewhere' },
  ] as const;
  recordReissues(tenant(), [undefined, { reissued }], events);
  assert.deepEqual(
    events.notes.map(({ type, note }) => [type, note]),
    [['Normal', 'Secret demo-admin-kubeconfig has new content: it points elsewhere']],
  );
});
